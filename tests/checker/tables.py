"""The laws of the ledger's tables, read by plain SQL: what holds at every moment, whoever was killed when."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

Row = Mapping[str, Any]
TABLES = (
    "gpu_requests",
    "gpu_leases",
    "gpu_shares",
    "gpu_kept",
    "gpu_decisions",
    "gpu_drains",
    "gpu_reservations",
    "gpu_quotas",
    "gpu_parties",
    "audit",
)
WHOLE = 1000
ENDS = ("gpu.release", "gpu.withdraw", "gpu.expire", "gpu.give_back")
COMES_BY = ((1, False, False), (1, True, False), (0, False, True))
"""Submitted once; or tried again after that; or asked for by its name, however often."""
MOVES = "D1"
SECOND = "+"
"""In the id of the lease that a step of a run has asked for."""
TIME_OVER = "its time is over"


def tables_of(url: str) -> dict[str, list[Row]]:
    """All rows of the ledger, as they are at one moment."""
    is_sqlite = url.startswith("sqlite")
    level = "AUTOCOMMIT" if is_sqlite else "REPEATABLE READ"
    engine = create_engine(url, poolclass=NullPool, isolation_level=level)
    with engine.connect() as connection:
        if is_sqlite:
            connection.exec_driver_sql("BEGIN")
        return _read(connection)


def broken(tables: Mapping[str, list[Row]], devices: set[str], moves_per_job: float = 0.05) -> list[str]:
    """Each broken law of the tables of a ledger of these ``devices``; empty for a whole one.

    At most ``moves_per_job`` moves are made for each lease that was granted.
    """
    return [
        *_nothing_oversold(tables),
        *_shares_and_leases_agree(tables),
        *_one_attempt_at_a_time(tables),
        *_requests_and_leases_agree(tables),
        *_kept_is_there(tables, devices),
        *_each_change_is_on_record(tables),
        *_who_cannot_stop_is_left_alone(tables),
        *_no_lease_is_over_before_its_time(tables),
        *_moves_within_their_budget(tables, moves_per_job),
    ]


def only_added_to(before: Mapping[str, list[Row]], after: Mapping[str, list[Row]]) -> list[str]:
    """The record of decisions and the audit lose nothing and change nothing."""
    found: list[str] = []
    for table in ("gpu_decisions", "audit"):
        there = {row["id"]: row for row in after[table]}
        changed = [row["id"] for row in before[table] if there.get(row["id"]) != row]
        found += [f"row {one} of {table} was changed or lost" for one in changed]
    return found


def time_of(value: Any) -> datetime:
    """A moment, as SQLite or PostgreSQL gives it."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _read(connection: Connection) -> dict[str, list[Row]]:
    return {
        table: [dict(row) for row in connection.execute(text(f"SELECT * FROM {table}")).mappings()]  # noqa: S608
        for table in TABLES
    }


def _live(tables: Mapping[str, list[Row]]) -> list[Row]:
    return [row for row in tables["gpu_leases"] if row["state"] != "released"]


def _key(row: Row) -> tuple[str, int]:
    return str(row["run_id"]), int(row["attempt"])


def _nothing_oversold(tables: Mapping[str, list[Row]]) -> list[str]:
    milli: Counter[str] = Counter()
    for row in tables["gpu_shares"]:
        milli[row["device"]] += row["milli"]
    return [
        f"device {device} is given out to {used} thousandths"
        for device, used in milli.items()
        if used > WHOLE
    ]


def _shares_and_leases_agree(tables: Mapping[str, list[Row]]) -> list[str]:
    """A share for each device of each live lease, and no other."""
    shares: dict[tuple[str, int], set[str]] = defaultdict(set)
    for row in tables["gpu_shares"]:
        shares[_key(row)].add(row["device"])
    found = []
    for row in _live(tables):
        held = {one for one in row["devices"].split(",") if one}
        if shares.pop(_key(row), set()) != held:
            found.append(f"the lease of {_key(row)} holds {sorted(held)}, and its shares are others")
    return found + [f"shares of {key} have no live lease" for key in shares]


def _one_attempt_at_a_time(tables: Mapping[str, list[Row]]) -> list[str]:
    running = Counter(row["run_id"] for row in _live(tables))
    waiting = Counter(row["run_id"] for row in tables["gpu_requests"] if row["state"] == "waiting")
    found = [f"{run} has {count} live leases" for run, count in running.items() if count > 1]
    found += [f"{run} waits {count} times" for run, count in waiting.items() if count > 1]
    return found + [f"{run} waits and holds a lease" for run in sorted(running.keys() & waiting.keys())]


def _requests_and_leases_agree(tables: Mapping[str, list[Row]]) -> list[str]:
    """Granted is what has a live lease; attempts are numbered from 1, and only the newest is open."""
    live = {_key(row) for row in _live(tables)}
    leased = {_key(row) for row in tables["gpu_leases"]}
    requests = {_key(row): row["state"] for row in tables["gpu_requests"]}
    granted = {key for key, state in requests.items() if state == "granted"}
    found = [f"{key} is granted and has no live lease" for key in sorted(granted - live)]
    found += [f"{key} has a live lease and is not granted" for key in sorted(live - granted)]
    found += [f"the lease of {key} has no request" for key in sorted(leased - requests.keys())]
    attempts: dict[str, list[int]] = defaultdict(list)
    for run, attempt in requests:
        attempts[run].append(attempt)
    for run, numbers in attempts.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            found.append(f"{run} has the attempts {sorted(numbers)}")
        found += [
            f"attempt {one} of {run} is open, and {max(numbers)} is its newest"
            for one in numbers
            if one < max(numbers) and requests[run, one] != "ended"
        ]
    return found


def _kept_is_there(tables: Mapping[str, list[Row]], devices: set[str]) -> list[str]:
    """What is kept exists, and is kept for somebody who may come for it."""
    known = {row["run_id"] for row in tables["gpu_requests"]}
    found = []
    for row in tables["gpu_kept"]:
        gone = {one for one in row["devices"].split(",") if one} - devices
        if gone:
            found.append(f"{sorted(gone)} is kept for {row['run_id']} and is not there")
        if row["run_id"] not in known:
            found.append(f"devices are kept for {row['run_id']}, which never asked")
    return found


def _each_change_is_on_record(tables: Mapping[str, list[Row]]) -> list[str]:
    """Each attempt, each grant and each end has its row in the audit; each grant one among the decisions.

    The first attempt of a run was submitted, each other one is a try again; each of a lease without a run was
    asked for by its name.
    """
    audited = Counter((row["action"], row["subject"]) for row in tables["audit"])
    decided = Counter(
        (row["run_id"], row["attempt"]) for row in tables["gpu_decisions"] if row["kind"] == "grant"
    )
    found = [
        f"the grant of {key} is decided {decided[key]} times"
        for key in map(_key, tables["gpu_leases"])
        if decided[key] != 1
    ]
    asked = Counter(row["run_id"] for row in tables["gpu_requests"])
    leased = Counter(row["run_id"] for row in tables["gpu_leases"])
    released = Counter(row["run_id"] for row in tables["gpu_leases"] if row["state"] == "released")
    for run, attempts in asked.items():
        again = audited["gpu.try_again", run]
        ends = again + sum(audited[action, run] for action in ENDS)
        first, more = audited["gpu.submit", run], audited["gpu.allocate", run]
        if first + again + more != attempts or (first, again > 0, more > 0) not in COMES_BY:
            found.append(f"{run} has {attempts} attempts, and the audit tells of {first + again + more}")
        if audited["gpu.grant", run] != leased[run]:
            found.append(
                f"{run} has {leased[run]} leases, and the audit tells of {audited['gpu.grant', run]}"
            )
        if ends < released[run]:
            found.append(f"{released[run]} leases of {run} ended, and the audit tells of {ends} ends")
    return found


def _who_cannot_stop_is_left_alone(tables: Mapping[str, list[Row]]) -> list[str]:
    """Only what goes on from a checkpoint is told to make room: no lease without a run, and no second one."""
    return [
        f"the lease of {_key(row)} is told to make room for {row['stop_for']}, and cannot stop"
        for row in tables["gpu_leases"]
        if row["stop_for"] is not None and not _can_stop(row)
    ]


def _can_stop(row: Row) -> bool:
    is_of_a_run = row["origin"] != "manual" and SECOND not in row["run_id"]
    return is_of_a_run and bool(json.loads(row["terms"]).get("preemptible"))


def _no_lease_is_over_before_its_time(tables: Mapping[str, list[Row]]) -> list[str]:
    return [
        f"the lease of {_key(row)} was ended at {row['released_at']}, and its time at {row['expires_at']}"
        for row in tables["gpu_leases"]
        if row["release_reason"] == TIME_OVER and time_of(row["released_at"]) < time_of(row["expires_at"])
    ]


def _moves_within_their_budget(tables: Mapping[str, list[Row]], moves_per_job: float) -> list[str]:
    decisions = tables["gpu_decisions"]
    moves = len({_key(row) for row in decisions if (row["kind"], row["rule"]) == ("stop", MOVES)})
    grants = sum(row["kind"] == "grant" for row in decisions)
    if moves > moves_per_job * grants + 1e-9:
        return [f"{moves} moves for {grants} grants; {moves_per_job:g} are allowed for each"]
    return []
