"""Why a shape has no place: what each condition leaves."""

import numpy as np

from resources.gpu.placement.free import ALONE, Bools, FreeSpace, Ints
from resources.gpu.placement.model import Misfit, Span
from resources.gpu.placement.scan import Scan


def explain(space: FreeSpace, scan: Scan, *, ever: bool, allowed: Bools | None = None) -> Misfit:
    """The conditions one after the other, on what is free now or, with ``ever``, on the empty cluster.

    ``allowed`` are the rows of the nodes that count; None: all.
    """
    shape = scan.shape
    room = space.total if ever else space.now
    there: Bools = np.ones(len(space.total.milli), bool) if allowed is None else allowed
    exists = (space.total.milli > 0) & there[:, None]
    of_model = exists if scan.model_allowed is None else exists & scan.model_allowed[space.model]
    usable = of_model if ever else of_model & space.usable
    with_share: Bools = usable & (room.milli >= shape.milli)
    with_memory: Bools = with_share & (room.memory_mib >= shape.memory_mib)
    blocks = _blocks(with_memory, space.island, scan)
    needed = 1 if scan.span is Span.NODES and shape.devices else shape.devices
    enough = (blocks >= needed) & there
    cpu, host = _needed(scan)
    looked_at = enough if enough.any() else there
    total = int(with_memory.sum())
    return Misfit(
        devices_of_model=int(of_model.sum()),
        devices_usable=int(usable.sum()),
        devices_with_share=int(with_share.sum()),
        devices_with_memory=total,
        nodes_with_devices=int(enough.sum()),
        nodes_short_of_cpu=int((enough & (room.cpu_milli < cpu)).sum()),
        nodes_short_of_host_memory=int((enough & (room.host_memory_mib < host)).sum()),
        largest_block=total if scan.span is Span.NODES else int(blocks.max(initial=0)),
        largest_share_milli=_most(room.milli, usable),
        largest_memory_mib=_most(room.memory_mib, with_share),
        largest_cpu_milli=_most(room.cpu_milli, looked_at),
        largest_host_memory_mib=_most(room.host_memory_mib, looked_at),
    )


def _blocks(devices: Bools, island: Ints, scan: Scan) -> Ints:
    """The most of ``devices`` that lie together as asked, on each node."""
    counts: Ints = devices.sum(1)
    if scan.span is not Span.ISLAND:
        return counts
    blocks: Ints = (devices & (island == ALONE)).any(1).astype(np.int64)
    for number in range(int(island.max(initial=ALONE)) + 1):
        blocks = np.maximum(blocks, (devices & (island == number)).sum(1))
    return blocks


def _needed(scan: Scan) -> tuple[int, int]:
    """What a node has to have of CPU and host memory: for a gang of nodes, the part of one device."""
    shape = scan.shape
    if scan.span is not Span.NODES or not shape.devices:
        return shape.cpu_milli, shape.host_memory_mib
    return -(-shape.cpu_milli // shape.devices), -(-shape.host_memory_mib // shape.devices)


def _most(amounts: Ints, where: Bools) -> int:
    return int(amounts[where].max(initial=0))
