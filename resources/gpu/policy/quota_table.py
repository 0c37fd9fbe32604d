"""Quotas as the rows of a table that people edit, and back. A bad row is named, and what is wrong in it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from resources.gpu.policy.amounts import HOST_MEMORY_MIB, Resource
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_file import MOST_NAME, amount, completed, human, key_of, resource_named
from resources.gpu.policy.quota_model import BadQuota, Membership, Party, QuotaRow, QuotaRows, Scope


@dataclass(frozen=True)
class TableRow:
    """One row, as it was typed; empty for a cell that says nothing."""

    scope: str = ""
    """``cohort``, ``project`` or ``user``."""
    name: str = ""
    """Of the cohort or project."""
    user: str = ""
    cohort: str = ""
    """The cohort that it is in."""
    weight: str = ""
    resource: str = ""
    """As the file names it: a model, ``*``, ``cpus`` or ``memory``; empty: no quota, only a membership."""
    nominal: str = ""
    borrowing_limit: str = ""
    lending_limit: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing at all."""
        return self == TableRow()


@dataclass(frozen=True)
class RowProblem:
    """What is wrong in one row."""

    row: int
    """From 0."""
    problem: str


class BadTable(BadQuota):
    """Rows that are no quotas."""

    def __init__(self, problems: Sequence[RowProblem], rest: Sequence[str] = ()) -> None:
        told = [f"row {one.row + 1}: {one.problem}" for one in problems]
        super().__init__("; ".join([*told, *rest]), "Mend these rows; nothing was changed.")
        self.at_rows = tuple(problems)
        self.rest = tuple(rest)
        """What is wrong with no row in particular."""


def table_of(rows: QuotaRows) -> tuple[TableRow, ...]:
    """The table that :func:`rows_of` reads as the same quotas."""
    whole = completed(rows)
    found: list[TableRow] = []
    for one in whole.memberships:
        head = TableRow(
            one.party.scope, one.party.name, one.party.user or "", one.parent or "", f"{one.weight:g}"
        )
        own = [row for row in whole.quotas if row.party == one.party]
        found += [_with_amounts(head, row) for row in own] or [head]
    return tuple(found)


def rows_of(table: Sequence[TableRow], keep: QuotaRows | None = None) -> QuotaRows:
    """The quotas that a table says, and of ``keep`` what a table does not say.

    Raises :class:`BadTable`, which has every problem with its row.
    """
    problems: list[RowProblem] = []
    memberships: dict[Party, Membership] = {}
    quotas: list[QuotaRow] = []
    where: dict[int, Party] = {}
    for number, row in enumerate(table):
        if row.is_empty:
            continue
        try:
            membership, quota = _read(row)
            known = memberships.setdefault(membership.party, membership)
            if known != membership:
                raise ValueError(f"another row of {membership.party} says another cohort or weight")
        except ValueError as problem:
            problems.append(RowProblem(number, str(problem)))
            continue
        where[number] = membership.party
        quotas += [] if quota is None else [quota]
    if problems:
        raise BadTable(problems)
    told = replace(keep or QuotaRows(), memberships=tuple(memberships.values()), quotas=tuple(quotas))
    rows = completed(told)
    try:
        QuotaTree(rows)
    except BadQuota as problem:
        raise _by_row(problem, where) from problem
    return rows


def _with_amounts(head: TableRow, row: QuotaRow) -> TableRow:
    limits = (row.nominal, row.borrowing_limit, row.lending_limit)
    told = ["" if value is None else str(human(row.resource, value)) for value in limits]
    return TableRow(head.scope, head.name, head.user, head.cohort, head.weight, key_of(row.resource), *told)


def _read(row: TableRow) -> tuple[Membership, QuotaRow | None]:
    party = _party(row)
    try:
        weight = float(row.weight or 1)
    except ValueError:
        raise ValueError(f"the weight is {row.weight!r}; expected a number, 0 or more") from None
    membership = Membership(party, row.cohort or None, weight)
    if not row.resource:
        if row.nominal or row.borrowing_limit or row.lending_limit:
            raise ValueError(
                "it has amounts and no resource; expected a model such as V100, *, cpus or memory"
            )
        return membership, None
    try:
        resource = resource_named(row.resource)
    except ValueError as problem:
        raise ValueError(f"the resource is {row.resource!r}; expected {problem}") from None
    nominal = _amount(resource, "nominal", row.nominal)
    borrowing = _amount(resource, "borrowing limit", row.borrowing_limit)
    lending = _amount(resource, "lending limit", row.lending_limit)
    return membership, QuotaRow(party, resource, nominal or 0, borrowing, lending)


def _party(row: TableRow) -> Party:
    if row.scope not in set(Scope):
        raise ValueError(f"the scope is {row.scope!r}; expected one of {', '.join(Scope)}")
    scope = Scope(row.scope)
    for what, name in (("name", row.name), ("user", row.user), ("cohort", row.cohort)):
        if len(name) > MOST_NAME:
            raise ValueError(f"the {what} has {len(name)} characters; expected at most {MOST_NAME}")
    if not row.name.strip():
        raise ValueError(
            f"it has no name; expected that of the {'project' if scope is Scope.USER else scope}"
        )
    if (scope is Scope.USER) != bool(row.user.strip()):
        raise ValueError(f"the user is {row.user!r}; expected one for the scope user, and only there")
    if scope is Scope.USER and row.cohort:
        raise ValueError(f"the cohort is {row.cohort!r}; expected none: a user belongs to its project")
    return Party(scope, row.name, row.user or None)


def _amount(resource: Resource, what: str, text: str) -> int | None:
    if not text:
        return None
    try:
        return amount(resource, text if resource == HOST_MEMORY_MIB else Decimal(text))
    except (ValueError, InvalidOperation) as problem:
        expected = problem if isinstance(problem, ValueError) else _expected(resource)
        raise ValueError(f"the {what} is {text!r}; expected {expected}") from None


def _expected(resource: Resource) -> str:
    try:
        amount(resource, None)
    except ValueError as problem:
        return str(problem)
    return ""


def _by_row(problem: BadQuota, where: dict[int, Party]) -> BadTable:
    """Problems of all rows together, each at the rows of the party that it names."""
    at_rows: list[RowProblem] = []
    rest: list[str] = []
    for told in problem.problems or (problem.problem,):
        # The longest name that it begins with or mentions: "user ann of project vision" names a project too.
        named = [party for party in set(where.values()) if f"{party} " in f"{told} " or f"{party}:" in told]
        most = max(named, key=lambda party: len(str(party)), default=None)
        numbers = [number for number, party in where.items() if party == most]
        at_rows += [RowProblem(number, told) for number in numbers]
        rest += [] if numbers else [told]
    return BadTable(sorted(at_rows, key=lambda one: one.row), rest)
