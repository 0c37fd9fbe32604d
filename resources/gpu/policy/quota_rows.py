"""Rows of quotas, checked: the hierarchy that they make, and what is wrong with them."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from resources.gpu.policy.amounts import (
    ANY_DEVICE,
    CPU_MILLI,
    HOST_MEMORY_MIB,
    Resource,
    flavour,
    is_device,
    widest,
)
from resources.gpu.policy.budget import problems_of_budgets
from resources.gpu.policy.quota_model import (
    EVERY_OTHER,
    BadQuota,
    Membership,
    Party,
    QuotaRow,
    QuotaRows,
    Scope,
    cohort,
    project,
)


@dataclass(frozen=True)
class Plan:
    """Rows that agree with each other, and can be looked up."""

    rows: QuotaRows
    resources: tuple[Resource, ...]
    """All that a row speaks of, and besides them any device, cores and main memory."""
    parents: dict[Party, Party | None]
    """Of each cohort and project."""
    weights: dict[Party, float]
    quotas: dict[Party, dict[Resource, QuotaRow]]
    """Those that were written, and those that follow from them."""
    governed: dict[Party, frozenset[Resource]]
    """By the topmost party of a hierarchy: what rows of its cohorts and projects limit. The rest is free."""


def checked(rows: QuotaRows) -> Plan:
    """The plan of ``rows``. Raises :class:`BadQuota` that lists each problem, with the row and its value."""
    problems = sorted(
        {
            *_problems_of_parties(rows),
            *_problems_of_memberships(rows),
            *_problems_of_quotas(rows),
            *problems_of_budgets(rows.budgets),
        }
    )
    if problems:
        raise _bad(problems)
    parents = _parents(rows)
    problems = sorted(_cycles(parents))
    if problems:
        raise _bad(problems)
    governed = _governed(rows, parents)
    problems = sorted({*_problems_of_roots(rows, parents), *_problems_of_sums(rows, parents, governed)})
    if problems:
        raise _bad(problems)
    named = {row.resource for row in rows.quotas} | {ANY_DEVICE, CPU_MILLI, HOST_MEMORY_MIB}
    weights = {one.party: one.weight for one in rows.memberships}
    return Plan(rows, tuple(sorted(named)), parents, weights, _quotas(rows, parents, governed), governed)


def top_of(party: Party, parents: dict[Party, Party | None]) -> Party:
    """The topmost cohort above a cohort or project; itself when it has none."""
    while (above := parents.get(party)) is not None:
        party = above
    return party


def _bad(problems: list[str]) -> BadQuota:
    bad = BadQuota(
        "the quotas do not hold together: " + "; ".join(problems), "Mend these rows; none was changed."
    )
    bad.problems = tuple(problems)
    return bad


def _problems_of_parties(rows: QuotaRows) -> Iterator[str]:
    for party in rows.parties:
        if not party.name or party.user == "":
            yield f"{party} has an empty name"
        if (party.user is not None) != (party.scope is Scope.USER):
            yield f"{party} names the user {party.user!r}; a user is named for the scope user, and only there"
        if party.scope is Scope.COHORT and party.name == EVERY_OTHER:
            yield f"{party}: {EVERY_OTHER} stands for every other project or user, not for cohorts"


def _problems_of_memberships(rows: QuotaRows) -> Iterator[str]:
    counts = Counter(one.party for one in rows.memberships)
    yield from (
        f"{party} has {count} memberships; expected one" for party, count in counts.items() if count > 1
    )
    known = _cohorts(rows)
    for one in rows.memberships:
        if not math.isfinite(one.weight) or one.weight < 0:
            yield f"{one.party} has the weight {one.weight}; expected 0 or a positive number"
        if one.parent is None:
            continue
        if one.party.scope is Scope.USER:
            yield f"{one.party} is put into cohort {one.parent}; a user belongs to its project"
        elif cohort(one.parent) not in known:
            yield f"{one.party} is put into cohort {one.parent}, which no row describes"


def _problems_of_quotas(rows: QuotaRows) -> Iterator[str]:
    counts = Counter((row.party, row.resource) for row in rows.quotas)
    for (party, resource), count in counts.items():
        if count > 1:
            yield f"{party} has {count} rows for {resource}; expected one"
    for row in rows.quotas:
        where = f"the row of {row.party} for {row.resource}"
        if is_device(row.resource) and (row.resource or " ") not in {ANY_DEVICE, flavour(row.resource)}:
            yield f"{where} names no resource; expected {flavour(row.resource) or ANY_DEVICE}"
        for name, value in _numbers(row):
            if value is not None and value < 0:
                yield f"{where} has the {name} {value}; expected 0 or more"
        if row.party.scope is Scope.USER and row.lending_limit is not None:
            yield f"{where} has the lending limit {row.lending_limit}; a user lends all to its project"
        if (
            row.party.scope is Scope.PROJECT
            and row.lending_limit is not None
            and row.lending_limit > max(0, row.nominal)
        ):
            yield f"{where} has the lending limit {row.lending_limit}, more than its nominal {row.nominal}"
        if EVERY_OTHER in {row.party.name, row.party.user} and row.nominal:
            yield f"{where} has the nominal {row.nominal}; nothing can be owed to parties of unknown number"


def _numbers(row: QuotaRow) -> Iterator[tuple[str, int | None]]:
    yield "nominal", row.nominal
    yield "borrowing limit", row.borrowing_limit
    yield "lending limit", row.lending_limit


def _cohorts(rows: QuotaRows) -> set[Party]:
    return {party for party in rows.parties if party.scope is Scope.COHORT}


def _parents(rows: QuotaRows) -> dict[Party, Party | None]:
    parents: dict[Party, Party | None] = {}
    for one in (*rows.memberships, *map(Membership, rows.parties)):
        party = project(one.party.name) if one.party.scope is Scope.USER else one.party
        above = None if one.parent is None or one.party.scope is Scope.USER else cohort(one.parent)
        parents[party] = above or parents.get(party)
    return parents


def _cycles(parents: dict[Party, Party | None]) -> Iterator[str]:
    for party, above in parents.items():
        seen, at = [party], above
        while at is not None and at not in seen:
            seen.append(at)
            at = parents.get(at)
        if at == party:
            yield f"{party} is in itself: {' in '.join(one.name for one in [*seen, party])}"


def _governed(rows: QuotaRows, parents: dict[Party, Party | None]) -> dict[Party, frozenset[Resource]]:
    found: dict[Party, set[Resource]] = defaultdict(set)
    for row in rows.quotas:
        if row.party.scope is not Scope.USER:
            found[top_of(row.party, parents)].add(row.resource)
    return {party: frozenset(resources) for party, resources in found.items()}


def _problems_of_roots(rows: QuotaRows, parents: dict[Party, Party | None]) -> Iterator[str]:
    for row in rows.quotas:
        if row.party.scope is Scope.USER or parents[row.party] is not None:
            continue
        for name, value in _numbers(row):
            if name != "nominal" and value is not None:
                yield f"the row of {row.party} for {row.resource} has the {name} {value}, but is in no cohort"


def _problems_of_sums(
    rows: QuotaRows, parents: dict[Party, Party | None], governed: dict[Party, frozenset[Resource]]
) -> Iterator[str]:
    """What users of a project are owed is part of what it is owed; a cohort adds to its members instead."""
    quotas = _quotas(rows, parents, governed)
    sums: dict[tuple[Party, Resource], int] = defaultdict(int)
    for row in rows.quotas:
        if row.party.scope is Scope.USER:
            sums[project(row.party.name), row.resource] += row.nominal
    for (party, resource), total in sums.items():
        if resource not in governed.get(top_of(party, parents), frozenset()):
            continue
        nominal = quotas[party][resource].nominal if resource in quotas.get(party, {}) else 0
        if total > nominal:
            yield f"the users of {party} are owed {total} of {resource}, more than its nominal {nominal}"


def _quotas(
    rows: QuotaRows, parents: dict[Party, Party | None], governed: dict[Party, frozenset[Resource]]
) -> dict[Party, dict[Resource, QuotaRow]]:
    quotas: dict[Party, dict[Resource, QuotaRow]] = defaultdict(dict)
    for row in rows.quotas:
        quotas[row.party][row.resource] = row
    for party, own in quotas.items():
        if party.scope is Scope.USER or ANY_DEVICE in own:
            continue
        if ANY_DEVICE in governed[top_of(party, parents)]:
            follows = _any_device(party, own)
            if follows is not None:
                own[ANY_DEVICE] = follows
    return dict(quotas)


def _any_device(party: Party, own: dict[Resource, QuotaRow]) -> QuotaRow | None:
    """The row for any device of a party that has rows for some models only: their sum.

    Without it, V100s that a project is owed would have to be borrowed from those with a row for any device.
    """
    parts = [own[one] for one in widest(one for one in own if is_device(one))]
    if not parts:
        return None
    whole = QuotaRow(party, ANY_DEVICE, sum(row.nominal for row in parts))
    if all(row.lending_limit is None for row in parts):
        return whole
    kept = sum(row.nominal - row.lending_limit for row in parts if row.lending_limit is not None)
    return replace(whole, lending_limit=max(0, whole.nominal - kept))
