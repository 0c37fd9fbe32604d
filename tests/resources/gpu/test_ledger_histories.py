"""Random histories of the real service on the real databases break no law, whatever the clock does."""

from pathlib import Path

import pytest

from resources.database.engine import Database, sqlite_url
from tests.checker.tables import tables_of
from tests.mutants import Mutant, alive
from tests.resources.gpu.ledger_player import KINDS, MOVES, PLAIN, QUOTAS, Kind, history_of

pytestmark = pytest.mark.uncounted

SHOWED_ONE = (1, 9, 8)
"""Histories that showed some mutant when this was written."""
HISTORIES = 30
"""How many are looked at for one that shows a mutant."""
_GPU = "resources.gpu."
BROKEN = (
    Mutant(
        "drains: what is drained is given out",
        f"{_GPU}snapshot:Snapshot._close",
        "changed not in drained",
        "True",
    ),
    Mutant(
        "quotas: those from before hold on",
        f"{_GPU}duties.desk:Desk.snapshot",
        "self._made_of == made_of",
        "True",
    ),
    Mutant(
        "reservations: nothing is set aside",
        f"{_GPU}snapshot:Snapshot._reserve",
        "if placement is None:",
        "if True:",
    ),
    Mutant(
        "leases without a run: stopped for others",
        f"{_GPU}duties.allocation:Allocation.allocate",
        "preemptible=False",
        "preemptible=True",
    ),
    Mutant(
        "leases without a run: asked for twice",
        f"{_GPU}duties.allocation:Allocation.allocate",
        "if newest is not None and not ledger.has_ended(connection, run_id, newest):",
        "if False:",
    ),
    Mutant("claims: taken up twice", f"{_GPU}ledger:claim", ", LEASES.c.state == LeaseState.GRANTED", ""),
    Mutant(
        "leases: a share stays when its lease is over",
        f"{_GPU}ledger:release",
        "connection.execute(delete(SHARES).where(_is(SHARES, run_id, attempt)))",
        "pass",
    ),
    Mutant(
        "leases: put back while it holds its devices",
        f"{_GPU}duties.line:Line.try_again",
        "ledger.release(connection, run_id, attempt, reason, now)",
        "pass",
    ),
    Mutant("audit: an end is not told", f"{_GPU}duties.leases:Leases.release", "if was_live:", "if False:"),
    Mutant(
        "audit: a grant is not told", f"{_GPU}duties.deciding:_audited", '"gpu.grant" if', '"gpu.stop" if'
    ),
)


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        *((PLAIN, one) for one in (1, 2)),
        (QUOTAS, 7),
        *(pytest.param(PLAIN, one, marks=pytest.mark.slow) for one in range(3, 40)),
        *(pytest.param(kind, one, marks=pytest.mark.slow) for kind in (MOVES, QUOTAS) for one in range(20)),
    ],
    ids=lambda value: next((name for name, one in KINDS.items() if one == value), None),
)
def test_no_history_breaks_a_law_of_the_ledger_whatever_the_clock_does(
    any_database: Database, kind: Kind, number: int
) -> None:
    assert history_of(any_database, number, kind) == []
    leases = tables_of(any_database.url)["gpu_leases"]
    assert any(row["state"] == "released" for row in leases), "a history in which nothing ended shows little"


@pytest.mark.slow_on_postgresql
def test_runs_that_move_for_another_one_go_on_and_no_law_is_broken(
    any_database: Database, tmp_path: Path
) -> None:
    """On either database, in the first history that has a move."""
    number = next(one for one in (9, *range(40)) if _moves(tmp_path / f"{one}.db", one))
    assert history_of(any_database, number, MOVES) == []
    rules = [(row["kind"], row["rule"]) for row in tables_of(any_database.url)["gpu_decisions"]]
    assert ("stop", "D1") in rules
    assert ("grant", "A4") in rules[rules.index(("stop", "D1")) :]


@pytest.mark.parametrize("mutant", BROKEN, ids=lambda mutant: mutant.name)
def test_the_checker_notices_that_the_service_breaks_a_law(mutant: Mutant, tmp_path: Path) -> None:
    with alive(mutant):
        kind = QUOTAS if mutant.name.startswith("quotas") else PLAIN
        numbers = (*SHOWED_ONE, *range(HISTORIES))
        assert any(_shows(tmp_path / f"{number}.db", number, kind) for number in numbers)


def _moves(path: Path, number: int) -> bool:
    path.unlink(missing_ok=True)
    database = Database(sqlite_url(path))
    assert history_of(database, number, MOVES) == []
    rules = [(row["kind"], row["rule"]) for row in tables_of(database.url)["gpu_decisions"]]
    database.close()
    return ("stop", "D1") in rules and ("grant", "A4") in rules[rules.index(("stop", "D1")) :]


def _shows(path: Path, number: int, kind: Kind) -> bool:
    path.unlink(missing_ok=True)
    database = Database(sqlite_url(path))
    try:
        return bool(history_of(database, number, kind))
    except AssertionError:
        return True  # the service says itself what cannot be
    finally:
        database.close()
