"""What the checker remembers of a history while it walks along it."""

from collections import defaultdict
from dataclasses import dataclass, field, replace

from tests.checker.history import Asked, Event, Place, World

HALF_LIFE_S = 7 * 24 * 3600.0


@dataclass
class Live:
    """A run that holds cards."""

    asked: Asked
    places: tuple[Place, ...]
    since_s: float
    stopped_for: str | None = None


@dataclass
class Kept:
    """Cards that are kept for a run until the end of the pass in which this was said."""

    run: str
    places: tuple[Place, ...]
    starts_at_s: float | None


@dataclass
class Eyes:
    """Everything seen so far, and what was wrong with it."""

    world: World
    waiting: set[str] = field(default_factory=set)
    queued_at_s: dict[str, float] = field(default_factory=dict)
    submitted_at_s: dict[str, float] = field(default_factory=dict)
    live: dict[str, Live] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    attained_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Card-seconds of earlier attempts."""
    evicted_at_s: dict[str, float] = field(default_factory=dict)
    evictions: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """For whom each run was stopped."""
    freed_for: dict[Place, str] = field(default_factory=dict)
    kept: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    """Where those stand for whom others make room."""
    unlucky: set[str] = field(default_factory=set)
    """Those who lost a card that was kept for them."""
    saved: list[Kept] = field(default_factory=list)
    """What this pass keeps for the first in line."""
    reserved: dict[str, Event] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    """Projects whose budget is used up."""
    lost: set[Place] = field(default_factory=set)
    drained: dict[str, Event] = field(default_factory=dict)
    """By what people call it."""
    decided: dict[str, str] = field(default_factory=dict)
    """In this pass: what was decided about whom, in order; a rule."""
    stops: int = 0
    """In this pass."""
    moves: int = 0
    grants: int = 0
    past: dict[str, tuple[float, float]] = field(default_factory=dict)
    """The decayed sum of what a project used of all cards, and as of when."""
    found: list[str] = field(default_factory=list)

    def say(self, event: Event, problem: str) -> None:
        """Note a broken law."""
        self.found.append(f"at {event.at_s:g} s: {problem}")

    @property
    def out(self) -> set[Place]:
        """The cards on which nothing new may begin."""
        return self.lost | {place for one in self.drained.values() for place in one.places}

    @property
    def saved_places(self) -> set[Place]:
        """The cards kept for the first in line."""
        return {place for one in self.saved for place in one.places}

    def used(self) -> dict[str, int]:
        """What each project uses now, in thousandths of cards."""
        return _used(self.live)

    def planned(self) -> dict[str, Live]:
        """As it will be: those that make room for others gone, and these others in their places."""
        coming = {run: at for run, at in self.kept.items() if run in self.waiting}
        live = {name: one for name, one in self.live.items() if one.stopped_for not in coming}
        return live | {run: Live(self.world.asked[run], places, 0.0) for run, places in coming.items()}

    def used_as_planned(self) -> dict[str, int]:
        """What each project will use then."""
        return _used(self.planned())

    def accrue(self, project: str, now_s: float) -> None:
        """Count what a project has used up to now, before what it uses changes."""
        self.past[project] = self._past(project, now_s), now_s

    def past_share(self, project: str, now_s: float) -> float:
        """The decayed average of a project's part of all cards."""
        return self._past(project, now_s) * 0.6931471805599453 / HALF_LIFE_S

    def _past(self, project: str, now_s: float) -> float:
        """The integral of the share over the past, each moment weighing half as much a half-life later.

        Of a share that stays the same, over a time t: share * half-life / ln 2 * (1 - 2 ** (-t / half-life)).
        """
        value, as_of_s = self.past.get(project, (0.0, now_s))
        left: float = 0.5 ** ((now_s - as_of_s) / HALF_LIFE_S)
        share = self.used().get(project, 0) / (self.world.cards * 1000)
        return value * left + share * HALF_LIFE_S / 0.6931471805599453 * (1 - left)

    def without(self, names: set[str]) -> dict[str, Live]:
        """Those who run, some left out."""
        return {name: one for name, one in self.live.items() if name not in names}

    def stop(self, run: str, winner: str) -> None:
        """A run is told to make room."""
        self.live[run] = replace(self.live[run], stopped_for=winner)
        self.evictions[run].append(winner)


def _used(live: dict[str, Live]) -> dict[str, int]:
    used: dict[str, int] = defaultdict(int)
    for one in live.values():
        used[one.asked.project] += one.asked.units
    return used
