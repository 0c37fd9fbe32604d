"""Steps are kept with their reasons, and requests by the minute, for as long as they say something."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from resources.home import Home
from resources.serving.scaling.observer import minute_of
from resources.serving.scaling.records.service import ScalingRecords
from resources.serving.scaling.scalers import Step, Taken
from tests.resources.serving.scaling.made import NOW, decided, later, seen

MINUTE = minute_of(NOW)
STEP = Step(NOW, decided("cpu:50%,9~21:3", seen(2, cpu=0.2)))


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def records(trainplat_home: Path, clock: Clock) -> ScalingRecords:
    home = Home(trainplat_home)
    return ScalingRecords(home, home.database(), clock)


def test_a_step_is_read_as_it_was_kept(records: ScalingRecords) -> None:
    records.keep(Taken((STEP,), {}))
    assert records.steps("digits") == [STEP]
    assert [reason.rule for reason in records.steps("digits")[0].decision.reasons] == ["S1", "S8"]
    assert records.steps("faces") == []


def test_the_newest_steps_come_first(records: ScalingRecords) -> None:
    steps = tuple(Step(later(second), STEP.decision) for second in range(5))
    records.keep(Taken(steps, {}))
    assert records.steps("digits", 2) == [steps[4], steps[3]]


def test_minutes_without_requests_are_read_as_such(records: ScalingRecords, clock: Clock) -> None:
    records.keep(Taken((), {("digits", MINUTE): 5, ("digits", MINUTE + 1): 0, ("digits", MINUTE + 2): 7}))
    clock.now = later(240)
    found = records.arrivals("digits")
    assert found is not None
    assert found.counts == (5, 0, 7, 0)
    assert found.begun_at == NOW
    assert records.arrivals("faces") is None


def test_two_servers_in_one_minute_are_added_up(records: ScalingRecords, clock: Clock) -> None:
    records.keep(Taken((), {("digits", MINUTE): 5}))
    records.keep(Taken((), {("digits", MINUTE): 6}))
    clock.now = later(60)
    found = records.arrivals("digits")
    assert found is not None
    assert found.counts == (11,)


def test_what_is_long_ago_is_forgotten(records: ScalingRecords, clock: Clock) -> None:
    records.keep(Taken((STEP,), {("digits", MINUTE): 5}))
    clock.now = NOW + timedelta(days=31)
    new = replace(STEP, at=clock.now)
    records.keep(Taken((new,), {("digits", minute_of(clock.now) - 1): 3}))
    assert records.steps("digits") == [new]
    found = records.arrivals("digits")
    assert found is not None
    assert found.counts == (3,)


def test_nothing_is_written_where_there_is_nothing(records: ScalingRecords) -> None:
    records.keep(Taken((), {("digits", MINUTE): 0}))
    assert records.arrivals("digits") is None
