"""From what a server counts to what an autoscaler sees: rates of the last seconds, requests by the minute."""

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from resources.serving.scaling.forecast import DAY_S, MOST_DAYS
from resources.serving.scaling.model import Arrivals, ScalingSnapshot

Number = TypeVar("Number", int, float)

WINDOW_S = 15.0
"""What is measured is a mean over so long."""
LEAST_S = 1.0
"""Of less nothing is said yet."""
BUCKET_S = 60
KEPT = (MOST_DAYS * DAY_S + 3600) // BUCKET_S
"""Minutes that are kept: the days that a season is taken from, and an hour."""


@dataclass(frozen=True)
class Reading:
    """What a server knows of one service at a moment. Sums are since it began, and never fall."""

    ready: int
    starting: int
    waiting: int
    """Requests that no replica has taken."""
    requests: int
    """How many came, in all."""
    answered: int = 0
    busy_s: float = 0.0
    """How long replicas were taken up by those that were answered, in all."""
    cpu_s: float | None = None
    """Processor time of all replicas, in all, those that ended too."""
    cores: float = 1.0
    """Cores that one replica may use."""
    gpu: float | None = None
    """How busy the devices of ready replicas are now, as a share; so is the next one of memory."""
    memory: float | None = None
    p99_ms: float | None = None
    idle_s: float = 0.0
    cold_start_s: float | None = None
    """The newest that was measured."""
    stopping: int = 0
    """Replicas whose devices the arbiter wants back; they answer nothing new."""
    stopping_for: str = ""
    stopping_by: str = ""
    """For whom, and by which rule of the arbiter."""


class Observer:
    """Remembers the readings of one service for as long as they say something."""

    def __init__(self, endpoint: str, arrivals: Arrivals | None = None) -> None:
        """What came before, if that is known, in minutes."""
        self._endpoint = endpoint
        self._readings: deque[tuple[datetime, Reading]] = deque()
        self._minutes: deque[int] = deque(arrivals.counts if arrivals else (), maxlen=KEPT)
        self._minute = None if arrivals is None else minute_of(arrivals.ended_at)
        """The one that is being counted."""
        self._count = 0

    def see(self, reading: Reading, now: datetime) -> ScalingSnapshot:
        """The snapshot at ``now``. Asked twice at one moment it counts nothing twice."""
        self._count_arrivals(reading, now)
        while self._readings and self._readings[-1][0] >= now:
            self._readings.pop()
        since = now - timedelta(seconds=WINDOW_S)
        while len(self._readings) > 1 and self._readings[1][0] <= since:
            self._readings.popleft()
        self._readings.append((now, reading))
        at, before = self._readings[0]
        lasted_s = (now - at).total_seconds()
        is_known = lasted_s >= LEAST_S
        came, answered = _grown(before.requests, reading.requests), _grown(before.answered, reading.answered)
        busy_s = _grown(before.busy_s, reading.busy_s)
        return ScalingSnapshot(
            self._endpoint,
            reading.ready,
            reading.starting,
            cpu=_cpu(before, reading, lasted_s) if is_known else None,
            gpu=self._gpu(),
            memory=reading.memory,
            queue=reading.waiting,
            p99_ms=reading.p99_ms,
            rate_per_s=came / lasted_s if is_known else None,
            service_s=busy_s / answered if answered else self._service_s(),
            idle_s=reading.idle_s,
            cold_start_s=reading.cold_start_s,
            arrivals=self.arrivals(),
            stopping=reading.stopping,
            stopping_for=reading.stopping_for,
            stopping_by=reading.stopping_by,
        )

    def arrivals(self) -> Arrivals | None:
        """Requests by the minute, up to the last whole one; None before the first."""
        if self._minute is None or not self._minutes:
            return None
        ended = datetime.fromtimestamp(self._minute * BUCKET_S, UTC)
        return Arrivals(
            ended - timedelta(seconds=BUCKET_S * len(self._minutes)), BUCKET_S, tuple(self._minutes)
        )

    def _count_arrivals(self, reading: Reading, now: datetime) -> None:
        minute = minute_of(now)
        before = self._readings[-1][1].requests if self._readings else reading.requests
        if self._minute is None:
            self._minute = minute
        while self._minute < minute:  # what came since the last look belongs to the minute of that look
            self._minutes.append(self._count)
            self._count, self._minute = 0, self._minute + 1
        self._count += _grown(before, reading.requests)

    def _gpu(self) -> float | None:
        """The mean of what was read: a device tells of a moment, and a model computes in bursts."""
        read = [one.gpu for _, one in self._readings if one.gpu is not None]
        return sum(read) / len(read) if read and self._readings[-1][1].ready else None

    def _service_s(self) -> float | None:
        """As long as all that were ever answered took in the mean."""
        _, newest = self._readings[-1]
        return newest.busy_s / newest.answered if newest.answered else None


def minute_of(at: datetime) -> int:
    """Minutes since 1970."""
    return int(at.timestamp() // BUCKET_S)


def _cpu(before: Reading, now: Reading, lasted_s: float) -> float | None:
    if before.cpu_s is None or now.cpu_s is None or now.ready == 0:
        return None
    return min(1.0, _grown(before.cpu_s, now.cpu_s) / (lasted_s * now.cores * now.ready))


def _grown(before: Number, now: Number) -> Number:
    """By how much a sum grew; one that fell began anew."""
    return now - before if now >= before else now
