"""Decisions in the words of the ledger."""

from datetime import timedelta

from resources.gpu.arbiter import Decided, decide_by_name
from resources.gpu.model import Attempt, Grant, RunId, Stop, Terms, Wait
from resources.gpu.snapshot import Known
from tests.resources.gpu.test_snapshot import NOW, T4, V100, lease, snapshot, waiting

LATER = NOW + timedelta(hours=1)


def decided(known: Known) -> list[Decided]:
    return decide_by_name(snapshot(V100, T4, known=known), known, LATER)


def test_a_grant_names_the_devices() -> None:
    [made] = decided(Known([], [waiting("a", "2")]))
    assert isinstance(made.decision, Grant)
    assert made.decision.devices == ("cuda:0", "cuda:1")
    assert made.decision.rule == made.why.rule == "A2"


def test_a_grant_that_no_quota_limits_does_not_speak_of_one() -> None:
    [made] = decided(Known([], [waiting("a", "2")]))
    assert made.why.text == "Granted 2 device(s); no quota limits it."


def test_a_share_stands_beside_another_one() -> None:
    [made] = decided(
        Known([lease("a", "cuda:0", text="0.5(V100)"), lease("b", "cuda:1")], [waiting("c", "0.5(V100)")])
    )
    assert isinstance(made.decision, Grant)
    assert made.decision.devices == ("cuda:0",)


def test_who_makes_room_is_told_with_whom_for_and_the_devices_are_kept() -> None:
    low = lease("low", "cuda:0", "cuda:1", text="2", terms=Terms(preemptible=True))
    stop, wait = decided(Known([low], [waiting("high", "2", Terms(priority=1))]))
    assert stop.decision == Stop(RunId("low"), Attempt(1), RunId("high"), "P2", stop.why.text)
    assert stop.kept is not None
    assert (stop.kept.run_id, stop.kept.devices, stop.kept.victims) == (
        "high", ("cuda:0", "cuda:1"), ("low",),
    )  # fmt: skip
    assert isinstance(wait.decision, Wait)
    assert wait.decision.run_id == "high"


def test_a_wait_says_who_has_the_devices_by_name() -> None:
    [made] = decided(Known([lease("holder", "cuda:0", "cuda:1", text="2")], [waiting("a")]))
    assert made.decision.reason == (
        "Waits for 1 device(s), 0 free; in use by run holder of vision (cuda:0, cuda:1)."
    )
