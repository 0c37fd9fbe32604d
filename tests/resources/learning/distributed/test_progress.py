"""What a training tells while it runs, kills included."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.learning.distributed.progress import (
    HEARTBEAT,
    PROGRESS,
    Began,
    Ended,
    Event,
    Hung,
    Measured,
    Point,
    ProgressFile,
    Saved,
    curve,
    read_progress,
)

EVENTS: list[Event] = [
    Began(0, 2, "cpu", 1234, 617),
    Point(10, 2.5, 1e-3, 100.0, 50.0),
    Saved(10, 0.01, 0.2, 4096),
    Hung(10, 61.0, ("stacks-0.txt", "stacks-1.txt"), goes_on=True),
    Measured(20, {"accuracy": 0.9}),
    Ended(20, done=True),
]


def test_events_come_back_as_they_were_told(tmp_path: Path) -> None:
    file = ProgressFile(tmp_path)
    for event in EVENTS:
        file.tell(event)
    assert read_progress(tmp_path)[0] == EVENTS


def test_what_is_new_is_read_from_where_reading_ended(tmp_path: Path) -> None:
    assert read_progress(tmp_path) == ([], 0)
    file = ProgressFile(tmp_path)
    file.tell(EVENTS[0])
    first, at = read_progress(tmp_path)
    file.tell(EVENTS[1])
    second, end = read_progress(tmp_path, at)
    assert (first, second) == ([EVENTS[0]], [EVENTS[1]])
    assert read_progress(tmp_path, end) == ([], end)


@pytest.mark.parametrize("kept", [1, 10, 30])
def test_a_line_that_a_kill_cut_off_is_passed_over_and_those_around_it_are_not(
    tmp_path: Path, kept: int
) -> None:
    ProgressFile(tmp_path).tell(EVENTS[0])
    whole = (tmp_path / PROGRESS).read_bytes()
    (tmp_path / PROGRESS).write_bytes(whole + whole[:kept])
    assert read_progress(tmp_path) == ([EVENTS[0]], len(whole)), (
        "half a line may be one that is being written"
    )
    ProgressFile(tmp_path).tell(EVENTS[1])
    assert read_progress(tmp_path)[0] == EVENTS[:2]


def test_a_beat_moves_the_time_of_the_heartbeat(tmp_path: Path) -> None:
    import os

    file = ProgressFile(tmp_path)
    os.utime(tmp_path / HEARTBEAT, (1, 1))
    file.beat()
    assert (tmp_path / HEARTBEAT).stat().st_mtime > 1


@given(kills=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=4))
def test_the_curve_has_each_step_once_as_it_was_done_last(kills: list[tuple[int, int]]) -> None:
    events: list[Event] = []
    at = 0
    for number, (further, back) in enumerate([*kills, (3, 0)]):
        events += [Began(at, 1, "cpu", 1, 1)]
        events += [Point(step + 1, float(number), 0.1, 1.0, 1.0) for step in range(at, at + further)]
        at = max(0, at + further - back)
    told = curve(events)
    assert [point.step for point in told] == sorted({point.step for point in told})
    last = {event.step: event for event in events if isinstance(event, Point)}
    assert all(last[point.step] == point for point in told)
