"""Killed at any statement: the ledger is as before or as after, and the next process goes on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from resources.database.engine import Database
from tests.checker.tables import Row, broken, only_added_to, tables_of
from tests.environment import unmeasured
from tests.resources.gpu.killed import DEVICES, GIVES_BACK, STEPS

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.mark.slow_on_postgresql
@pytest.mark.parametrize("each", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_a_process_that_is_killed_at_any_statement_leaves_the_ledger_whole(
    any_database: Database, each: int
) -> None:
    any_database.migrate()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.resources.gpu.killed", any_database.url, str(each)],
        cwd=CHECKOUT,
        env=unmeasured(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    before, kills, done = tables_of(any_database.url), 0, []
    for line in process.stdout:
        how, name, number, code = line.strip().split("|")
        now = tables_of(any_database.url)
        assert broken(now, {device.id for device in DEVICES}) == [], line
        assert only_added_to(before, now) == [], line
        if how == "killed":
            assert name == GIVES_BACK or _but_roles(now) == _but_roles(before), (
                f"{name} was killed before its commit at {number}, and something is changed"
            )
            kills += 1
        else:
            assert code == "0", line
            assert now != before, f"{name} did nothing"
            done.append(name)
        before = now
        process.stdin.write("on\n")
        process.stdin.flush()
    assert process.wait(30) == 0
    process.stdin.close()
    process.stdout.close()
    assert done == list(STEPS)
    assert kills > 120 / each
    assert {row["state"] for row in before["gpu_leases"]} == {"released"}
    assert {row["state"] for row in before["gpu_requests"]} == {"ended"}
    assert before["gpu_kept"] == before["gpu_drains"] == before["gpu_reservations"] == []


def _but_roles(tables: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """Who decides is settled before, in a transaction of its own."""
    audit = [row for row in tables["audit"] if not row["action"].startswith("leadership.")]
    return tables | {"audit": audit}
