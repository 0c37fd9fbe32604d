"""Weighted max-min fairness by water-filling: how much of something each is due.

Everybody's level (what it has, divided by its weight) rises together, until it has what it wants; the rest
goes to the others. In the result nobody can get more without taking from one whose level is no higher
(Bertsekas and Gallager, Data Networks, 1992, section 6.5.2). Sorting makes it O(n log n).
"""

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class ShareGroup:
    """A cohort, project or user that wants something; a group wants what those in it want."""

    name: str
    weight: float = 1.0
    demand: float = 0.0
    """What it wants itself, where it has no members."""
    members: tuple["ShareGroup", ...] = ()

    @property
    def wants(self) -> float:
        """By itself, or by all in it."""
        return math.fsum(one.wants for one in self.members) if self.members else self.demand


def fair_shares(
    demands: Mapping[Key, float],
    weights: Mapping[Key, float],
    capacity: float,
    guaranteed: Mapping[Key, float] | None = None,
) -> dict[Key, float]:
    """What each is due of ``capacity``: never more than it demands, and all of it where all is wanted.

    ``weights`` are 1 where none is given; who weighs 0 gets what the others leave, in equal parts. What is
    ``guaranteed`` comes first, and only what is left is divided; guarantees that pass the capacity are cut in
    proportion. Raises :class:`ValueError` for a negative number.
    """
    _refuse_negative(demands, "demand")
    _refuse_negative(weights, "weight")
    _refuse_negative(guaranteed or {}, "guarantee")
    _refuse_negative({"all": capacity}, "capacity")
    first = {key: min(demand, (guaranteed or {}).get(key, 0.0)) for key, demand in demands.items()}
    promised = math.fsum(first.values())
    if promised > capacity:
        return {key: amount * capacity / promised for key, amount in first.items()}
    wanted = {key: demand - first[key] for key, demand in demands.items()}
    heavy = {key: amount for key, amount in wanted.items() if weights.get(key, 1.0) > 0}
    light = {key: amount for key, amount in wanted.items() if key not in heavy}
    shares = _filled(heavy, weights, capacity - promised)
    left = max(0.0, capacity - promised - math.fsum(shares.values()))
    shares |= _filled(light, {}, left)
    return {key: first[key] + shares[key] for key in demands}


def fair_shares_within(group: ShareGroup, capacity: float) -> dict[tuple[str, ...], float]:
    """What each in a hierarchy is due, by its path: cohorts first, then projects, then users."""
    return dict(_within(group, capacity, (group.name,)))


def jain_index(values: Iterable[float]) -> float:
    """How even ``values`` are: 1 where all are the same, 1/n where one has everything (Jain et al., 1984)."""
    kept = list(values)
    largest = max(kept, default=0.0)
    if largest == 0:
        return 1.0
    scaled = [value / largest for value in kept]
    return math.fsum(scaled) ** 2 / (len(scaled) * math.fsum(value * value for value in scaled))


def _filled(demands: Mapping[Key, float], weights: Mapping[Key, float], capacity: float) -> dict[Key, float]:
    """Who is satisfied at the lowest level comes first; what each leaves raises the level of the rest."""
    order = sorted(demands, key=lambda key: demands[key] / weights.get(key, 1.0))
    shares: dict[Key, float] = {}
    left, weight_left = capacity, math.fsum(weights.get(key, 1.0) for key in demands)
    for at, key in enumerate(order):
        weight = weights.get(key, 1.0)
        level = left / weight_left if weight_left > 0 else 0.0
        if demands[key] > weight * level:
            rest = order[at:]
            total = math.fsum(weights.get(one, 1.0) for one in rest)
            return shares | {one: left * (weights.get(one, 1.0) / total) for one in rest}
        shares[key] = demands[key]
        left = max(0.0, left - demands[key])
        weight_left -= weight
    return shares


def _within(
    group: ShareGroup, amount: float, path: tuple[str, ...]
) -> Iterable[tuple[tuple[str, ...], float]]:
    yield path, min(amount, group.wants)
    demands = {one.name: one.wants for one in group.members}
    shares = fair_shares(demands, {one.name: one.weight for one in group.members}, amount)
    for one in group.members:
        yield from _within(one, shares[one.name], (*path, one.name))


def _refuse_negative(values: Mapping[Key, float], what: str) -> None:
    for key, value in values.items():
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"the {what} of {key} is {value}; expected 0 or a positive number")
