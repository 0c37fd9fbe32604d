"""How a training stands, as what it told and who follows it say."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from resources.learning.distributed.progress import Began, Ended, Event, Hung, Point, Saved, Told
from resources.learning.trainings.model import End, Outcome, Training
from resources.learning.trainings.standing import Cause, Standing, State, seconds_left, standing
from resources.learning.trainings.words import sentence, state_in_words
from resources.texts import translator
from tests.resources.learning.distributed.plans import tiny
from tests.resources.learning.trainings.examples import NOW, STORIES, taken

ENGLISH, CHINESE = translator("en"), translator("zh_CN")
BEGAN = Began(0, 2, "cpu", 10, 10)
AT_6 = Point(6, 2.0, 0.1, 8.0, 100.0)
TRAINING = Training(STORIES, tiny(), (taken(),))


def stands(
    *events: Event,
    training: Training = TRAINING,
    is_followed: bool = True,
    silent_s: float | None = 0.0,
    at_s: Sequence[float] = (),
) -> Standing:
    """How it stands after these events, a second apart or told at these."""
    times = at_s or [1.0 + number for number in range(len(events))]
    told = [Told(NOW + timedelta(seconds=when), event) for when, event in zip(times, events, strict=True)]
    return standing(training, told, is_followed=is_followed, silent_s=silent_s)


def ended(outcome: Outcome, problem: str | None = None) -> Training:
    """A training that ended so."""
    return replace(TRAINING, end=End(NOW, outcome, problem, "Mend it."))


@pytest.mark.parametrize(
    ("found", "state", "said"),
    [
        (stands(), State.STARTING, "Its processes start."),
        (stands(BEGAN), State.RUNNING, "At step 0 of 12."),
        (stands(BEGAN, AT_6), State.RUNNING, "At step 6 of 12."),
        (
            stands(BEGAN, AT_6, silent_s=75.2),
            State.RUNNING,
            "Nothing has moved for 75 s, after step 6 of 12.",
        ),
        (
            stands(BEGAN, AT_6, Hung(6, 600.0, (), goes_on=True)),
            State.HUNG,
            "It hung after step 6 of 12, was killed, and is started again.",
        ),
        (
            stands(BEGAN, AT_6, is_followed=False),
            State.KILLED,
            (
                "The process of its run was killed after step 6 of 12. It goes on from its last checkpoint "
                "when the run is taken up again."
            ),
        ),
    ],
)
def test_the_state_in_words(found: Standing, state: State, said: str) -> None:
    assert found.state is state
    assert sentence(TRAINING, found, ENGLISH) == said
    assert state_in_words(state, CHINESE) != state_in_words(state, ENGLISH)


@pytest.mark.parametrize(
    ("outcome", "state", "said"),
    [
        (Outcome.DONE, State.DONE, "All 12 steps are done."),
        (
            Outcome.MADE_ROOM,
            State.WAITING,
            "It made room after step 6 of 12, and goes on when its run has devices.",
        ),
        (
            Outcome.CANCELLED,
            State.CANCELLED,
            "Cancelled after step 6 of 12; a re-execution of its run goes on.",
        ),
        (Outcome.FAILED, State.FAILED, "Failed after step 6 of 12: it is broken. Mend it."),
    ],
)
def test_how_it_ended_in_words(outcome: Outcome, state: State, said: str) -> None:
    training = ended(outcome, "it is broken")
    found = stands(BEGAN, AT_6, training=training, is_followed=False)
    assert found.state is state
    assert sentence(training, found, ENGLISH) == said


def test_one_that_was_taken_up_and_has_told_nothing_since_starts() -> None:
    again = replace(TRAINING, taken_up=(taken(), taken(60, attempt=2)))
    assert stands(BEGAN, AT_6, training=again).state is State.STARTING


def why(*between: Event, training: Training = TRAINING, processes: int = 2) -> Standing:
    """Told before, then these events, and then it was taken up from step 4, after a minute and a half."""
    events = (BEGAN, AT_6, *between, replace(BEGAN, step=4, processes=processes))
    times = [1.0, 2.0, *(3.0 for _ in between), 90.0]
    return stands(*events, training=training, at_s=times)


def taken_again(*earlier: End) -> Training:
    """A run that took it up again after a minute."""
    return replace(TRAINING, taken_up=(taken(), taken(60, attempt=2)), earlier=earlier)


def test_why_it_was_taken_up_again_is_told() -> None:
    at = NOW + timedelta(seconds=5)
    causes = {
        Cause.PROCESS_DIED: why(),
        Cause.HUNG: why(Hung(6, 600.0, (), goes_on=True)),
        Cause.RUN_KILLED: why(training=taken_again()),
        Cause.MADE_ROOM: why(Ended(6, done=False), training=taken_again(End(at, Outcome.MADE_ROOM))),
        Cause.CANCELLED: why(Ended(6, done=False), training=taken_again(End(at, Outcome.CANCELLED))),
        Cause.FAILED: why(training=taken_again(End(at, Outcome.FAILED))),
    }
    for cause, found in causes.items():
        (again,) = found.resumptions
        assert (again.cause, again.step, again.reached) == (cause, 4, 6)
    said = sentence(TRAINING, causes[Cause.HUNG], ENGLISH)
    assert said == "At step 4 of 12. Resumed from step 4 after it hung. 2 steps are done again."
    assert "第 4 步" in sentence(TRAINING, causes[Cause.HUNG], CHINESE)


def test_a_change_of_the_number_of_processes_is_told() -> None:
    said = sentence(TRAINING, why(processes=1), ENGLISH)
    assert said.endswith("after one of its processes died. 2 steps are done again. Processes: 1, 2 before.")


def test_the_rest_takes_as_long_as_the_last_point_was_fast() -> None:
    assert seconds_left(TRAINING, stands(BEGAN, AT_6)) == 6 * 8 / 8.0
    assert seconds_left(TRAINING, stands(BEGAN)) is None
    assert seconds_left(TRAINING, stands(BEGAN, AT_6, is_followed=False)) is None


def test_what_runs_comes_before_what_waits_and_what_is_done() -> None:
    found = [
        stands(BEGAN, training=ended(Outcome.DONE)),
        stands(BEGAN, training=ended(Outcome.MADE_ROOM)),
        stands(BEGAN),
    ]
    assert [one.state for one in sorted(found, key=lambda one: one.place)] == [
        State.RUNNING,
        State.WAITING,
        State.DONE,
    ]


def test_the_last_checkpoint_and_hang_are_known() -> None:
    saved, hang = Saved(4, 0.01, 0.1, 100), Hung(6, 600.0, ("stacks-0.txt",), goes_on=False)
    found = stands(BEGAN, saved, AT_6, hang)
    assert found.saved == saved
    assert found.hang is not None
    assert found.hang.event == hang
    assert found.parameters == 10
