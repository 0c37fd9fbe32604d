"""Who uses more than their lease, and what is done about it: a pure function of what was looked at.

| rule | says |
|---|---|
| U1 | The run is within its lease. |
| U2 | It has more device memory than its lease reserves. |
| U3 | It uses more CPU than its lease. |
| U4 | It has more main memory than its lease. |
| U5 | A device is used by somebody who has no lease on it. |
| U6 | Of a device less memory is free than its other leases are still owed. |

U2 to U5 take their course in three steps. Seen in one look it is noted; seen in the next one too, warned.
When the grace after the warning is over, what the run declared is done: it is left, its lease grows where
there is room, or it is evicted. A run that is back for one look is forgotten if it was never warned; a warned
one has to be back for two. Under U6 whoever has been above their lease of that device for two looks, or has
no reservation there, is evicted at once, whatever they declared; the greatest excess first, and no more of
them than it takes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from resources.gpu.enforcement.excess import Key, excesses
from resources.gpu.enforcement.guarantee import Danger, dangers
from resources.gpu.enforcement.model import Action, Finding, Limits, Look
from resources.gpu.model import Overuse, RunId
from resources.gpu.policy.reason import Reason
from resources.texts import mark

LOOK_EVERY_S = 3.0
"""How often to look. A warning is due within 10 s and takes two looks; of CPU, which is an average since the
look before, the one during which overuse begins may not show it yet."""
LOOKS_TO_WARN = 2
LOOKS_TO_CLEAR = 2


@dataclass(frozen=True)
class Patience:
    """In seconds."""

    grace_s: float = 60.0
    """From the warning until what was declared is done."""
    again_s: float = 60.0
    """After so long without effect it is asked for again: whoever was to do it may be dead."""


DEFAULT_PATIENCE = Patience()


@dataclass(frozen=True)
class Course:
    """How far one excess has come."""

    since_s: float
    looks: int = 1
    """In which it was too much."""
    back: int = 0
    """Looks in a row in which it was within; only a warned one is remembered for them."""
    warned_s: float | None = None
    acted_s: float | None = None
    left: bool = False


History = Mapping[Key, Course]
"""What earlier looks saw. It may be lost: then the same is seen anew."""

HasRoom = Callable[[Finding], bool]
"""Whether a lease can grow to what the finding's values say is used."""


@dataclass(frozen=True)
class Judgement:
    """What one look led to."""

    findings: tuple[Finding, ...]
    history: History = field(default_factory=dict)
    """For the next look."""


def judge(
    limits: tuple[Limits, ...],
    look: Look,
    history: History,
    now_s: float,
    *,
    has_room: HasRoom,
    patience: Patience = DEFAULT_PATIENCE,
) -> Judgement:
    """What to do after one look. ``now_s`` is of a clock that nobody sets.

    Each lease comes out at least once: under U1 with nothing to do, or under what it does too much.
    """
    by_run = {one.run_id: one for one in limits}
    step = _Step(by_run, now_s, has_room, patience)
    seen = excesses(by_run, look)
    courses = {key: _seen_again(history.get(key), now_s) for key in seen}
    findings: list[Finding] = []
    endangered = dangers(by_run, look)
    for key, reason in seen.items():
        made, courses[key] = step.take(key, _sharpened(key, reason, endangered), courses[key])
        findings.append(made)
    for danger in endangered:
        for key, reason in danger.offenders.items():
            course = courses.get(key) or _seen_again(history.get(key), now_s)
            made, courses[key] = step.evict(key, reason, course)
            findings.append(made)
    cleared, remembered = _back_within(history, courses, by_run)
    too_much = {key.run_id for key in courses}
    findings += [*cleared, *(_within(run) for run in by_run if run not in too_much)]
    return Judgement(tuple(findings), courses | remembered)


def _seen_again(known: Course | None, now_s: float) -> Course:
    return Course(now_s) if known is None else replace(known, looks=known.looks + 1, back=0)


def _sharpened(key: Key, reason: Reason, endangered: tuple[Danger, ...]) -> Reason:
    """Of a stranger it is said, too, that leases have come short."""
    for danger in endangered:
        if key.run_id is None and danger.left_short and danger.device_id == key.device_id:
            return danger.of_stranger(reason.values)
    return reason


@dataclass(frozen=True)
class _Step:
    """Moves one excess on."""

    limits: Mapping[RunId, Limits]
    now_s: float
    has_room: HasRoom
    patience: Patience

    def take(self, key: Key, reason: Reason, course: Course) -> tuple[Finding, Course]:
        if course.warned_s is None:
            if course.looks < LOOKS_TO_WARN:
                return _finding(key, reason, Action.NOTE), course
            return _finding(key, reason, Action.WARN), replace(course, warned_s=self.now_s)
        if key.run_id is None or self.now_s - course.warned_s < self.patience.grace_s or self._waits(course):
            return _finding(key, reason, Action.NONE), course
        overuse = self.limits[key.run_id].overuse
        wanted = _finding(key, reason, Action.RESIZE)
        # A device that is not in the lease is no matter of more or less of it.
        if overuse is Overuse.RESIZE and key.rule != "U5" and self.has_room(wanted):
            return wanted, replace(course, acted_s=self.now_s)
        if overuse is Overuse.EVICT:
            return _finding(key, reason, Action.EVICT), replace(course, acted_s=self.now_s)
        action = Action.NONE if course.left else Action.LEAVE
        return _finding(key, reason, action), replace(course, left=True)

    def evict(self, key: Key, reason: Reason, course: Course) -> tuple[Finding, Course]:
        """The same for one that endangers its neighbours."""
        if course.looks < LOOKS_TO_WARN:
            return _finding(key, reason, Action.NOTE), course
        if self._waits(course):
            return _finding(key, reason, Action.NONE), course
        return _finding(key, reason, Action.EVICT), replace(course, acted_s=self.now_s)

    def _waits(self, course: Course) -> bool:
        return course.acted_s is not None and self.now_s - course.acted_s < self.patience.again_s


def _back_within(
    history: History, seen: History, limits: Mapping[RunId, Limits]
) -> tuple[list[Finding], dict[Key, Course]]:
    """Who is back, and who may be. A run that has no lease any more is forgotten."""
    cleared, remembered = [], {}
    for key, course in history.items():
        if key in seen or key.run_id not in limits or course.warned_s is None:
            continue
        if course.back + 1 < LOOKS_TO_CLEAR:
            remembered[key] = replace(course, back=course.back + 1)
            continue
        cleared.append(_finding(key, Reason("U1", _BACK, {"ended": key.rule}), Action.CLEAR))
    return cleared, remembered


def _within(run_id: RunId) -> Finding:
    return Finding(Reason("U1", _WITHIN), Action.NONE, run_id)


def _finding(key: Key, reason: Reason, action: Action) -> Finding:
    return Finding(reason, action, key.run_id, key.device_id, key.pid)


_WITHIN = mark("It is within its lease.")
_BACK = mark("It is within its lease again; rule {ended} holds.")
