"""The accounts of a hierarchy of quotas: what is owed, what is used, and what of it counts above."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from resources.gpu.policy.amounts import Resource
from resources.gpu.policy.quota_model import FitKind, Loan, Party, QuotaRow, Scope

_UNBOUNDED = 1 << 60
"""More than any machine has; what no row limits. Sums of it stay recognisable."""


@dataclass(slots=True)
class Cell:
    """The account of one party for one resource, in the unit of the resource."""

    own: int = 0
    subtree: int = 0
    """What it is owed: its own and what its members can lend."""
    local: int = 0
    """The part of it that its parent never sees."""
    borrowing_limit: int | None = None
    lending_limit: int | None = None
    ceiling: int | None = None
    """What ``used`` may reach by its own rows alone; None for any amount."""
    used: int = 0
    total: int = 0

    @property
    def unused(self) -> int:
        """What its parent may give to others now."""
        return max(0, self.subtree - max(self.used, self.local))

    def passed_up(self, used: int) -> int:
        """The part of ``used`` that counts against the parent."""
        return max(0, used - self.local)


@dataclass(eq=False)
class Node:
    """One party in the hierarchy."""

    party: Party
    parent: "Node | None"
    weight: float
    governed: frozenset[Resource]
    cells: dict[Resource, Cell]
    children: "dict[Party, Node]" = field(default_factory=dict)
    above: dict[Resource, set[Party]] = field(default_factory=lambda: defaultdict(set))
    """By resource: the children that use more than they are owed."""
    potentials: dict[Resource, int] = field(default_factory=dict)

    def is_governed(self, resource: Resource) -> bool:
        """Whether a row of a cohort or project in this hierarchy speaks of ``resource``."""
        return resource in self.governed

    def change(self, resource: Resource, amount: int) -> None:
        """Count a change of use here, and the part of it that counts above."""
        node: Node | None = self
        passed = amount
        while node is not None:
            cell = node.cells[resource]
            before = cell.passed_up(cell.used)
            cell.used += passed
            cell.total += amount
            passed = cell.passed_up(cell.used) - before
            if node.parent is not None:
                if cell.used > cell.subtree:
                    node.parent.above[resource].add(node.party)
                else:
                    node.parent.above[resource].discard(node.party)
            node = node.parent

    def available(self, resource: Resource) -> int:
        """What more would fit here; below 0 where more is used than may be."""
        cell = self.cells[resource]
        if self.parent is None:
            return cell.subtree - cell.used
        most = max(0, cell.local - cell.used) + max(0, self.parent.available(resource))
        return most if cell.ceiling is None else min(most, cell.ceiling - cell.used)

    def potential(self, resource: Resource) -> int:
        """What would fit here if nothing were used."""
        known = self.potentials.get(resource)
        if known is None:
            cell = self.cells[resource]
            known = cell.subtree
            if self.parent is not None:
                known = cell.local + self.parent.potential(resource)
                known = known if cell.ceiling is None else min(known, cell.ceiling)
            self.potentials[resource] = known
        return known


class Step:
    """One resource of a request on its way from the user up to the topmost cohort."""

    def __init__(self, resource: Resource, asked: int, path: list[Node]) -> None:
        self.resource, self.asked, self.path = resource, asked, path
        self.blocked: list[int] = []
        """Where in the path it passes a limit."""
        self.first_entitled = len(path)
        """The lowest place in the path that is owed what would count there."""
        self.is_limited = path[0].is_governed(resource)
        project_loan, lender = 0, None
        more = asked
        for at, node in enumerate(path):
            cell = node.cells[resource]
            after = cell.used + more
            self.is_limited |= cell.ceiling is not None
            if cell.ceiling is not None and after > cell.ceiling:
                self.blocked.append(at)
            if after <= cell.subtree and node.is_governed(resource):
                self.first_entitled = min(self.first_entitled, at)
                lender = lender or (node.party if node.party.scope is Scope.COHORT else None)
            if node.party.scope is Scope.PROJECT and node.is_governed(resource):
                project_loan = max(0, after - cell.subtree) - max(0, cell.used - cell.subtree)
            more = cell.passed_up(after) - cell.passed_up(cell.used)
            if more == 0:
                break
        self.loan = Loan(resource, project_loan, lender) if project_loan > 0 and lender is not None else None

    @property
    def last_blocked(self) -> int:
        """The highest place where it passes a limit."""
        return self.blocked[-1]

    @property
    def reclaims(self) -> bool:
        """Whether somebody below the first limit is owed this: what others borrowed is in the way."""
        return bool(self.blocked) and self.first_entitled < self.blocked[0]

    @property
    def kind(self) -> FitKind:
        """What kind of limit the lowest is that it passes."""
        node = self.path[self.blocked[0]]
        is_pool = node.party.scope is Scope.COHORT and node.parent is None
        return FitKind.EXHAUSTED if is_pool else FitKind.OVER_LIMIT


def apply_row(cell: Cell, row: QuotaRow | None, node: Node, resource: Resource) -> None:
    """Put a row into an cell; the part that depends on children follows in :func:`sum_up`."""
    if row is not None:
        cell.own = cell.subtree = row.nominal
        cell.borrowing_limit, cell.lending_limit = row.borrowing_limit, row.lending_limit
    if node.parent is None and not node.is_governed(resource):
        cell.own = cell.subtree = _UNBOUNDED
    _limit(cell, node, resource)


def sum_up(node: Node) -> None:
    """Work out, from below, what each party in ``node`` is owed."""
    for child in node.children.values():
        sum_up(child)
    for resource, cell in node.cells.items():
        lent = sum(one.cells[resource].subtree - one.cells[resource].local for one in node.children.values())
        if node.party.scope is Scope.PROJECT:
            cell.own = max(0, cell.subtree - lent)
        else:
            cell.subtree = cell.own + lent
        _limit(cell, node, resource)


def _limit(cell: Cell, node: Node, resource: Resource) -> None:
    if cell.lending_limit is not None and node.party.scope is not Scope.USER:
        cell.local = max(0, cell.subtree - cell.lending_limit)
    if node.parent is None:
        cell.ceiling = cell.subtree if node.is_governed(resource) else None
    elif cell.borrowing_limit is not None:
        cell.ceiling = cell.subtree + cell.borrowing_limit


def parties_above(node: Node, resource: Resource) -> Iterator[Node]:
    """The projects in ``node`` that use more than they are owed; itself when it is a project or user."""
    if node.party.scope is not Scope.COHORT:
        if node.cells[resource].used > node.cells[resource].subtree:
            yield node
        return
    for party in sorted(node.above[resource], key=lambda one: one.path):
        yield from parties_above(node.children[party], resource)


def everyone_in(node: Node) -> Iterator[Node]:
    """``node`` and all in it, parents first, each by name."""
    yield node
    for child in sorted(node.children.values(), key=by_path):
        yield from everyone_in(child)


def by_path(node: Node) -> str:
    """The key by which nodes are listed."""
    return node.party.path


def bounded(amount: int) -> int | None:
    """``amount``; None where it is what nothing limits."""
    return None if amount >= _UNBOUNDED // 2 else amount
