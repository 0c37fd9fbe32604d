"""The values of scaling: what is declared, what is seen, what is decided."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from math import isfinite
from zoneinfo import ZoneInfo

from resources.gpu.policy.reason import Reason

UTC_ZONE = "UTC"
DAY_MIN = 24 * 60
HIGHEST_REPLICAS = 1000
"""More is a slip of the keyboard."""


class Metric(StrEnum):
    """What replicas are counted by."""

    CPU = "cpu"
    GPU = "gpu"
    MEMORY = "memory"
    QUEUE = "queue"
    """Requests that wait, for each ready replica."""
    LATENCY = "latency"
    """99th percentile, in milliseconds."""
    RATE = "rate"
    """Requests per second that arrive, for each ready replica."""


@dataclass(frozen=True)
class Target:
    """What one metric is meant to be: a share from 0 to 1, a number of requests, or milliseconds."""

    metric: Metric
    value: float


@dataclass(frozen=True)
class Window:
    """Hours of the day within which other bounds hold. One that ends before it begins goes over midnight."""

    days: frozenset[int]
    """On which it begins: 0 is Monday, 6 Sunday."""
    from_min: int
    until_min: int
    """Minutes after midnight; 1440 is the end of the day."""
    least: int
    most: int | None
    """None leaves the bound that is declared outside windows."""

    def contains(self, local: datetime) -> bool:
        """Whether ``local``, in the zone of the spec, lies in it."""
        minute = local.hour * 60 + local.minute
        if self.from_min < self.until_min:
            return local.weekday() in self.days and self.from_min <= minute < self.until_min
        yesterday = (local.weekday() - 1) % 7
        begun_today = local.weekday() in self.days and minute >= self.from_min
        return begun_today or (yesterday in self.days and minute < self.until_min)

    @property
    def hours(self) -> str:
        """As it is written, without days and replicas: ``9:00~21:00``."""
        return f"{_clock(self.from_min)}~{_clock(self.until_min)}"


@dataclass(frozen=True)
class Bounds:
    """Between which numbers of replicas a service is now, and by which window."""

    least: int
    most: int
    window: Window | None = None
    may_sleep: bool = False
    """Whether there may be none when nobody asks; those of ``least`` are there when somebody does."""


@dataclass(frozen=True)
class ScalingSpec:
    """How a service scales. Raises ValueError where the bounds contradict each other."""

    targets: tuple[Target, ...] = ()
    windows: tuple[Window, ...] = ()
    """The first that contains a moment counts."""
    least: int = 1
    """Guaranteed outside windows."""
    most: int = 1
    idle_s: float = 300.0
    """Without a request for so long, a service that may sleep has no replica; 0 for never."""
    sleeps: bool = False
    """Whether it may outside windows, also where ``least`` is more than 0."""
    down_s: float = 300.0
    """The highest number that was wanted in this time is kept."""
    forecast: bool = False
    priority: int = 0
    """A higher one takes replicas above the guaranteed ones from lower ones."""
    zone: str = UTC_ZONE
    """Whose clock the windows are read by."""
    dry_run: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most <= HIGHEST_REPLICAS:
            raise ValueError(f"replicas {self.least}-{self.most}: expected 0 <= least <= most")

    def bounds(self, now: datetime) -> Bounds:
        """What holds at ``now``."""
        local = now.astimezone(self._zone)
        for window in self.windows:
            if window.contains(local):
                most = max(self.most, window.least) if window.most is None else window.most
                return Bounds(window.least, most, window, may_sleep=self.idle_s > 0 and window.least == 0)
        may_sleep = self.idle_s > 0 and (self.sleeps or self.least == 0)
        return Bounds(self.least, self.most, may_sleep=may_sleep)

    @property
    def _zone(self) -> tzinfo:
        return ZoneInfo(self.zone)


@dataclass(frozen=True)
class Arrivals:
    """Requests that arrived, counted over equal lengths of time; the last one ends about now."""

    begun_at: datetime
    bucket_s: float
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.bucket_s <= 0 or min(self.counts, default=0) < 0:
            raise ValueError(
                f"arrivals of {self.bucket_s} s: expected a length above 0, and no count below 0"
            )

    @property
    def ended_at(self) -> datetime:
        """When the last count ended."""
        return self.begun_at + timedelta(seconds=self.bucket_s * len(self.counts))


@dataclass(frozen=True)
class ScalingSnapshot:
    """What is known of one service at a moment. None says that nobody measured it.

    Raises ValueError for a number below 0 or without end.
    """

    endpoint: str
    ready: int
    starting: int = 0
    cpu: float | None = None
    """Mean over ready replicas, 0 to 1; so are the next two."""
    gpu: float | None = None
    memory: float | None = None
    queue: int = 0
    """Requests that wait for any replica."""
    p99_ms: float | None = None
    rate_per_s: float | None = None
    """Requests that arrive in a second, for all replicas."""
    service_s: float | None = None
    """How long a replica is taken up by one request: its busy time over the requests it answered."""
    idle_s: float = 0.0
    """Since the last request ended."""
    cold_start_s: float | None = None
    """From a decision to a ready replica, as measured."""
    arrivals: Arrivals | None = None
    free_replicas: int | None = None
    """For how many more the arbiter has devices; None: for any number."""
    free_why: Reason | None = None
    """Why not for more, as the arbiter says it."""
    owed_replicas: int = 0
    """How many of these replicas services of higher priority take now."""
    owed_to: str = ""
    """Whose they become."""
    stopping: int = 0
    """Replicas whose devices the arbiter takes back; they are neither ready nor starting."""
    stopping_for: str = ""
    stopping_by: str = ""
    """For whom it does, and by which of its rules."""

    def __post_init__(self) -> None:
        numbers = (self.ready, self.starting, self.queue, self.idle_s, self.owed_replicas, self.stopping)
        measured = (self.cpu, self.gpu, self.memory, self.p99_ms, self.rate_per_s, self.service_s)
        others = (self.cold_start_s, self.free_replicas)
        for number in (*numbers, *measured, *others):
            if number is not None and not (isfinite(number) and number >= 0):
                raise ValueError(f"{self.endpoint}: {number} in a scaling snapshot; expected 0 or more")

    @property
    def replicas(self) -> int:
        """Those that answer, those that soon will, and those that soon will be gone."""
        return self.ready + self.starting + self.stopping


@dataclass(frozen=True)
class ScalingDecision:
    """How many replicas a service is to have, and why."""

    endpoint: str
    replicas: int
    """To be started or kept. In a dry run those that there are, and the declared least."""
    current: int
    wanted: int
    """What the rules say; also in a dry run."""
    reasons: tuple[Reason, ...] = field(repr=False)
    """Each rule that set or changed the number, in order."""
    dry_run: bool = False

    @property
    def reason(self) -> Reason:
        """The rule that decided: the last one that changed the number."""
        return self.reasons[-1]

    @property
    def by(self) -> str:
        """Its number, such as ``S1``; docs/models-scaling.md has the list."""
        return self.reason.rule

    @property
    def sentence(self) -> str:
        """Why, in English; ``reason.translated`` has other languages."""
        return self.reason.text


def _clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"
