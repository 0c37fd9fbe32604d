"""Demand as projects on shared GPUs have it, made up: by the hour, from a seed."""

import random
from math import exp

from resources.gpu.forecast.history import DAY_H, WEEK_H, History

DEVICE = 1000
START_S = 1_767_571_200
"""Monday, 5 January 2026, 0:00 UTC."""

KINDS = ("office", "late", "nightly", "training", "trend", "holiday", "bursts", "small", "rare", "level")


def made_up(seed: int, weeks: int, kinds: tuple[str, ...] = KINDS) -> History:
    """One project of each kind.

    Office hours with lunch; people of another time zone; batches each night; trainings of a day or two;
    office hours that grow; office hours with days off; bursts with quiet between them; one device now and
    then; a project that is asleep most days; a level that jumps to another one every week or two.
    """
    demand = {}
    for kind in kinds:
        draw = random.Random(f"{seed} {kind}")
        demand[kind] = tuple(_series(kind, weeks * WEEK_H, draw))
    return History(START_S, demand)


def _series(kind: str, hours: int, draw: random.Random) -> list[float]:
    if kind in ("training", "bursts", "small", "rare"):
        return _jobs(kind, hours, draw)
    days_off = {day for day in range(hours // DAY_H) if draw.random() < 0.06}
    level, series = 4.0, []
    carried = 0.0
    for hour in range(hours):
        if kind == "level" and draw.random() < 1 / (1.5 * WEEK_H):
            level = draw.choice([1.0, 3.0, 6.0, 10.0])
        share = _share(kind, hour, off=kind == "holiday" and hour // DAY_H in days_off)
        growth = 1 + 1.5 * hour / hours if kind == "trend" else 1.0
        carried = 0.85 * carried + draw.gauss(0, 0.16)  # a busy day stays busy
        series.append(_whole(8 * share * growth * exp(carried) if kind != "level" else level * exp(carried)))
    return series


def _share(kind: str, hour: int, *, off: bool) -> float:
    """How much of its usual highest demand a project has at this hour of its week."""
    day, clock = (hour // DAY_H) % 7, hour % DAY_H
    if kind == "nightly":
        return 1.0 if clock < 5 else 0.1
    if kind == "late":
        clock = (clock - 9) % DAY_H
    base = 0.15 if day >= 5 or off else 0.3
    if day >= 5 or off or not 8 <= clock < 19:
        return base
    return 0.7 if clock in (8, 12, 18) else 1.0


def _jobs(kind: str, hours: int, draw: random.Random) -> list[float]:
    """Demand that is a sum of single jobs: how many a day, how long, and of how many devices."""
    a_day, mean_h, devices = {
        "training": (2.0, 30.0, (1, 2, 4)),
        "bursts": (3.0, 3.0, (1, 1, 8)),
        "small": (2.0, 2.0, (1,)),
        "rare": (0.25, 10.0, (2, 4)),
    }[kind]
    series = [0.0] * hours
    for hour in range(hours):
        day, clock = (hour // DAY_H) % 7, hour % DAY_H
        rate = a_day / DAY_H * (2.2 if day < 5 and 8 <= clock < 19 else 0.4)
        while draw.random() < rate:
            rate -= 1
            count = draw.choice(devices)
            for later in range(hour, min(hours, hour + 1 + int(draw.expovariate(1 / mean_h)))):
                series[later] += count * DEVICE
    return series


def _whole(devices: float) -> float:
    """A number of devices in quarters, which is how finely an hour is filled here."""
    return max(0, round(devices * 4)) / 4 * DEVICE
