"""What is free on each node: exact integers in numpy, a row for each node."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resources.errors import BadInput
from resources.gpu.placement.model import WHOLE_MILLI, NodeSpec, Oversold, Placement, Shape

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
ALONE = -1


class Room(NamedTuple):
    """What nodes offer: matrices are nodes × devices (padded with devices of 0), vectors are one per node."""

    milli: Ints
    memory_mib: Ints
    cpu_milli: Ints
    host_memory_mib: Ints

    def at(self, rows: Ints) -> "Room":
        """The room of some nodes."""
        return Room(*(part[rows] for part in self))


class FreeSpace:
    """The free room of a cluster, in an order of nodes of its own.

    The order depends on the names of the nodes and on ``order_seed`` alone, not on the order in which they
    were given: where nodes are equally good the first is taken, and a systematic order (such as by CPU)
    would cost up to ten points of allocation (docs/decisions/0010-placement.md).
    """

    def __init__(self, nodes: Sequence[NodeSpec], *, order_seed: int) -> None:
        self.node_of_row = _order(nodes, order_seed)
        self.row_of_node = {node: row for row, node in enumerate(self.node_of_row)}
        self.names = [nodes[node].name for node in self.node_of_row]
        ordered = [nodes[node] for node in self.node_of_row]
        width = max((len(node.devices) for node in ordered), default=0) or 1
        self.device_count = [len(node.devices) for node in ordered]
        models = sorted({device.model or "" for node in ordered for device in node.devices}) or [""]
        self.models = tuple(models)
        """Names by code; the empty name stands for devices without a model."""
        code = {model: index for index, model in enumerate(models)}
        shape = (len(ordered), width)
        self.model = np.zeros(shape, np.int64)
        self.island = np.full(shape, ALONE, np.int64)
        whole = np.zeros(shape, np.int64)
        memory = np.zeros(shape, np.int64)
        for row, node in enumerate(ordered):
            islands = _numbered([device.island for device in node.devices])
            for index, device in enumerate(node.devices):
                self.model[row, index] = code[device.model or ""]
                self.island[row, index] = islands[index]
                whole[row, index] = WHOLE_MILLI
                memory[row, index] = device.memory_mib
        self.total = Room(
            whole,
            memory,
            np.array([node.cpu_milli for node in ordered], np.int64),
            np.array([node.host_memory_mib for node in ordered], np.int64),
        )
        self.usable = whole > 0
        self.free = Room(*(part.copy() for part in self.total))
        self.open_milli = whole.copy()
        """What may be given out: as ``free.milli``, and 0 on a device that is drained."""

    @property
    def now(self) -> Room:
        """What may be given out now."""
        return self.free._replace(milli=self.open_milli)

    def take(self, shape: Shape, placement: Placement) -> list[int]:
        """Take what ``shape`` needs at ``placement``. Returns the rows that changed.

        Raises :class:`Oversold` when something is not free, and :class:`BadInput` when the placement is
        not one of this shape in this cluster; nothing is changed then.
        """
        self._check_form(shape, placement)
        for slot in placement:
            row = self.row_of_node[slot.node]
            cpu, host = share_of(shape, len(slot.devices))
            self._check_free(row, "CPU", "thousandths of a core", self.free.cpu_milli[row], cpu)
            self._check_free(row, "host memory", "MiB", self.free.host_memory_mib[row], host)
            for device in slot.devices:
                milli, memory = self.free.milli[row, device], self.free.memory_mib[row, device]
                self._check_free(row, f"device {device}", "thousandths", milli, shape.milli)
                self._check_free(row, f"device {device}", "MiB of memory", memory, shape.memory_mib)
        return self._add(shape, placement, -1)

    def give_back(self, shape: Shape, placement: Placement) -> list[int]:
        """The exact inverse of :meth:`take`.

        Raises :class:`Oversold` when more would be free than there is, and :class:`BadInput` as it does.
        """
        self._check_form(shape, placement)
        for slot in placement:
            row = self.row_of_node[slot.node]
            cpu, host = share_of(shape, len(slot.devices))
            free, total = self.free, self.total
            self._check_taken(row, "CPU", total.cpu_milli[row] - free.cpu_milli[row], cpu)
            self._check_taken(
                row, "host memory", total.host_memory_mib[row] - free.host_memory_mib[row], host
            )
            for device in slot.devices:
                taken = total.milli[row, device] - free.milli[row, device]
                memory = total.memory_mib[row, device] - free.memory_mib[row, device]
                self._check_taken(row, f"device {device}", taken, shape.milli)
                self._check_taken(row, f"memory of device {device}", memory, shape.memory_mib)
        return self._add(shape, placement, +1)

    def fits(self, shape: Shape, placement: Placement) -> bool:
        """Whether :meth:`take` would succeed, on devices that are not drained."""
        self._check_form(shape, placement)
        for slot in placement:
            row = self.row_of_node[slot.node]
            cpu, host = share_of(shape, len(slot.devices))
            if cpu > self.free.cpu_milli[row] or host > self.free.host_memory_mib[row]:
                return False
            for device in slot.devices:
                if shape.milli > self.open_milli[row, device]:
                    return False
                if shape.memory_mib > self.free.memory_mib[row, device]:
                    return False
        return True

    def undo_take(self, shape: Shape, placement: Placement) -> list[int]:
        """Take back a take that was checked when it was done."""
        return self._add(shape, placement, +1)

    def undo_give_back(self, shape: Shape, placement: Placement) -> list[int]:
        """Take back a return that was checked when it was done."""
        return self._add(shape, placement, -1)

    def set_usable(self, row: int, device: int, usable: bool) -> bool:
        """Drain a device or take it into use again; what is on it stays. Returns how it was before."""
        before = bool(self.usable[row, device])
        self.usable[row, device] = usable
        self.open_milli[row, device] = self.free.milli[row, device] if usable else 0
        return before

    def _add(self, shape: Shape, placement: Placement, sign: int) -> list[int]:
        rows = []
        free = self.free
        milli, memory = sign * shape.milli, sign * shape.memory_mib
        for slot in placement:
            row = self.row_of_node[slot.node]
            cpu, host = share_of(shape, len(slot.devices))
            free.cpu_milli[row] += sign * cpu
            free.host_memory_mib[row] += sign * host
            for device in slot.devices:
                free.milli[row, device] += milli
                free.memory_mib[row, device] += memory
                if self.usable[row, device]:
                    self.open_milli[row, device] += milli
            rows.append(row)
        return rows

    def _check_form(self, shape: Shape, placement: Placement) -> None:
        slots = [(self.row_of_node.get(slot.node), slot.devices) for slot in placement]
        exist = all(
            row is not None and all(0 <= device < self.device_count[row] for device in devices)
            for row, devices in slots
        )
        distinct = len({row for row, _ in slots}) == len(slots) > 0
        distinct = distinct and all(len(set(devices)) == len(devices) for _, devices in slots)
        if exist and distinct and sum(len(devices) for _, devices in slots) == shape.devices:
            return
        raise BadInput(
            f"{placement} is no place for {shape}: expected {shape.devices} different devices of the cluster",
            "Use a placement that was found for this shape.",
        )

    def _check_free(self, row: int, what: str, unit: str, free: int, asked: int) -> None:
        if asked > free:
            raise Oversold(
                f"{what} of node {self.names[row]} has {free} {unit} free, {asked} were to be taken",
                "Find a place again: something else was put here meanwhile.",
            )

    def _check_taken(self, row: int, what: str, taken: int, returned: int) -> None:
        if returned > taken:
            raise Oversold(
                f"{what} of node {self.names[row]}: {taken} are taken, {returned} were to be given back",
                "Give back each placement once, with the shape that it was taken with.",
            )


def share_of(shape: Shape, devices: int) -> tuple[int, int]:
    """CPU (thousandths of a core) and host memory (MiB) that go with ``devices`` of the shape's devices.

    Rounded up, so that a node is never charged less than its part.
    """
    if devices == shape.devices:
        return shape.cpu_milli, shape.host_memory_mib
    return -(-shape.cpu_milli * devices // shape.devices), -(
        -shape.host_memory_mib * devices // shape.devices
    )


def _order(nodes: Sequence[NodeSpec], seed: int) -> list[int]:
    names = [node.name for node in nodes]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise BadInput(f"more than one node is called {', '.join(twice)}", "Give each node its own name.")

    def drawn(node: int) -> bytes:
        return blake2b(f"{seed}:{names[node]}".encode(), digest_size=16).digest()

    return sorted(range(len(names)), key=drawn)


def _numbered(islands: list[int | None]) -> list[int]:
    """Islands numbered from 0 on their node; ``ALONE`` for a device that is joined to no other."""
    numbers: dict[int, int] = {}
    return [ALONE if island is None else numbers.setdefault(island, len(numbers)) for island in islands]
