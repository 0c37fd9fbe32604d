"""What is kept of triggers: evaluations, wishes, pauses."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from resources.database.audit import recent
from resources.errors import BadInput, Conflict, NotFound
from resources.home import Home
from resources.learning.triggering import store
from resources.learning.triggering.judging import judge
from resources.learning.triggering.model import Paused, Verdict, Wish
from resources.learning.triggering.service import LONGEST_REASON, TriggerService
from resources.terms import Actor, DatasetName, VersionKey
from resources.triggers import TriggerPolicy
from tests.resources.learning.triggering.policies import ANNA, NOTHING, NOW, SHAPES

SENSOR = Actor("sensor:shapes_annotations")
V1_0, V1_1, V1_2 = (VersionKey(f"v1.{minor}") for minor in range(3))


class Time:
    """A clock that a test moves."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def service(trainplat_home: object, time: Callable[[], datetime]) -> TriggerService:
    return TriggerService(Home.from_environment().database(), time)


def found(labels: int) -> Verdict:
    return judge(TriggerPolicy(), replace(NOTHING, new_labels=labels, questions_open=9), NOW)


def test_each_change_is_kept_and_the_same_again_only_brings_it_up_to_date(
    service: TriggerService, time: Time
) -> None:
    assert service.newest(SHAPES) is None
    for labels in (1, 1, 2, 10, 10):
        service.keep(SHAPES, found(labels))
        time.pass_s(60)
    kept = service.evaluations(SHAPES)
    assert [one.verdict.fires for one in kept] == [True, False]
    assert [(one.seen_at - one.began_at).total_seconds() for one in kept] == [60, 120]
    assert kept[1].verdict == found(2)
    assert service.datasets() == [SHAPES]


def test_what_planned_a_version_is_never_written_over(service: TriggerService) -> None:
    service.keep(SHAPES, found(1))
    service.note_planned(SHAPES, V1_0, NOW)  # it did not fire
    service.keep(SHAPES, found(10))
    service.note_planned(SHAPES, V1_0, NOW - timedelta(seconds=1))  # it was there before
    service.note_planned(SHAPES, V1_1, NOW)
    service.keep(SHAPES, found(10))
    service.note_planned(SHAPES, V1_2, NOW)
    assert [one.version for one in service.evaluations(SHAPES)] == [V1_2, V1_1, None]
    planned = service.planned(SHAPES, V1_1)
    assert planned is not None
    assert planned.verdict.fires
    assert service.planned(SHAPES, V1_0) is None


def test_the_evaluations_that_are_kept_are_bounded(
    service: TriggerService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "KEPT", 3)
    for labels in (1, 10) * 4:
        service.keep(SHAPES, found(labels))
    assert len(service.evaluations(SHAPES, 100)) == 3


def test_a_wish_is_taken_by_the_first_version_after_it_and_by_no_other(service: TriggerService) -> None:
    service.wish(SHAPES, V1_0, "  before   the fair ", ANNA)
    assert [one.reason for one in service.settle(SHAPES, [V1_0], SENSOR)] == ["before the fair"]
    assert service.settle(SHAPES, [V1_0, V1_1, V1_2], SENSOR) == []
    service.wish(SHAPES, V1_2, "", ANNA)
    assert len(service.settle(SHAPES, [V1_0, V1_1, V1_2], SENSOR)) == 1
    assert [(one.version, one.is_open) for one in service.past_wishes(SHAPES)] == [
        (None, True),
        (V1_1, False),
    ]
    done = [(row.actor, row.action, row.detail) for row in recent(service.database)]
    assert (SENSOR, "triggers.take_wish", "v1.1 took 1") in done
    assert (ANNA, "triggers.wish", "after v1.0: before the fair") in done


def test_who_asks_again_while_a_wish_is_open_has_one_with_the_newest_reason(service: TriggerService) -> None:
    first = service.wish(SHAPES, V1_0, "before the fair", ANNA)
    again = [service.wish(SHAPES, V1_0, reason, ANNA) for reason in ("", "after the fair", "after the fair")]
    assert (first.is_new, [one.is_new for one in again]) == (True, [False] * 3)
    service.wish(SHAPES, V1_0, "", Actor("user:ben"))
    service.wish(SHAPES, V1_1, "", ANNA)  # a version came since: it takes the one before
    assert [(one.actor, one.after, one.reason) for one in service.wishes(SHAPES)] == [
        (ANNA, V1_0, "after the fair"),
        ("user:ben", V1_0, ""),
        (ANNA, V1_1, ""),
    ]
    told = [row.detail for row in recent(service.database)]
    assert told[2:] == ["again, after v1.0: after the fair", "after v1.0: before the fair"]
    service.settle(SHAPES, [V1_0, V1_1], SENSOR)
    assert service.wish(SHAPES, V1_0, "", ANNA).is_new


class Overtaken(TriggerService):
    """Another sensor settles right after this one looked."""

    def wishes(self, dataset: DatasetName) -> list[Wish]:
        found = super().wishes(dataset)
        TriggerService(self.database, self.clock).settle(dataset, [V1_1], SENSOR)
        return found


def test_two_that_settle_at_once_write_one_row_of_the_audit(service: TriggerService) -> None:
    service.wish(SHAPES, V1_0, "", ANNA)
    assert Overtaken(service.database, service.clock).settle(SHAPES, [V1_1], SENSOR) == []
    actions = [row.action for row in recent(service.database)]
    assert actions == ["triggers.take_wish", "triggers.wish"]


def test_a_wish_that_was_taken_back_is_taken_by_none(service: TriggerService) -> None:
    service.wish(SHAPES, None, "", ANNA)
    assert len(service.withdraw(SHAPES, ANNA)) == 1
    assert service.settle(SHAPES, [V1_0], SENSOR) == []
    assert [(one.version, one.withdrawn) for one in service.past_wishes(SHAPES)] == [(None, True)]
    with pytest.raises(NotFound, match="no wish for a training of shapes is open"):
        service.withdraw(SHAPES, ANNA)


def test_a_pause_names_who_and_why_and_ends_once(service: TriggerService) -> None:
    service.pause(SHAPES, Paused.TRAINING, "the guide is rewritten", ANNA)
    kept = service.paused(SHAPES, Paused.TRAINING)
    assert kept is not None
    assert (kept.actor, kept.reason) == (ANNA, "the guide is rewritten")
    assert service.paused(SHAPES, Paused.ASKING) is None
    service.resume(SHAPES, Paused.TRAINING, ANNA)
    with pytest.raises(Conflict, match="training of shapes is not paused"):
        service.resume(SHAPES, Paused.TRAINING, ANNA)
    with pytest.raises(BadInput, match="without a reason"):
        service.pause(SHAPES, Paused.TRAINING, "  ", ANNA)
    with pytest.raises(BadInput, match=f"expected {LONGEST_REASON} at most"):
        service.wish(SHAPES, None, "x" * (LONGEST_REASON + 1), ANNA)
