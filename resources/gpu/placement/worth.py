"""What free room is worth, given what is usually asked for: a placement is scored by the worth that it costs.

Three parts, all read from small tables by the free thousandths of each device:

1. **Fragments.** Free share of a device that a popular shape cannot use, because the device has too
   little left, or the node too little CPU or too few whole devices, counts as lost by the popularity of the
   shape. This is the fragmentation gradient of Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing
   Workloads with Fragmentation Gradient Descent" (USENIX ATC 2023), with two changes: shapes that ask for CPU
   only do not count, and a node is judged by the shapes that its model of device may hold, as the third part
   prices models.
2. **CPU.** A free device is worth nothing without cores to feed it. Where a node has fewer free cores than
   its free devices times the cores that are asked for per device in all, what is not fed is lost by
   ``CPU_WEIGHT``.
3. **Scarce models.** Free room of a model is priced by the demand for it per device there is, a shape's
   demand being spread evenly over all devices that it may use, less what all demand is per device of all:
   what can go anywhere goes where little else must go.

Worth is an exact integer, so that equal placements are equal and decisions can be repeated.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from resources.gpu.placement.free import Bools, Ints, Room
from resources.gpu.placement.model import WHOLE_MILLI, Shape

UNIT = 1 << 16
"""Worth of one thousandth of a device that everybody can use."""
STEP_MILLI = 30
"""Losses are told apart in steps of so many thousandths; within one the first node of the order wins."""
STEP = STEP_MILLI * UNIT
COVERAGE = 0.95
"""The share of requests that the popular shapes stand for."""
CPU_WEIGHT = 0.3
MODEL_WEIGHT = 0.5
MEMORY_STEPS = 8
"""So many amounts of device memory are told apart in the tables of popular shapes."""
TIE = WHOLE_MILLI + 1
"""Among devices of equal worth the one with the least free is taken."""


@dataclass(frozen=True)
class Lists:
    """The tables of :class:`Worth` as plain lists, for a look at one node."""

    cpu_steps: list[int]
    memory_steps: list[int]
    level_of: list[int]
    slope: list[list[list[list[int]]]]
    whole: list[list[list[int]]]


@dataclass(frozen=True)
class Worth:
    """Tables of one popularity for one cluster."""

    cpu_steps: Ints
    """The CPU of popular shapes, ascending: a node's CPU counts by how many of them it reaches."""
    memory_steps: Ints
    level_of: Ints
    """For each number of free thousandths, how many sizes of popular shapes it reaches."""
    slope: Ints
    """Worth lost per free thousandth, by model, CPU step, level and memory step."""
    whole: Ints
    """Worth lost more, by model, CPU step, and the number of wholly free devices, to requests for several."""
    feed_cpu_milli: int
    """CPU that a whole free device should have beside it; 0 where no CPU is asked for."""

    @cached_property
    def lists(self) -> Lists:
        """The same tables as lists."""
        tables = self.cpu_steps, self.memory_steps, self.level_of, self.slope, self.whole
        return Lists(*(table.tolist() for table in tables))

    def lost(self, room: Room, models: Ints) -> Ints:
        """The worth lost on each node of ``room``, whose devices are of ``models`` (codes)."""
        cpu = np.searchsorted(self.cpu_steps, room.cpu_milli, "right")
        parts = self._parts(room.milli, room.memory_mib, models, cpu)
        whole = np.minimum((room.milli == WHOLE_MILLI).sum(1), self.whole.shape[2] - 1)
        lost: Ints = parts.sum(1) + self.whole[models[:, 0], cpu, whole]
        return lost + self._unfed(room.milli.sum(1), room.cpu_milli)

    def lost_by_device(
        self, room: Room, models: Ints, fits: Bools, milli: int, memory_mib: int
    ) -> tuple[Ints, Ints]:
        """The least worth lost on each node after one device that ``fits`` gives up so much, and that device.

        ``room`` has the CPU that is left then.
        """
        cpu = np.searchsorted(self.cpu_steps, room.cpu_milli, "right")
        before = self._parts(room.milli, room.memory_mib, models, cpu)
        left = np.where(fits, room.milli - milli, 0)
        after = self._parts(left, room.memory_mib - memory_mib, models, cpu)
        is_whole = room.milli == WHOLE_MILLI
        whole = np.minimum(is_whole.sum(1)[:, None] - is_whole, self.whole.shape[2] - 1)
        lost = before.sum(1)[:, None] - before + after + self.whole[models[:, :1], cpu[:, None], whole]
        order = np.where(fits, lost * TIE + room.milli, np.iinfo(np.int64).max)
        best: Ints = order.argmin(1)
        least = lost[np.arange(len(best)), best]
        return least + self._unfed(room.milli.sum(1) - milli, room.cpu_milli), best

    def _parts(self, milli: Ints, memory_mib: Ints, models: Ints, cpu: Ints) -> Ints:
        memory: Ints | int = 0
        if len(self.memory_steps):
            memory = np.searchsorted(self.memory_steps, memory_mib, "right")
        parts: Ints = milli * self.slope[models, cpu[:, None], self.level_of[milli], memory]
        return parts

    def _unfed(self, idle: Ints, cpu_milli: Ints) -> Ints | int:
        if not self.feed_cpu_milli:
            return 0
        fed = cpu_milli * WHOLE_MILLI // self.feed_cpu_milli
        unfed: Ints = np.maximum(idle - fed, 0) * int(CPU_WEIGHT * UNIT)
        return unfed


def worth_of(
    popularity: Mapping[Shape, float], models: Sequence[str], capacity: Sequence[int]
) -> Worth | None:
    """The tables for shapes asked for so often, on ``capacity`` thousandths of devices of each model.

    None when nothing that is asked for could use a device: then all placements are equally good.
    """
    asked = {shape: weight for shape, weight in popularity.items() if weight > 0}
    placed = {shape: weight for shape, weight in asked.items() if shape.devices and _hosts(shape, models)}
    popular = _most_popular(placed)
    if not popular or not any(capacity):
        return None
    cpu_steps = sorted({shape.cpu_milli for shape in popular if shape.cpu_milli})
    memory_steps = _spread(sorted({shape.memory_mib for shape in popular if shape.memory_mib}), MEMORY_STEPS)
    sizes = sorted({shape.milli for shape in popular})
    slope, whole = _tables(popular, models, cpu_steps, sizes, memory_steps)
    prices = _prices(placed, models, capacity)
    slope -= np.array([int(MODEL_WEIGHT * UNIT * price) for price in prices], np.int64)[:, None, None, None]
    devices = sum(shape.units_milli * weight for shape, weight in placed.items())
    cpu = sum(shape.cpu_milli * weight for shape, weight in asked.items())
    return Worth(
        np.array(cpu_steps, np.int64),
        np.array(memory_steps, np.int64),
        np.array([bisect_right(sizes, milli) for milli in range(WHOLE_MILLI + 1)], np.int64),
        slope,
        whole,
        int(cpu * WHOLE_MILLI / devices),
    )


def _hosts(shape: Shape, models: Sequence[str]) -> frozenset[int]:
    return frozenset(
        code for code, model in enumerate(models) if shape.models is None or (model and model in shape.models)
    )


def _most_popular(asked: Mapping[Shape, float]) -> dict[Shape, float]:
    """The shapes that make up ``COVERAGE`` of all requests, most popular first; host memory is left out."""
    merged: defaultdict[Shape, float] = defaultdict(float)
    for shape, weight in asked.items():
        merged[Shape(shape.devices, shape.milli, shape.memory_mib, shape.models, shape.cpu_milli)] += weight
    ranked = sorted(merged.items(), key=lambda one: (-one[1], _key(one[0])))
    wanted = COVERAGE * sum(merged.values())
    popular: dict[Shape, float] = {}
    covered = 0.0
    for shape, weight in ranked:
        if covered >= wanted:
            break
        popular[shape] = weight
        covered += weight
    return popular


def _key(shape: Shape) -> tuple[object, ...]:
    models = ("",) if shape.models is None else ("models", *sorted(shape.models))
    return shape.devices, shape.milli, shape.memory_mib, shape.cpu_milli, models


def _spread(values: list[int], most: int) -> list[int]:
    """At most so many of ``values``, evenly drawn, the greatest among them."""
    if len(values) <= most:
        return values
    return sorted({values[(index + 1) * len(values) // most - 1] for index in range(most)})


def _tables(
    popular: Mapping[Shape, float],
    models: Sequence[str],
    cpu_steps: list[int],
    sizes: list[int],
    memory_steps: list[int],
) -> tuple[Ints, Ints]:
    most_devices = max(shape.devices for shape in popular)
    slope = np.zeros((len(models), len(cpu_steps) + 1, len(sizes) + 1, len(memory_steps) + 1), np.float64)
    whole = np.zeros((len(models), len(cpu_steps) + 1, most_devices + 1), np.float64)
    for model in range(len(models)):
        here = {shape: weight for shape, weight in popular.items() if model in _hosts(shape, models)}
        total = sum(here.values())
        for shape, weight in here.items():
            lost = weight / total
            cpu = bisect_right(cpu_steps, shape.cpu_milli)
            size = bisect_right(sizes, shape.milli)
            memory = bisect_left(memory_steps, shape.memory_mib) + 1 if shape.memory_mib else 0
            slope[model, :cpu] += lost
            slope[model, cpu:, :size] += lost
            slope[model, cpu:, size:, :memory] += lost
            if shape.devices > 1 and shape.milli == WHOLE_MILLI:
                few = np.arange(shape.devices)
                whole[model, cpu:, : shape.devices] += lost * few * WHOLE_MILLI
    return np.rint(slope * UNIT).astype(np.int64), np.rint(whole * UNIT).astype(np.int64)


def _prices(asked: Mapping[Shape, float], models: Sequence[str], capacity: Sequence[int]) -> list[float]:
    """By how much the demand per device of each model exceeds that per device of all, relatively."""
    density = [0.0] * len(capacity)
    demand = 0.0
    for shape, weight in asked.items():
        hosts = _hosts(shape, models)
        room = sum(capacity[model] for model in hosts)
        units = shape.units_milli * weight
        demand += units
        for model in hosts:
            density[model] += units / room
    return [part * sum(capacity) / demand - 1 for part in density]
