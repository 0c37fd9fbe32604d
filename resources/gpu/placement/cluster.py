"""Where requests go: an index of a cluster that is updated with each change, and never rebuilt.

For each shape that was asked for, the score of every node is kept, and only nodes that changed since are
looked at again. Of the nodes with the best score the first in a fixed shuffled order is taken: coarse scores
and one order mix first-fit into the fragmentation gradient, which allocates more than either alone
(docs/decisions/0010-placement.md).
A shape that found no place is not looked for again until something is given back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resources.errors import BadInput
from resources.gpu.placement.free import FreeSpace, Ints
from resources.gpu.placement.journal import Journal, Mark, Step
from resources.gpu.placement.model import Misfit, NodeSpec, Placement, Shape, Slot, Span
from resources.gpu.placement.scan import NO_FIT, Scan
from resources.gpu.placement.scan_one import FEW, score_one
from resources.gpu.placement.spread import spread
from resources.gpu.placement.why import explain
from resources.gpu.placement.worth import Worth, worth_of

SHAPES_KEPT = 2048
"""So many shapes have their scores kept; then all are forgotten and learned anew."""


@dataclass
class _Row:
    """What is known of one shape on one span."""

    scan: Scan
    score: NDArray[np.int32]
    chosen: NDArray[np.bool_]
    seen: int = -1
    """How many changes of nodes the scores take into account; -1 for none at all."""
    failed_in: int = -1
    """The era in which it found no place."""


class Cluster:
    """Nodes and what is free on them. Node and device indexes are those of ``nodes`` as they were given.

    Without ``popularity`` placement is first-fit on the device with the least room. Raises
    :class:`BadInput` when two nodes have one name.
    """

    def __init__(
        self,
        nodes: Sequence[NodeSpec],
        *,
        popularity: Mapping[Shape, float] | None = None,
        order_seed: int = 0,
    ) -> None:
        self.nodes = tuple(nodes)
        self._models = frozenset(device.model for node in self.nodes for device in node.devices)
        self._space = FreeSpace(self.nodes, order_seed=order_seed)
        self._worth: Worth | None = None
        self._rows: dict[tuple[Shape, Span], _Row] = {}
        self._changed: list[int] = []
        self._forgotten = 0
        self._journal = Journal()
        self._empty: Cluster | None = None
        self._ever: dict[tuple[Shape, Span], bool] = {}
        if popularity:
            self.learn(popularity)

    def learn(self, popularity: Mapping[Shape, float]) -> None:
        """Score by how often each shape is asked for from now on; weights are relative."""
        models = self._space.models
        milli, model = self._space.total.milli, self._space.model
        capacity = [int(milli[model == code].sum()) for code in range(len(models))]
        self._worth = worth_of(popularity, models, capacity)
        for row in self._rows.values():
            row.seen = -1

    def find(
        self, shape: Shape, span: Span = Span.NODE, *, allowed: Sequence[bool] | None = None
    ) -> Placement | None:
        """The best place for ``shape``, or None; only on nodes that are ``allowed``. Changes nothing."""
        row = self._rows.get((shape, span)) or self._new_row(shape, span)
        if self._journal.still(row.failed_in):
            return None
        self._refresh(row)
        mask = None if allowed is None else np.asarray(allowed, bool)[self._space.node_of_row]
        score = row.score if mask is None else np.where(mask, row.score, NO_FIT)
        best = int(score.argmin()) if len(score) else -1
        if best >= 0 and score[best] < NO_FIT:
            devices = row.chosen[best].nonzero()[0].tolist()
            return (Slot(self._space.node_of_row[best], tuple(devices)),)
        found = spread(self._space, row.scan, mask) if span is Span.NODES and shape.devices > 1 else None
        if found is None and mask is None:
            row.failed_in = self._journal.era
        return found

    def take(self, shape: Shape, placement: Placement) -> None:
        """Take what ``shape`` needs at ``placement``, from drained devices too.

        Raises :class:`Oversold` when something is not free, and :class:`BadInput` when it is no place for
        this shape; nothing is changed then.
        """
        self._note(self._space.take(shape, placement))
        self._journal.add(Step(taken=True, shape=shape, placement=placement))

    def give_back(self, shape: Shape, placement: Placement) -> None:
        """The exact inverse of :meth:`take`; raises as it does when more comes back than was taken."""
        self._note(self._space.give_back(shape, placement))
        self._journal.add(Step(taken=False, shape=shape, placement=placement))

    def set_usable(self, node: int, device: int, usable: bool) -> None:
        """Drain a device: nothing is found on it any more, what is on it stays. Or take it into use again.

        Raises :class:`BadInput` when there is no such device.
        """
        row = self._space.row_of_node.get(node)
        if row is None or not 0 <= device < self._space.device_count[row]:
            raise BadInput(
                f"there is no device {device} of node {node}", "Name a device that is in the inventory."
            )
        before = self._space.set_usable(row, device, usable)
        self._note([row])
        self._journal.add(Step(taken=not usable, usable=(row, device, before)))

    def mark(self) -> Mark:
        """Remember how things are, for a what-if that ends in :meth:`rollback` or :meth:`keep`."""
        return self._journal.mark()

    def rollback(self, mark: Mark) -> None:
        """Make everything as it was at ``mark``. Raises :class:`BadInput` when it has ended already."""
        for step in self._journal.undone(mark):
            if step.usable is not None:
                row, device, before = step.usable
                self._space.set_usable(row, device, before)
                self._note([row])
            elif step.taken:
                self._note(self._space.undo_take(step.shape, step.placement))
            else:
                self._note(self._space.undo_give_back(step.shape, step.placement))

    def keep(self, mark: Mark) -> None:
        """Let what happened since ``mark`` stand. Raises :class:`BadInput` when it has ended already."""
        self._journal.keep(mark)

    def could_ever_fit(self, shape: Shape, span: Span = Span.NODE) -> bool:
        """Whether it has a place when nothing else runs and no device is drained."""
        known = self._ever.get((shape, span))
        if known is None:
            if len(self._ever) >= SHAPES_KEPT:
                self._ever.clear()
            self._empty = self._empty or Cluster(self.nodes)
            known = self._ever[shape, span] = self._empty.find(shape, span) is not None
        return known

    def why_not(
        self,
        shape: Shape,
        span: Span = Span.NODE,
        *,
        ever: bool = False,
        allowed: Sequence[bool] | None = None,
    ) -> Misfit:
        """What stands in the way of ``shape`` now; with ``ever``, on the cluster empty and whole.

        Only nodes that are ``allowed`` are looked at.
        """
        mask = None if allowed is None else np.asarray(allowed, bool)[self._space.node_of_row]
        return explain(self._space, Scan.of(shape, span, self._space.models), ever=ever, allowed=mask)

    def fits(self, shape: Shape, placement: Placement) -> bool:
        """Whether exactly this place is free for ``shape``, and none of its devices drained."""
        return self._space.fits(shape, placement)

    def is_usable(self, node: int, device: int) -> bool:
        """Whether a device is not drained."""
        return bool(self._space.usable[self._space.row_of_node[node], device])

    def model_of(self, node: int, device: int) -> str | None:
        """The model of a device; None for a CPU slot."""
        return self.nodes[node].devices[device].model

    def models_for(self, shape: Shape) -> frozenset[str | None]:
        """The models of the cluster that will do for ``shape``."""
        if shape.models is None:
            return self._models
        return frozenset(model for model in self._models if model in shape.models)

    def free_of_device(self, node: int, device: int) -> tuple[int, int]:
        """Thousandths and MiB of memory of a device that may be given out now."""
        row = self._space.row_of_node[node]
        return int(self._space.open_milli[row, device]), int(self._space.free.memory_mib[row, device])

    def free_of_node(self, node: int) -> tuple[int, int]:
        """Thousandths of cores and MiB of main memory of a node that nobody holds."""
        row = self._space.row_of_node[node]
        return int(self._space.free.cpu_milli[row]), int(self._space.free.host_memory_mib[row])

    def open_milli(self, node: int) -> int:
        """Thousandths of all devices of a node that may be given out now."""
        return int(self._space.open_milli[self._space.row_of_node[node]].sum())

    @property
    def changes(self) -> int:
        """Grows with each change of what is free."""
        return self._forgotten + len(self._changed)

    @property
    def free_milli(self) -> tuple[tuple[int, ...], ...]:
        """Thousandths that nobody holds of each device of each node, drained ones too."""
        rows = (self._space.row_of_node[node] for node in range(len(self.nodes)))
        free, count = self._space.free.milli, self._space.device_count
        return tuple(tuple(free[row, : count[row]].tolist()) for row in rows)

    def _new_row(self, shape: Shape, span: Span) -> _Row:
        if len(self._rows) >= SHAPES_KEPT:
            self._rows.clear()
        space = self._space
        score = np.full(len(self.nodes), NO_FIT, np.int32)
        row = _Row(Scan.of(shape, span, space.models), score, np.zeros(space.model.shape, bool))
        self._rows[shape, span] = row
        return row

    def _refresh(self, row: _Row) -> None:
        now = self.changes
        if row.seen == now:
            return
        if row.seen < self._forgotten:
            at: Ints = np.arange(len(self.nodes))
        else:
            changed = set(self._changed[row.seen - self._forgotten :])
            if len(changed) <= FEW:
                row.seen = now
                self._refresh_few(row, changed)
                return
            at = np.array(list(changed), np.int64)
        row.seen = now
        scores = row.scan.score(self._space, at, self._worth)
        row.score[at] = scores.score
        row.chosen[at] = scores.chosen

    def _refresh_few(self, row: _Row, changed: Iterable[int]) -> None:
        for at in changed:
            score, devices = score_one(row.scan, self._space, at, self._worth)
            row.score[at] = score
            row.chosen[at] = False
            row.chosen[at, devices] = True

    def _note(self, rows: list[int]) -> None:
        self._changed += rows
        if len(self._changed) > 4 * len(self.nodes) + 64:
            self._forgotten += len(self._changed)
            self._changed.clear()
