"""How a training stands, from what is known of it and what it told. Pure: reads nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from resources.learning.distributed.progress import Began, Ended, Hung, Measured, Point, Saved, Told
from resources.learning.trainings.model import Outcome, Training

QUIET_S = 60.0
"""Without a step for longer, people are told so; when it counts as hanging is its own patience."""


class State(StrEnum):
    """What a training does now."""

    RUNNING = "running"
    STARTING = "starting"
    HUNG = "hung"
    """It was killed for it, and is being started again."""
    KILLED = "killed"
    """Whoever followed it died; its run takes it up again, or somebody re-executes it."""
    WAITING = "waiting"
    """It made room, and its run waits for devices."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    DONE = "done"


LIVE = (State.RUNNING, State.STARTING, State.HUNG)
_ORDER = (*LIVE, State.WAITING, State.KILLED, State.FAILED, State.CANCELLED, State.DONE)
_ENDS = {
    Outcome.DONE: State.DONE,
    Outcome.MADE_ROOM: State.WAITING,
    Outcome.CANCELLED: State.CANCELLED,
    Outcome.FAILED: State.FAILED,
}


class Cause(StrEnum):
    """Why a training had to be taken up again."""

    MADE_ROOM = "made room"
    CANCELLED = "cancelled"
    FAILED = "failed"
    HUNG = "hung"
    RUN_KILLED = "run killed"
    """The process of its run died."""
    PROCESS_DIED = "process died"
    """One of the processes that train."""


_OUTCOMES = {
    Outcome.MADE_ROOM: Cause.MADE_ROOM,
    Outcome.CANCELLED: Cause.CANCELLED,
    Outcome.FAILED: Cause.FAILED,
}


@dataclass(frozen=True)
class Resumption:
    """One time that it was taken up again."""

    at: datetime | None
    step: int
    """Which its checkpoint had done."""
    reached: int
    """How far it had been: the steps in between are done again."""
    cause: Cause
    processes: int
    processes_before: int


@dataclass(frozen=True)
class Standing:
    """A training as people see it."""

    state: State
    step: int
    point: Point | None
    """The last one."""
    resumptions: tuple[Resumption, ...]
    hang: Told | None
    """The last one."""
    saved: Saved | None
    scores: dict[str, float]
    parameters: int | None
    quiet_s: float | None
    """Since when nothing moves, where that is long and it should."""

    @property
    def place(self) -> int:
        """Where it stands among others: what runs comes first."""
        return _ORDER.index(self.state)


def standing(
    training: Training, told: Sequence[Told], *, is_followed: bool, silent_s: float | None = None
) -> Standing:
    """How it stands. ``is_followed``: whether the process that took it up last lives."""
    events = [one.event for one in told]
    points = [one for one in events if isinstance(one, Point)]
    began = [one for one in events if isinstance(one, Began)]
    hangs = [one for one in told if isinstance(one.event, Hung)]
    saved = [one for one in events if isinstance(one, Saved)]
    measured = [one for one in events if isinstance(one, Measured)]
    state = _state(training, told, is_followed)
    last = next((one.step for one in reversed(events) if isinstance(one, Point | Began | Ended)), 0)
    is_quiet = state is State.RUNNING and silent_s is not None and silent_s >= QUIET_S
    return Standing(
        state=state,
        step=last,
        point=points[-1] if points else None,
        resumptions=_resumptions(training, told),
        hang=hangs[-1] if hangs else None,
        saved=saved[-1] if saved else None,
        scores=dict(measured[-1].scores) if measured else {},
        parameters=began[-1].parameters if began else None,
        quiet_s=silent_s if is_quiet else None,
    )


def seconds_left(training: Training, stands: Standing) -> float | None:
    """How long the rest takes at the speed of the last point; None where nothing tells."""
    point = stands.point
    if stands.state is not State.RUNNING or point is None or point.samples_per_s <= 0:
        return None
    return (training.plan.steps - stands.step) * training.plan.batch_size / point.samples_per_s


def _state(training: Training, told: Sequence[Told], is_followed: bool) -> State:
    if training.end is not None:
        return _ENDS[training.end.outcome]
    if not is_followed:
        return State.KILLED
    since = [one.event for one in told if one.at is not None and one.at >= training.last.at]
    if not since:
        return State.STARTING
    return State.HUNG if isinstance(since[-1], Hung) else State.RUNNING


def _resumptions(training: Training, told: Sequence[Told]) -> tuple[Resumption, ...]:
    found: list[Resumption] = []
    before: Began | None = None
    before_at: datetime | None = None
    reached, cause = 0, Cause.PROCESS_DIED
    for one in told:
        event = one.event
        if isinstance(event, Point):
            reached = event.step
        elif isinstance(event, Hung):
            cause = Cause.HUNG
        elif isinstance(event, Ended):
            reached = event.step
        elif isinstance(event, Began):
            if before is not None:
                if cause is Cause.PROCESS_DIED:
                    cause = _why_between(training, before_at, one.at)
                processes = event.processes
                found.append(
                    Resumption(
                        one.at, event.step, max(reached, event.step), cause, processes, before.processes
                    )
                )
            before, before_at, reached, cause = event, one.at, event.step, Cause.PROCESS_DIED
    return tuple(found)


def _why_between(training: Training, begin: datetime | None, end: datetime | None) -> Cause:
    """Why whoever followed it in between followed it no longer; else it lost a process of its own."""
    if begin is None or end is None or not any(begin < taken.at <= end for taken in training.taken_up):
        return Cause.PROCESS_DIED
    ended = [one for one in training.earlier if begin < one.at <= end]
    return _OUTCOMES.get(ended[-1].outcome, Cause.RUN_KILLED) if ended else Cause.RUN_KILLED
