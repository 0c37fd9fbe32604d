"""What one shape finds on nodes: whether it fits, on which devices, and at what loss of worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from resources.gpu.placement.free import Bools, FreeSpace, Ints, Room
from resources.gpu.placement.model import WHOLE_MILLI, Shape, Span
from resources.gpu.placement.worth import STEP, Worth

NO_FIT = np.iinfo(np.int32).max
"""The score of a node on which a shape does not fit."""


class Scores(NamedTuple):
    """One entry for each node that was looked at."""

    score: Ints
    """Steps of worth lost, the less the better; ``NO_FIT`` where the shape does not fit."""
    chosen: Bools
    """The devices it would get: nodes × devices."""


@dataclass(frozen=True)
class Scan:
    """One shape, made ready to be looked for on many nodes."""

    shape: Shape
    span: Span
    model_allowed: Bools | None
    """By code of the model; None where any will do."""

    @classmethod
    def of(cls, shape: Shape, span: Span, models: Sequence[str]) -> "Scan":
        """The shape in a cluster of devices of ``models``."""
        if shape.models is None:
            return cls(shape, span, None)
        return cls(shape, span, np.array([bool(model) and model in shape.models for model in models], bool))

    def score(self, space: FreeSpace, rows: Ints, worth: Worth | None) -> Scores:
        """Look at the nodes of ``rows``."""
        room = space.now.at(rows)
        fitting = self.fitting(room, space.model[rows])
        chosen, enough = self._choose(fitting, room, space.island[rows])
        fits = enough & self.has_host_room(room)
        score = np.full(len(rows), NO_FIT, np.int64)
        at = np.flatnonzero(fits)
        if not len(at):
            return Scores(score, chosen)
        if worth is None:
            score[at] = 0
            return Scores(score, chosen)
        models = space.model[rows[at]]
        lost, picked = self._lost(room.at(at), models, fitting[at], chosen[at], worth)
        score[at] = lost // STEP
        chosen[at] = picked
        return Scores(score, chosen)

    def fitting(self, room: Room, models: Ints) -> Bools:
        """Which devices are of a model that will do and have enough share and memory free."""
        fitting: Bools = room.milli >= self.shape.milli
        if self.shape.memory_mib:
            fitting &= room.memory_mib >= self.shape.memory_mib
        if self.model_allowed is not None:
            fitting &= self.model_allowed[models]
        return fitting

    def has_host_room(self, room: Room) -> Bools:
        """Which nodes have the CPU and host memory of the whole shape free."""
        has_cpu: Bools = room.cpu_milli >= self.shape.cpu_milli
        return has_cpu & (room.host_memory_mib >= self.shape.host_memory_mib)

    def _choose(self, fitting: Bools, room: Room, island: Ints) -> tuple[Bools, Bools]:
        """Those devices of each node with the least free, and whether there are enough."""
        count = self.shape.devices
        if count == 0:
            return np.zeros_like(fitting), np.ones(len(fitting), bool)
        if count > 1:
            fitting = self._within_island(fitting, island)
        if self.shape.milli == WHOLE_MILLI:
            chosen = fitting & (fitting.cumsum(1) <= count)
        else:
            order = np.where(fitting, room.milli, WHOLE_MILLI + 1).argsort(1, kind="stable")
            chosen = np.zeros_like(fitting)
            np.put_along_axis(chosen, order[:, :count], True, 1)
            chosen &= fitting
        return chosen, chosen.sum(1) == count

    def _within_island(self, fitting: Bools, island: Ints) -> Bools:
        """Only the devices of the smallest island that has enough; where none has, all of them or none."""
        numbers = range(max(int(island.max(initial=0)), 0) + 1)
        per_island: Ints = np.stack([(fitting & (island == number)).sum(1) for number in numbers], 1)
        enough: Bools = per_island >= self.shape.devices
        best = np.where(enough, per_island, np.iinfo(np.int64).max).argmin(1)
        inside: Bools = fitting & (island == best[:, None])
        otherwise = np.zeros_like(fitting) if self.span is Span.ISLAND else fitting
        somewhere: Bools = np.asarray(enough.any(1))
        return np.where(somewhere[:, None], inside, otherwise)

    def _lost(
        self, room: Room, models: Ints, fitting: Bools, chosen: Bools, worth: Worth
    ) -> tuple[Ints, Bools]:
        """The worth lost on nodes where it fits, and the devices chosen."""
        shape = self.shape
        before = worth.lost(room, models)
        cpu_left = room.cpu_milli - shape.cpu_milli
        if shape.devices == 1 and shape.milli < WHOLE_MILLI:
            left = room._replace(cpu_milli=cpu_left)
            after, best = worth.lost_by_device(left, models, fitting, shape.milli, shape.memory_mib)
            picked = np.zeros_like(chosen)
            picked[np.arange(len(best)), best] = True
            return after - before, picked
        left = room._replace(
            milli=room.milli - shape.milli * chosen,
            memory_mib=room.memory_mib - shape.memory_mib * chosen,
            cpu_milli=cpu_left,
        )
        return worth.lost(left, models) - before, chosen
