"""What the next pass would decide, for who looks: nothing is written."""

from datetime import UTC, datetime, timedelta

import pytest

from resources.database.engine import Database
from resources.errors import Conflict
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.model import Device, DeviceId
from resources.gpu.model import NO_TERMS, Attempt, Origin, Owner, RunId, Terms
from resources.gpu.policy.quota_model import Membership, QuotaRow, QuotaRows, cohort, project
from resources.gpu.service import GpuService
from resources.process import ProcessIdentity
from resources.terms import Actor

ANN = Actor("user:ann")
SLOTS = tuple(Device(DeviceId(f"cpu:{at}"), None, None) for at in range(2))


class Clock:
    """A clock that a test sets."""

    now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(any_database: Database, clock: Clock) -> GpuService:
    return GpuService(any_database, inventory=lambda: one_node(SLOTS), clock=clock)


def owed(**nominals: int) -> QuotaRows:
    return QuotaRows(
        (Membership(cohort("all")), *(Membership(project(name), "all") for name in nominals)),
        tuple(QuotaRow(project(name), nominal=count * 1000) for name, count in nominals.items()),
    )


def ask(service: GpuService, run: str, who: str, terms: Terms = NO_TERMS) -> None:
    service.submit(
        RunId(run), "1", owner=Owner(who, "u"), origin=Origin.QUEUE, instance="x", actor=ANN, terms=terms
    )


def share(service: GpuService, clock: Clock) -> None:
    """Two runs of b on the two devices, one of which it borrowed, and a run of a that waits."""
    service.set_quotas(owed(a=0, b=2), ANN)
    for run in ("b1", "b2"):
        ask(service, run, "b", Terms(preemptible=True))
    service.decide_now(ANN)
    for run in ("b1", "b2"):
        service.claim(RunId(run), ProcessIdentity.current())
    clock.now += timedelta(hours=1)
    ask(service, "a1", "a")
    service.decide_now(ANN)


def test_a_preview_says_who_would_make_room_for_whom_and_writes_nothing(
    service: GpuService, clock: Clock
) -> None:
    share(service, clock)
    before = (service.quotas(), service.newest_decisions(), service.waiting())
    preview = service.preview_quotas(owed(a=1, b=1))
    (stop,) = preview.stops
    assert stop.run_id in {"b1", "b2"}
    assert (stop.for_run, stop.why.rule, stop.owner.project) == ("a1", "P1", "b")
    assert [(one.party.name, one.before, one.after) for one in preview.changes] == [
        ("a", "0", "1"),
        ("b", "2", "1"),
    ]
    assert [one.party.name for one in preview.borrowers if one.resource == "*"] == ["b"]
    assert (service.quotas(), service.newest_decisions(), service.waiting()) == before


def test_a_preview_of_what_holds_changes_nothing(service: GpuService, clock: Clock) -> None:
    share(service, clock)
    preview = service.preview_quotas(service.quotas())
    assert (preview.changes, preview.stops, preview.starts) == ((), (), ())


def test_a_preview_says_who_would_start(service: GpuService) -> None:
    one_of_all = QuotaRow(project("b"), nominal=1000, lending_limit=0)
    memberships = owed(a=0, b=0).memberships
    lends_nothing = QuotaRows(memberships, (QuotaRow(project("a"), nominal=1000), one_of_all))
    service.set_quotas(lends_nothing, ANN)
    for run in ("a1", "a2"):
        ask(service, run, "a")
        service.decide_now(ANN)
    assert [one.run_id for one in service.waiting()] == ["a2"]
    assert service.preview_quotas(owed(a=2, b=0)).starts == ("a2",)


def test_runs_stand_in_the_order_of_the_next_pass(service: GpuService, clock: Clock) -> None:
    share(service, clock)
    ask(service, "b3", "b")
    ask(service, "a2", "a", Terms(priority=5))
    turns = [one.run_id for one in service.line().waiting]
    assert turns[0] != "b3"
    assert set(turns) == {"a1", "a2", "b3"}
    assert turns.index(RunId("a2")) < turns.index(RunId("a1"))


def test_nobody_in_the_line_has_no_turn(service: GpuService) -> None:
    assert service.line().waiting == ()


def starts(service: GpuService, clock: Clock) -> dict[str, float | None]:
    """By run, in minutes from now."""
    return {
        one.run_id: None if one.expected_at is None else (one.expected_at - clock.now) / timedelta(minutes=1)
        for one in service.line().waiting
    }


def begin(service: GpuService, run: str, who: str, minutes: int | None) -> None:
    ask(service, run, who, Terms(max_runtime_s=None if minutes is None else minutes * 60))
    service.decide_now(ANN)


def test_each_of_the_line_has_an_expected_start_by_the_ends_of_those_before_it(
    service: GpuService, clock: Clock
) -> None:
    for run, minutes in (("x1", 10), ("x2", 30), ("y1", 15), ("y2", 60), ("y3", 60)):
        begin(service, run, "x", minutes)
        clock.now += timedelta(seconds=1)
    clock.now -= timedelta(seconds=5)
    # x1 ends after 10 minutes, y1 then after 25, x2 after 30.
    assert starts(service, clock) == {"y1": 10, "y2": 25, "y3": pytest.approx(30 + 1 / 60)}


def test_nobody_knows_when_a_run_starts_that_waits_for_one_without_an_end(
    service: GpuService, clock: Clock
) -> None:
    begin(service, "x1", "x", None)
    begin(service, "x2", "x", 5)
    begin(service, "y1", "x", None)
    begin(service, "y2", "x", None)
    assert starts(service, clock) == {"y1": 5, "y2": None}


def test_an_expected_start_keeps_to_the_quotas(service: GpuService, clock: Clock) -> None:
    service.set_quotas(
        QuotaRows(
            (Membership(project("a")), Membership(project("b"))),
            (QuotaRow(project("a"), nominal=1000), QuotaRow(project("b"), nominal=1000)),
        ),
        ANN,
    )
    begin(service, "a1", "a", 60)
    begin(service, "b1", "b", 5)
    begin(service, "a2", "a", 5)
    # A device is free after 5 minutes, and it is not a's.
    assert starts(service, clock) == {"a2": 60}


def test_who_is_made_room_for_starts_soon_and_nothing_is_written(service: GpuService, clock: Clock) -> None:
    share(service, clock)
    service.set_quotas(owed(a=1, b=1), ANN)
    before = (service.waiting(), service.newest_decisions(), service.live_leases())
    assert starts(service, clock) == {"a1": 0.25}
    assert (service.waiting(), service.newest_decisions(), service.live_leases()) == before


def test_a_run_that_is_past_its_end_is_waited_for_from_moment_to_moment(
    service: GpuService, clock: Clock
) -> None:
    begin(service, "x1", "x", 10)
    begin(service, "x2", "x", 60)
    begin(service, "y1", "x", None)
    clock.now += timedelta(minutes=20)
    assert starts(service, clock) == {"y1": pytest.approx(1 / 60)}


def test_quotas_that_changed_since_somebody_saw_them_are_not_overwritten(service: GpuService) -> None:
    seen = service.quotas()
    service.set_quotas(owed(a=1), ANN)
    with pytest.raises(Conflict, match="somebody else has changed the quotas"):
        service.set_quotas(owed(a=2), ANN, seen=seen)
    assert service.quotas().quotas[0].nominal == 1000
    service.set_quotas(owed(a=2), ANN, seen=service.quotas())
    assert service.quotas().quotas[0].nominal == 2000


def test_a_run_that_made_room_is_told_with_when_it_went_on(service: GpuService, clock: Clock) -> None:
    share(service, clock)
    service.set_quotas(owed(a=1, b=1), ANN)
    service.decide_now(ANN)
    (told,) = service.newest_stops()
    victim = told.decision.run_id
    assert (told.owner.project, told.for_owner, told.decision.for_run) == ("b", Owner("a", "u"), "a1")
    assert (told.stopped_at, told.resumed_at) == (None, None)
    clock.now += timedelta(seconds=30)
    stopped = clock.now
    service.try_again(victim, Attempt(1), reason="it made room for another run", actor=ANN)
    service.decide_now(ANN)
    clock.now += timedelta(hours=1)
    service.release(RunId("a1"), Attempt(1), reason="the run ended", actor=ANN)
    service.decide_now(ANN)
    (told,) = service.newest_stops()
    assert (told.stopped_at, told.resumed_at) == (stopped, clock.now)
