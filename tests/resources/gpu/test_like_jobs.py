"""What ended jobs tell of their like, on a real ledger: batches, counts, and the order that follows."""

from resources.database.engine import Database
from resources.gpu import ledger as rows
from resources.gpu import like_jobs
from resources.gpu.likeness import groups_of
from resources.gpu.model import Attempt, Grant, Owner, RunId
from resources.gpu.policy.batches import GAP_S
from resources.gpu.policy.history import History
from tests.resources.gpu.usage.ledgers import ANN, Ledger

OTHER = Owner("speech", "bob")
HOUR = 1.0


def history(ledger: Ledger) -> History:
    with ledger.database.read() as connection:
        live, waiting = rows.live_leases(connection), rows.waiting_requests(connection)
        return like_jobs.read(connection, live, waiting, ledger.now)


def groups(ledger: Ledger, run: str) -> tuple[str, ...]:
    asked = ledger.gpus.newest_request(RunId(run))
    assert asked is not None
    return groups_of(asked)


def test_jobs_submitted_together_are_a_batch_and_those_of_others_are_none_of_it(
    any_database: Database,
) -> None:
    ledger = Ledger(any_database)
    for run in ("a", "b", "c"):
        ledger.ask(run)
        ledger.forward(GAP_S / 3600)
    ledger.ask("larger", "2")
    ledger.ask("other", "1", OTHER)
    ledger.forward(1 / 3600)
    ledger.ask("late")
    assert groups(ledger, "a") == groups(ledger, "b") == groups(ledger, "c")
    assert groups(ledger, "a")[0] == groups(ledger, "other")[0] == "1 device(s)"
    assert len({groups(ledger, run)[1] for run in ("a", "larger", "other", "late")}) == 4
    ledger.ask("half", "0.5")
    assert groups(ledger, "half")[0] == "1 device(s) of 0.5"


def test_ended_jobs_are_learned_from_and_others_are_not(any_database: Database) -> None:
    ledger = Ledger(any_database)
    for run in ("a", "b", "c"):
        ledger.start(run)
        ledger.forward(HOUR)
        if run == "b":
            ledger.gpus.release(RunId(run), Attempt(1), reason="cancelled", actor=ANN)
        else:
            ledger.end(run)
    expected = History()
    for run in ("a", "c"):
        expected.end(run, groups(ledger, run), 3600.0)
    counts = expected.state()["counts"]
    found = history(ledger).state()["counts"]
    for name in ("", "1 device(s)"):
        assert found[name] == counts[name]
    assert set(found) == {"", "1 device(s)"}, "what only an ended batch tells is forgotten"


def test_the_counts_are_those_of_a_history_that_saw_everything(any_database: Database) -> None:
    ledger = Ledger(any_database)
    expected = History()
    for number, (text, hours) in enumerate([("1", 0.1), ("2", 3), ("1", 0.02), ("0.5", 5), ("1", 40)]):
        ledger.start(f"run-{number}", text)
        ledger.forward(hours)
        ledger.end(f"run-{number}")
        share = {"1": 1.0, "2": 2.0, "0.5": 0.5}[text]
        expected.end(f"run-{number}", groups(ledger, f"run-{number}"), hours * 3600 * share)
    counts, found = expected.state()["counts"], history(ledger).state()["counts"]
    assert found == {name: counts[name] for name in found}
    assert set(found) == {"", "1 device(s)", "2 device(s)", "1 device(s) of 0.5"}


def test_a_batch_is_learned_from_while_a_job_of_it_is_there(any_database: Database) -> None:
    ledger = Ledger(any_database)
    ledger.start("a")
    ledger.start("b")
    ledger.forward(HOUR)
    ledger.end("a")
    assert groups(ledger, "a")[1] in history(ledger).state()["counts"]
    ledger.end("b")
    assert groups(ledger, "a")[1] not in history(ledger).state()["counts"]


def test_a_batch_whose_last_job_was_cancelled_is_forgotten_once_another_one_begins(
    any_database: Database,
) -> None:
    ledger = Ledger(any_database)
    for run in ("a", "b"):
        ledger.start(run)
    ledger.forward(HOUR)
    ledger.end("a")
    ledger.gpus.release(RunId("b"), Attempt(1), reason="cancelled", actor=ANN)
    ledger.start("late")
    ledger.forward(HOUR)
    assert groups(ledger, "a")[1] not in history(ledger).state()["counts"]
    ledger.start("other")
    ledger.end("other")
    assert groups(ledger, "late")[1] in history(ledger).state()["counts"], "it runs on"


def test_a_running_job_counts_as_far_as_it_came(any_database: Database) -> None:
    ledger = Ledger(any_database)
    ledger.start("a", "2")
    ledger.forward(HOUR)
    expected = History()
    expected.note("a", groups(ledger, "a"), 7200.0)
    assert history(ledger).state() == expected.state()


def test_the_order_learns_how_long_jobs_of_a_size_take(any_database: Database) -> None:
    """Jobs of one device took seconds and jobs of two took days: a later short one goes first."""
    ledger = Ledger(any_database)
    for number in range(6):
        ledger.start(f"short-{number}", "1")
        ledger.forward(20 / 3600)
        ledger.end(f"short-{number}")
        ledger.start(f"long-{number}", "2")
        ledger.forward(48)
        ledger.end(f"long-{number}")
    ledger.start("all", "3")
    ledger.ask("long", "2")
    ledger.forward(0.01)
    ledger.ask("short", "1")
    ledger.ask("short-too", "1")
    ledger.end("all")
    granted = [one.run_id for one in ledger.gpus.decide_now(ANN) if isinstance(one, Grant)]
    assert granted == [RunId("short"), RunId("short-too")]
