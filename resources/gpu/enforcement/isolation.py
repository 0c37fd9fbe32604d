"""What a run on a device is kept apart by, in a level and a sentence.

| rule | when | level |
|---|---|---|
| I1 | a whole device | alone |
| I2 | a MIG instance | isolated |
| I3 | a fraction of which the memory is said, under MPS | limited |
| I4 | a fraction without memory, under MPS | cooperative |
| I5 | a fraction where MPS is not installed | cooperative |
| I6 | a fraction of what MPS does not limit | cooperative |
| I7 | shared use, which reserves nothing | cooperative |
| I11 | a fraction on a declared node, where nobody looks | cooperative |

MPS limits neither GPUs from before Volta or of other vendors, nor CPU slots, nor parts of MIG instances.
"""

from dataclasses import dataclass
from enum import StrEnum

from resources.gpu.enforcement.sharing import can_be_limited
from resources.gpu.inventory.model import Device
from resources.gpu.policy.reason import Reason, Value
from resources.gpu.requests.model import GpuRequest, Mode
from resources.texts import mark


class Level(StrEnum):
    """How much of its neighbours a run may feel."""

    ALONE = "alone"
    """It has none."""
    ISOLATED = "isolated"
    """Memory, computing and faults are apart in the hardware."""
    LIMITED = "limited"
    """Memory is kept apart and computing is limited; a fault may reach a neighbour."""
    COOPERATIVE = "cooperative"
    """Nothing but the watch keeps them apart."""


@dataclass(frozen=True)
class Isolation:
    """The level, and why."""

    level: Level
    reason: Reason


def isolation(device: Device, request: GpuRequest, *, has_mps: bool) -> Isolation:
    """What keeps a run of ``request`` on ``device`` apart from others.

    ``has_mps``: whether the program of MPS is installed (:func:`resources.gpu.enforcement.mps.program`).
    """
    values: dict[str, Value] = {"device": device.id, "percent": max(1, request.milli // 10)}
    if request.mode is Mode.SHARED:
        return Isolation(Level.COOPERATIVE, Reason("I7", _SHARED, values))
    if request.mode is not Mode.FRACTION:
        if device.is_slice:
            return Isolation(Level.ISOLATED, Reason("I2", _MIG, values))
        return Isolation(Level.ALONE, Reason("I1", _ALONE, values))
    if device.is_elsewhere:
        return Isolation(Level.COOPERATIVE, Reason("I11", _ELSEWHERE, values))
    if not can_be_limited(device):
        return Isolation(Level.COOPERATIVE, Reason("I6", _NOT_LIMITED, values))
    if not has_mps:
        return Isolation(Level.COOPERATIVE, Reason("I5", _NO_PROGRAM, values))
    if request.memory_mib is None:
        return Isolation(Level.COOPERATIVE, Reason("I4", _NO_MEMORY, values))
    return Isolation(Level.LIMITED, Reason("I3", _LIMITED, values | {"memory_mib": request.memory_mib}))


_ALONE = mark("{device} is not shared: the run has it alone.")
_MIG = mark("{device} is a MIG instance: its memory, its computing and its faults are its own.")
_LIMITED = mark(
    "MPS limits each process to {memory_mib} MiB and to {percent} % of the multiprocessors of {device}; "
    "a fault of a neighbour may still end the run."
)
_NO_MEMORY = mark(
    "MPS limits the run to {percent} % of the multiprocessors of {device}; its memory is only watched, "
    "because the request names none."
)
_NO_PROGRAM = mark(
    "MPS is not installed: on {device} nothing limits a fraction, it is only watched. "
    "A run that takes its neighbour's memory is evicted."
)
_NOT_LIMITED = mark(
    "MPS cannot limit what runs on {device}: a fraction is only watched there. "
    "A run that takes its neighbour's memory is evicted."
)
_ELSEWHERE = mark("{device} is on a declared node: nothing of ours limits a fraction there, nor watches it.")
_SHARED = mark("{device} is used together with others; nothing of it is reserved.")
