"""What everyone has used, decayed: the running sums of the ledger are what a fresh sum over all leases is."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.database.engine import Database, sqlite_url
from resources.gpu import ledger as rows
from resources.gpu import past_use
from resources.gpu.model import Grant, Owner, RunId
from resources.gpu.policy.past import PastUse, nothing
from tests.examples import drawing
from tests.resources.gpu.usage.ledgers import ANN, NOON, Ledger

VISION, SPEECH = Owner("vision", "ann"), Owner("speech", "bob")


def read(ledger: Ledger) -> dict[Owner, PastUse]:
    with ledger.database.read() as connection:
        return dict(past_use.read(connection, rows.live_leases(connection), ledger.now))


def fresh(ledger: Ledger) -> dict[Owner, PastUse]:
    """The same from nothing but the leases."""
    found: dict[Owner, PastUse] = {}
    with ledger.database.read() as connection:
        leases = rows.past_leases(connection, 1000) + rows.live_leases(connection)
    for lease in leases:
        used = past_use.of_lease(lease, lease.released_at or ledger.now)
        found[lease.owner] = found.get(lease.owner, nothing(0)).plus(used).at(ledger.now.timestamp())
    return found


def told(used: dict[Owner, PastUse]) -> dict[Owner, tuple[float, float, float]]:
    return {owner: (one.devices.value, one.cpus.value, one.memory.value) for owner, one in used.items()}


def test_use_is_halved_in_a_week_and_counts_devices_cores_and_memory(any_database: Database) -> None:
    ledger = Ledger(any_database)
    ledger.start("a", "2(V100)", cpu_milli=500, host_memory_mib=64)
    ledger.forward(1)
    live = told(read(ledger))[VISION]
    assert live == pytest.approx((2000 * 3600, 500 * 3600, 64 * 3600), rel=0.01)
    ledger.end("a")
    assert told(read(ledger))[VISION] == pytest.approx(live)
    ledger.forward(7 * 24)
    assert told(read(ledger))[VISION] == pytest.approx([one / 2 for one in live])


STEPS = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["1", "0.5", "2", "0"]), st.floats(0.01, 400)), max_size=12
)


@drawing(0.2, function_scoped=True)
@given(steps=STEPS)
def test_running_sums_are_what_a_fresh_sum_over_all_leases_is(
    steps: list[tuple[int, str, float]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path: Path = tmp_path_factory.mktemp("sums") / "t.db"
    ledger = Ledger(Database(sqlite_url(path)))
    for number, (which, text, hours) in enumerate(steps):
        live = ledger.gpus.live_leases()
        if which < 3 and live:
            lease = live[which % len(live)]
            ledger.end(lease.run_id, lease.attempt)
        else:
            ledger.ask(f"run-{number}", text, (VISION, SPEECH)[which % 2], cpu_milli=100 * which)
            ledger.gpus.decide_now(ANN)
        ledger.forward(hours)
        expected = told(fresh(ledger))
        assert told(read(ledger)).keys() == expected.keys()
        for owner, figures in told(read(ledger)).items():
            assert figures == pytest.approx(expected[owner], rel=1e-9, abs=1e-6)
    ledger.database.close()


def test_whoever_has_used_less_in_the_past_has_its_turn_first(any_database: Database) -> None:
    ledger = Ledger(any_database)
    ledger.start("long", "3", VISION)
    ledger.forward(48)
    ledger.end("long")
    ledger.start("now", "3", Owner("other", "eve"))
    ledger.ask("a", "3", VISION)
    ledger.forward(0.01)
    ledger.ask("b", "3", SPEECH)
    ledger.end("now")
    granted = [one.run_id for one in ledger.gpus.decide_now(ANN) if isinstance(one, Grant)]
    assert granted == [RunId("b")]


def test_a_clock_that_was_set_back_takes_no_use_away(any_database: Database) -> None:
    ledger = Ledger(any_database)
    ledger.start("a", "1(A100)")
    ledger.forward(2)
    ledger.end("a")
    ledger.now = NOON - timedelta(days=1)
    ledger.start("b", "1(A100)")
    ledger.end("b")
    assert told(read(ledger))[VISION][0] == pytest.approx(1000 * 7200, rel=0.01)
