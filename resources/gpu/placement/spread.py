"""Gangs that are larger than a node: all of the devices, over as few nodes as there can be."""

import numpy as np

from resources.gpu.placement.free import Bools, FreeSpace, Ints
from resources.gpu.placement.model import Placement, Slot
from resources.gpu.placement.scan import Scan


def spread(space: FreeSpace, scan: Scan, allowed: Bools | None) -> Placement | None:
    """Devices on the nodes that can give most, the last of them the one that has least left then; or None.

    Taking the nodes with most room first needs the fewest nodes; of several with equal room the first in the
    fixed order is taken. CPU and host memory are asked of each node in proportion to its devices.
    """
    fitting, room = capacity(space, scan)
    if allowed is not None:
        room = np.where(allowed, room, 0)
    wanted = scan.shape.devices
    if int(room.sum()) < wanted:
        return None
    slots: list[Slot] = []
    for row in np.argsort(-room, kind="stable").tolist():
        here = int(room[row])
        if here >= wanted:
            break
        slots.append(Slot(space.node_of_row[row], _tightest(space, fitting, row, here)))
        room[row] = 0
        wanted -= here
    last = int(np.where(room >= wanted, room, np.iinfo(np.int64).max).argmin())
    return (*slots, Slot(space.node_of_row[last], _tightest(space, fitting, last, wanted)))


def capacity(space: FreeSpace, scan: Scan) -> tuple[Bools, Ints]:
    """Which devices fit, and how many each node can give with their part of CPU and host memory."""
    now = space.now
    fitting = scan.fitting(now, space.model)
    room: Ints = fitting.sum(1)
    gang, shape = scan.shape.devices, scan.shape
    if shape.cpu_milli:
        room = np.minimum(room, now.cpu_milli * gang // shape.cpu_milli)
    if shape.host_memory_mib:
        room = np.minimum(room, now.host_memory_mib * gang // shape.host_memory_mib)
    return fitting, room


def _tightest(space: FreeSpace, fitting: Bools, row: int, count: int) -> tuple[int, ...]:
    devices = np.flatnonzero(fitting[row]).tolist()
    devices.sort(key=lambda device: (int(space.open_milli[row, device]), device))
    return tuple(sorted(devices[:count]))
