"""Quotas as people write them in YAML, and back: ``docs/gpu-policy.md`` shows the form.

Amounts of devices and cores are numbers of whole ones with at most three decimals, main memory is an amount
with its unit, such as ``64G``.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import yaml

from resources.gpu.policy.amounts import (
    ANY_DEVICE,
    CPU_MILLI,
    HOST_MEMORY_MIB,
    WHOLE_DEVICE_MILLI,
    Resource,
    flavour,
)
from resources.gpu.policy.quota_model import (
    BadQuota,
    BudgetRow,
    Membership,
    Party,
    Period,
    PeriodKind,
    QuotaRow,
    QuotaRows,
    Scope,
    cohort,
    project,
    user,
)
from resources.gpu.requests.quantity import UNITS_MIB

CPUS, MEMORY = "cpus", "memory"
_TOP = ("cohorts", "projects")
_COHORT = ("cohort", "weight", "quotas", "budget")
_PROJECT = (*_COHORT, "users")
_USER = ("weight", "quotas", "budget")
_LIMITS = ("nominal", "borrowing_limit", "lending_limit")
_BUDGET = ("gpu_hours", "first_day", "zone")
_MONTH = "month"
_MOST = 10**9
"""Whole devices or cores: far more than anybody has, and well within what the database holds."""
_MOST_MIB = 10**12
MOST_NAME = 100
_MIB_PER_GIB = 1024
_NEXT = "Mend it; nothing was changed. docs/gpu-policy.md shows the form."


def read_quotas(text: str, name: str) -> QuotaRows:
    """The rows that ``text`` describes, in the order of :func:`completed`.

    Raises :class:`BadQuota`, which gives ``name``, line, key, value and what was expected. A text without a
    word is refused too: it is what a command that failed leaves in a pipe. Whether the rows hold together is
    for the tree to say.
    """
    top = _parsed(text, name)
    if top is None:
        raise BadQuota(
            f"{name} says nothing; expected cohorts or projects",
            "Nothing was changed. Write {} to take all quotas away.",
        )
    memberships: list[Membership] = []
    quotas: list[QuotaRow] = []
    budgets: list[BudgetRow] = []
    for one in _parties(top):
        memberships.append(one.membership)
        quotas += one.quotas
        budgets += one.budgets
    return completed(QuotaRows(tuple(memberships), tuple(quotas), tuple(budgets)))


def write_quotas(rows: QuotaRows) -> str:
    """The text from which :func:`read_quotas` makes the same rows."""
    whole = completed(rows)
    own: dict[Party, dict[str, Any]] = defaultdict(dict)
    for row in whole.quotas:
        own[row.party][key_of(row.resource)] = _limits(row)
    budgets: dict[Party, list[BudgetRow]] = defaultdict(list)
    for budget in whole.budgets:
        budgets[budget.party].append(budget)
    document: dict[str, dict[str, Any]] = {}
    for one in whole.memberships:
        entry = _entry(one, own[one.party])
        if budgets[one.party]:
            entry["budget"] = _budget_entry(budgets[one.party])
        party = one.party
        if party.scope is Scope.USER:
            above = document["projects"][party.name]
            above.setdefault("users", {})[party.user] = entry
        else:
            document.setdefault(f"{party.scope}s", {})[party.name] = entry
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110))


def completed(rows: QuotaRows) -> QuotaRows:
    """The same quotas with a membership for each party that is named, sorted: cohorts, projects, users."""
    found = {one.party: one for one in rows.memberships}
    for party in rows.parties:
        found.setdefault(party, Membership(party))
        if party.scope is Scope.USER:
            found.setdefault(project(party.name), Membership(project(party.name)))
    memberships = sorted(found.values(), key=lambda one: _place(one.party))
    quotas = sorted(rows.quotas, key=lambda row: (_place(row.party), row.resource))
    budgets = sorted(rows.budgets, key=lambda row: (_place(row.party), row.period.kind, row.period.days))
    return QuotaRows(tuple(memberships), tuple(quotas), tuple(budgets))


def human(resource: Resource, amount: int) -> str | int | float:
    """An amount as the file has it: a number of devices or cores, or ``64G``."""
    if resource != HOST_MEMORY_MIB:
        return _number(amount / WHOLE_DEVICE_MILLI)
    whole, rest = divmod(amount, _MIB_PER_GIB)
    return f"{amount}M" if rest or not whole else f"{whole}G"


def amount(resource: Resource, value: object) -> int:
    """An amount of the file in the unit of the resource. Raises ValueError, which says what was expected."""
    if resource == HOST_MEMORY_MIB:
        return _memory_mib(value)
    expected = f"a number of {'cores' if resource == CPU_MILLI else 'devices'}, 0 or more, such as 4 or 2.5"
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    exact = Decimal(str(value)) if is_number else None
    if exact is None:
        raise ValueError(expected)
    if not exact.is_finite() or not 0 <= exact <= _MOST or (exact * WHOLE_DEVICE_MILLI) % 1:
        raise ValueError(f"{expected}, at most {_MOST}, with at most three decimals")
    return int(exact * WHOLE_DEVICE_MILLI)


def resource_named(name: str) -> Resource:
    """The resource that the file calls so. Raises ValueError, which says what was expected."""
    if name == CPUS:
        return CPU_MILLI
    if name == MEMORY:
        return HOST_MEMORY_MIB
    resource = ANY_DEVICE if name == ANY_DEVICE else flavour(name)
    if not resource or len(resource) > MOST_NAME:
        raise ValueError(f"{CPUS}, {MEMORY}, a model such as V100, or {ANY_DEVICE!r} for any device")
    return resource


def key_of(resource: Resource) -> str:
    """The name of a resource in the file."""
    return {CPU_MILLI: CPUS, HOST_MEMORY_MIB: MEMORY}.get(resource, str(resource))


@dataclass(frozen=True)
class _At:
    """A value of the file, and where it stands."""

    name: str
    path: str
    line: int
    value: Any
    """A text, a number, None, a list, or a mapping of :class:`_At`."""

    def wrong(self, expected: str) -> BadQuota:
        what = self.path or "the file"
        told = "a mapping" if isinstance(self.value, dict) else repr(self.value)
        return BadQuota(f"{self.name}:{self.line}: {what} is {told}; expected {expected}", _NEXT)

    def mapping(self, keys: tuple[str, ...] | None, expected: str) -> Mapping[str, "_At"]:
        """Its entries; those of an empty value are none. ``keys`` are the known ones, None for any name."""
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            raise self.wrong(expected)
        for key, one in self.value.items():
            if keys is not None and key not in keys:
                known = ", ".join(keys)
                raise BadQuota(
                    f"{self.name}:{one.line}: {one.path} is not a known key; expected one of {known}", _NEXT
                )
        found: Mapping[str, _At] = self.value
        return found


@dataclass(frozen=True)
class _Described:
    membership: Membership
    quotas: tuple[QuotaRow, ...]
    budgets: tuple[BudgetRow, ...]


_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_NOT_DECIMAL = re.compile(r"[-+]?0[0-9a-zA-Z_]|.*:")


def _parsed(text: str, name: str) -> _At | None:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return None if node is None else _located(node, name, "")
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise BadQuota(f"{name}:{line}: this is not YAML: {problem.problem}", _NEXT) from problem
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        raise BadQuota(f"{name} is not YAML: {' '.join(str(problem).split())}", _NEXT) from problem


def _located(node: Any, name: str, path: str) -> _At:
    line = node.start_mark.line + 1
    if node.tag in _NUMBERS and _NOT_DECIMAL.match(node.value):
        return _At(name, path, line, node.value)  # 010 is 8 to YAML, and 1:30 is 90: no number to people
    if not isinstance(node, yaml.MappingNode):
        return _At(name, path, line, yaml.SafeLoader("").construct_object(node, deep=True))
    entries: dict[str, _At] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        place = f"{path}.{key}" if path else key
        if key in entries:
            first = entries[key].line
            raise BadQuota(
                f"{name}:{key_node.start_mark.line + 1}: {place} stands twice, first in line {first}; "
                "expected each key once",
                _NEXT,
            )
        entries[key] = _located(value_node, name, place)
    return _At(name, path, line, entries)


def _parties(top: _At) -> Iterator[_Described]:
    parts = top.mapping(_TOP, "a mapping with the keys cohorts and projects")
    if "cohorts" in parts:
        for name, one in parts["cohorts"].mapping(None, "a mapping from names to cohorts").items():
            yield _described(cohort(_name(name, one)), one, _COHORT)
    if "projects" in parts:
        for name, one in parts["projects"].mapping(None, "a mapping from names to projects").items():
            yield _described(project(_name(name, one)), one, _PROJECT)
            inside = one.mapping(_PROJECT, f"a mapping with some of the keys {', '.join(_PROJECT)}")
            users = (
                inside["users"].mapping(None, "a mapping from names to users") if "users" in inside else {}
            )
            for who, entry in users.items():
                yield _described(user(name, _name(who, entry)), entry, _USER)


def _described(party: Party, at: _At, keys: tuple[str, ...]) -> _Described:
    parts = at.mapping(keys, f"a mapping with some of the keys {', '.join(keys)}")
    above = _text(parts["cohort"]) if "cohort" in parts else None
    weight = _weight(parts["weight"]) if "weight" in parts else 1.0
    quotas: list[QuotaRow] = []
    if "quotas" in parts:
        for name, one in parts["quotas"].mapping(None, "a mapping from resources to amounts").items():
            row = _row(party, _resource(name, one), one)
            if any(other.resource == row.resource for other in quotas):
                raise BadQuota(
                    f"{one.name}:{one.line}: {one.path} names {row.resource} a second time; expected each "
                    "resource once",
                    _NEXT,
                )
            quotas.append(row)
    budgets = tuple(_budgets(party, parts["budget"])) if "budget" in parts else ()
    return _Described(Membership(party, above, weight), tuple(quotas), budgets)


def _budgets(party: Party, at: _At) -> Iterator[BudgetRow]:
    """A number of GPU-hours for each month, or budgets by their periods: ``month``, ``7 days``."""
    if at.value is not None and not isinstance(at.value, dict):
        yield BudgetRow(party, _hours(at))
        return
    for name, one in at.mapping(None, "GPU-hours for each month, or a mapping from periods to them").items():
        days = re.fullmatch(r"([1-9][0-9]{0,3}) days?", name)
        if days is not None:
            yield BudgetRow(party, _hours(one), Period(PeriodKind.ROLLING, days=int(days[1])))
        elif name == _MONTH:
            yield _month(party, one)
        else:
            raise BadQuota(
                f"{one.name}:{one.line}: {one.path} names no period; expected {_MONTH}, or such as 7 days",
                _NEXT,
            )


def _month(party: Party, at: _At) -> BudgetRow:
    if not isinstance(at.value, dict):
        return BudgetRow(party, _hours(at))
    parts = at.mapping(_BUDGET, "GPU-hours, or a mapping with some of the keys " + ", ".join(_BUDGET))
    if "gpu_hours" not in parts:
        raise at.wrong("the key gpu_hours in it")
    first_day, zone = parts.get("first_day"), parts.get("zone")
    try:
        period = Period(
            first_day=1 if first_day is None else _day(first_day), zone="UTC" if zone is None else _zone(zone)
        )
    except BadQuota as problem:
        raise BadQuota(f"{at.name}:{at.line}: {at.path}: {problem.problem}", _NEXT) from problem
    return BudgetRow(party, _hours(parts["gpu_hours"]), period)


def _hours(at: _At) -> float:
    expected = "a number of GPU-hours, 0 or more, such as 500 or 7.5"
    if isinstance(at.value, bool) or not isinstance(at.value, int | float):
        raise at.wrong(expected)
    if not 0 <= at.value <= _MOST:
        raise at.wrong(f"{expected}, at most {_MOST}")
    return float(at.value)


def _day(at: _At) -> int:
    if isinstance(at.value, bool) or not isinstance(at.value, int):
        raise at.wrong("a day of the month, 1 to 28")
    return at.value


def _zone(at: _At) -> str:
    if not isinstance(at.value, str):
        raise at.wrong("a time zone such as Europe/Berlin")
    return at.value


def _row(party: Party, resource: Resource, at: _At) -> QuotaRow:
    if not isinstance(at.value, dict):
        return QuotaRow(party, resource, _amount(resource, at))
    parts = at.mapping(_LIMITS, "an amount, or a mapping with some of the keys " + ", ".join(_LIMITS))
    told = {key: _amount(resource, one) for key, one in parts.items() if one.value is not None}
    return QuotaRow(
        party, resource, told.get("nominal", 0), told.get("borrowing_limit"), told.get("lending_limit")
    )


def _amount(resource: Resource, at: _At) -> int:
    try:
        return amount(resource, at.value)
    except ValueError as problem:
        raise at.wrong(str(problem)) from problem


def _memory_mib(value: object) -> int:
    expected = "a whole amount of memory with its unit, such as 64G or 512M"
    found = re.fullmatch(r"([0-9]{1,13})\s?([A-Za-z]{1,3})", value) if isinstance(value, str) else None
    if found is None or found[2].lower() not in UNITS_MIB:
        raise ValueError(expected)
    mib = int(found[1]) * UNITS_MIB[found[2].lower()]
    if mib > _MOST_MIB:
        raise ValueError(f"{expected}, at most {_MOST_MIB}M")
    return mib


def _weight(at: _At) -> float:
    if isinstance(at.value, bool) or not isinstance(at.value, int | float):
        raise at.wrong("a number, 0 or more")
    weight = Decimal(str(at.value))
    if not weight.is_finite() or not 0 <= weight <= _MOST:
        raise at.wrong(f"a number from 0 to {_MOST}")
    return float(weight)


def _resource(name: str, at: _At) -> Resource:
    try:
        return resource_named(name)
    except ValueError as problem:
        raise BadQuota(
            f"{at.name}:{at.line}: {at.path} names no resource; expected {problem}", _NEXT
        ) from problem


def _name(name: str, at: _At) -> str:
    if not name.strip() or len(name) > MOST_NAME:
        raise BadQuota(
            f"{at.name}:{at.line}: the name {name!r} in {at.path}; expected 1 to {MOST_NAME} characters",
            _NEXT,
        )
    return name


def _text(at: _At) -> str | None:
    if at.value is not None and not isinstance(at.value, str):
        raise at.wrong("the name of a cohort; put a name of digits between quotes")
    return at.value


def _entry(one: Membership, quotas: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if one.parent is not None:
        entry["cohort"] = one.parent
    if one.weight != 1:
        entry["weight"] = _number(one.weight)
    if quotas:
        entry["quotas"] = quotas
    return entry


def _budget_entry(budgets: list[BudgetRow]) -> Any:
    if len(budgets) == 1 and budgets[0].period == Period():
        return _number(budgets[0].gpu_hours)
    return {one.period.key: _budget_value(one) for one in budgets}


def _budget_value(one: BudgetRow) -> Any:
    hours, usual = _number(one.gpu_hours), Period()
    if one.period.kind is PeriodKind.ROLLING or one.period == usual:
        return hours
    told: dict[str, Any] = {"gpu_hours": hours}
    if one.period.first_day != usual.first_day:
        told["first_day"] = one.period.first_day
    if one.period.zone != usual.zone:
        told["zone"] = one.period.zone
    return told


def _limits(row: QuotaRow) -> dict[str, Any]:
    told = {
        "nominal": row.nominal,
        "borrowing_limit": row.borrowing_limit,
        "lending_limit": row.lending_limit,
    }
    return {key: human(row.resource, value) for key, value in told.items() if value is not None}


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _place(party: Party) -> tuple[int, str, str]:
    return (Scope.COHORT, Scope.PROJECT, Scope.USER).index(party.scope), party.name, party.user or ""
