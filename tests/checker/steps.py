"""The laws of what one step may change in the ledger's tables, read by plain SQL before it and after it."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from tests.checker.tables import Row, only_added_to, time_of

Tables = Mapping[str, list[Row]]
Key = tuple[str, int]
AHEAD = timedelta(days=1)
"""So long before a reservation nothing begins on its devices that has declared no end."""
KEPT = "A4"
ANY_DEVICE = ("project", "*")
"""Scope and resource of a quota."""
REQUEST_GOES = {
    "waiting": {"waiting", "granted", "ended"},
    "granted": {"granted", "ended"},
    "ended": {"ended"},
}
LEASE_GOES = {
    "granted": {"granted", "claimed", "released"},
    "claimed": {"claimed", "released"},
    "released": {"released"},
}


def broken_step(before: Tables, after: Tables, node_of: Mapping[str, str]) -> list[str]:
    """Each broken law of one step; ``node_of`` tells the node of each device."""
    return [
        *only_added_to(before, after),
        *_goes_forward("gpu_requests", REQUEST_GOES, before, after),
        *_goes_forward("gpu_leases", LEASE_GOES, before, after),
        *_what_is_over_stays_as_it_was(before, after),
        *_nothing_begins_on_what_is_drained(before, after, node_of),
        *_nothing_begins_on_what_is_reserved(before, after),
        *_nothing_begins_beyond_its_quota(before, after),
    ]


def _goes_forward(table: str, goes: Mapping[str, set[str]], before: Tables, after: Tables) -> Iterator[str]:
    there = {_key(row): row["state"] for row in after[table]}
    for row in before[table]:
        now = there.get(_key(row))
        if now not in goes[row["state"]]:
            yield f"{_key(row)} of {table} was {row['state']} and is {now or 'gone'}"


def _what_is_over_stays_as_it_was(before: Tables, after: Tables) -> Iterator[str]:
    there = {_key(row): row for row in after["gpu_leases"]}
    for row in before["gpu_leases"]:
        if row["state"] == "released" and there.get(_key(row)) != row:
            yield f"the lease of {_key(row)} is over and was changed"


def _nothing_begins_on_what_is_drained(
    before: Tables, after: Tables, node_of: Mapping[str, str]
) -> Iterator[str]:
    drained = {row["target"] for row in before["gpu_drains"]} & {row["target"] for row in after["gpu_drains"]}
    for row in _begun(before, after):
        for device in _devices(row):
            if {device, node_of[device]} & drained:
                yield f"{_key(row)} is given {device}, which is drained"


def _nothing_begins_on_what_is_reserved(before: Tables, after: Tables) -> Iterator[str]:
    """Once it has begun for its project only; before, for who can stop or is gone by then."""
    rules = {_key(row): row["rule"] for row in after["gpu_decisions"] if row["kind"] == "grant"}
    for row in _begun(before, after):
        if rules.get(_key(row)) == KEPT:
            continue  # it was chosen before
        for reserved in before["gpu_reservations"]:
            if not set(_devices(row)) & set(_devices(reserved)) or _may_begin(row, reserved):
                continue
            yield f"{_key(row)} is given {row['devices']}, of which reservation {reserved['name']} has some"


def _nothing_begins_beyond_its_quota(before: Tables, after: Tables) -> Iterator[str]:
    """Whose lease has just begun is within its limit, and its cohort uses no more than its members are owed.

    Of quotas of projects for devices of any kind. What began before a quota was set lower goes on.
    """
    owed = {row["name"]: row for row in after["gpu_quotas"] if (row["scope"], row["resource"]) == ANY_DEVICE}
    inside = {row["name"]: row["parent"] for row in after["gpu_parties"] if row["scope"] == "project"}
    used = _used(after)
    for project in {row["project"] for row in _begun(before, after) if row["devices"]} & owed.keys():
        limit = owed[project]["borrowing_limit"]
        if limit is not None and used[project] > owed[project]["nominal"] + limit:
            yield f"{project} begins a lease, and uses {used[project]} of at most its limit"
        members = [one for one in owed if inside.get(one) == inside.get(project)]
        if sum(used[one] for one in members) > sum(owed[one]["nominal"] for one in members):
            yield f"{project} begins a lease, and {', '.join(members)} use more than they are owed together"


def _used(tables: Tables) -> Counter[str]:
    """Thousandths of devices that each project holds."""
    project_of = {_key(row): row["project"] for row in tables["gpu_leases"]}
    used: Counter[str] = Counter()
    for row in tables["gpu_shares"]:
        used[project_of[_key(row)]] += row["milli"]
    return used


def _may_begin(lease: Row, reserved: Row) -> bool:
    at, starts_at = time_of(lease["granted_at"]), time_of(reserved["starts_at"])
    if at >= time_of(reserved["ends_at"]):
        return True
    if at >= starts_at:
        mine = (lease["project"], lease["user"])
        return bool(reserved["project"] == mine[0] and reserved["user"] in (None, mine[1]))
    terms = json.loads(lease["terms"])
    return bool(terms.get("preemptible")) or _is_gone_by(starts_at, at, terms.get("max_runtime_s"))


def _is_gone_by(starts_at: datetime, at: datetime, declared_s: float | None) -> bool:
    return at + (AHEAD if declared_s is None else timedelta(seconds=declared_s)) <= starts_at


def _begun(before: Tables, after: Tables) -> list[Row]:
    there = {_key(row) for row in before["gpu_leases"]}
    return [row for row in after["gpu_leases"] if _key(row) not in there]


def _devices(row: Row) -> list[str]:
    return [one for one in row["devices"].split(",") if one]


def _key(row: Row) -> Key:
    return str(row["run_id"]), int(row["attempt"])
