"""The requests of a day: from a list of arrivals, or made up from a seed.

Each arrival of a list is a client: it sends requests for a while, at random times. The requests of openb, the
trace, are those of its latency-sensitive pods; from first to last they are made to last a day.
"""

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

DAY_S = 86_400.0
GZIP = b"\x1f\x8b"
COLUMNS = ("arrival_s", "creation_time", "submit_time")
"""Of a list of arrivals: the first that it has, in any unit of time."""
CLIENT_PER_S = 1.0
CLIENT_S = 120.0
"""What one arrival sends: so many requests in a second, for so long in the mean."""
LATENCY_SENSITIVE = frozenset({"LS"})
HOURS = (0.0, 6.0, 8.0, 9.0, 9.5, 11.5, 12.0, 13.0, 13.5, 17.0, 18.0, 20.0, 21.5, 23.0, 24.0)
LEVELS = (0.2, 0.2, 2.0, 6.0, 18.0, 20.0, 11.0, 11.0, 19.0, 17.0, 8.0, 12.0, 12.0, 2.0, 0.2)
"""How busy a made-up day is at these hours."""
CLIENTS_PER_S = 0.012
BURST_MEAN = 3.0
"""Clients that come at once, in the mean."""
HISTORY_DAYS = 4
"""Days that are made up before the one that counts."""

Times = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Load:
    """When requests come, in seconds; those before 0 are known of, and answered by nobody."""

    times_s: Times

    @property
    def day_s(self) -> Times:
        """Those of the day that counts."""
        return self.times_s[self.times_s >= 0]


def read_load(path: Path, seed: int, qos: frozenset[str] = LATENCY_SENSITIVE) -> Load:
    """The requests of the arrivals in a CSV, plain or gzipped; of rows with a ``qos`` those of ``qos``.

    Raises ValueError where no column says when something arrived, or nothing did.
    """
    arrived = np.sort(np.array(_arrivals(path, qos)))
    if len(arrived) < 2 or arrived[0] == arrived[-1]:
        raise ValueError(f"{path.name}: {len(arrived)} arrivals; expected two at different times or more")
    scaled = (arrived - arrived[0]) / (arrived[-1] - arrived[0]) * DAY_S
    return Load(_requests(scaled, DAY_S, np.random.default_rng(seed)))


def made_up(seed: int, scale: float = 1.0) -> Load:
    """Office hours with lunch and an evening, days that differ, bursts of clients; the last day counts."""
    draw = np.random.default_rng(seed)
    steps = np.arange(0, DAY_S, 60.0)
    arrived = []
    for day in range(-HISTORY_DAYS, 1):
        moved_s = draw.normal(0, 300)
        rate = (
            CLIENTS_PER_S * np.interp((steps + moved_s) / 3600, HOURS, LEVELS) * np.exp(draw.normal(0, 0.15))
        )
        counts = draw.poisson(scale * rate * 60.0 / BURST_MEAN)
        moments = np.repeat(steps, counts) + draw.uniform(0, 60.0, counts.sum())
        together = draw.geometric(1 / BURST_MEAN, len(moments))
        arrived.append(np.repeat(moments, together) + day * DAY_S)
    return Load(_requests(np.sort(np.concatenate(arrived)), DAY_S, draw))


def _requests(arrived_s: Times, until_s: float, draw: np.random.Generator) -> Times:
    """What clients that come at these times send."""
    stays_s = draw.exponential(CLIENT_S, len(arrived_s))
    counts = draw.poisson(CLIENT_PER_S * stays_s)
    times = np.repeat(arrived_s, counts) + np.repeat(stays_s, counts) * draw.uniform(0, 1, counts.sum())
    return np.sort(times[times < until_s])


def _arrivals(path: Path, qos: frozenset[str]) -> list[float]:
    with path.open("rb") as raw:
        compressed = raw.read(2) == GZIP
    with gzip.open(path, "rt", newline="") if compressed else path.open(newline="") as text:
        rows = csv.DictReader(text)
        column = next((name for name in COLUMNS if name in (rows.fieldnames or ())), None)
        if column is None:
            raise ValueError(f"{path.name} has the columns {rows.fieldnames}; expected one of {COLUMNS}")
        return [float(row[column]) for row in rows if row[column] and ("qos" not in row or row["qos"] in qos)]
