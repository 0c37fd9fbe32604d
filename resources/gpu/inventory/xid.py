"""Critical Xid errors of NVIDIA's driver. NVML tells them to those only who listen when they come."""

import ctypes
from dataclasses import dataclass
from typing import Any

from resources.gpu.inventory.slots import leaves_accelerators
from resources.texts import filled, mark

OF_PROGRAMS = frozenset({13, 31, 43, 45, 68, 109})
"""What a program has done wrong, or its end: the card is well. The list is that of NVIDIA's device plugin for
Kubernetes (github.com/NVIDIA/k8s-device-plugin, ``internal/rm/health.go``)."""
MEANINGS = {
    48: mark("an uncorrectable memory error"),
    74: mark("an NVLink error"),
    79: mark("it fell off the bus"),
    94: mark("a contained memory error"),
    95: mark("an uncontained memory error"),
    119: mark("its firmware does not answer"),
    140: mark("an uncorrectable memory error"),
}
"""Of some, from NVIDIA's list (docs.nvidia.com/deploy/xid-errors)."""
MOST_AT_ONCE = 1000
"""So many are taken from the driver in one go; it may tell new ones as fast as they are read."""


@dataclass(frozen=True)
class XidError:
    """One error of one card."""

    uuid: str
    """Of the card."""
    number: int


class XidListener:
    """Listens as long as it is open; it opens itself. While it is open the driver stays loaded, and no card
    can be reset.
    """

    def __init__(self) -> None:
        self._nvml: Any = None
        self._events: Any = None
        self._uuids: dict[int | None, str] = {}

    def read(self) -> tuple[XidError, ...]:
        """The errors since the last call that speak of an ill card; the first call begins to listen.

        Never waits. Nothing where there is no driver that tells, or accelerators are left to others.
        """
        if leaves_accelerators() or (self._nvml is None and not self._open()):
            return ()
        found: list[XidError] = []
        for _ in range(MOST_AT_ONCE):
            try:
                told = self._nvml.nvmlEventSetWait_v2(self._events, 0)
            except self._nvml.NVMLError_Timeout:
                break
            except self._nvml.NVMLError:  # the driver was loaded anew, or is gone: the next call begins again
                self.close()
                break
            uuid = self._uuids.get(_address(told.device))
            number = int(told.eventData)
            is_critical = told.eventType == self._nvml.nvmlEventTypeXidCriticalError
            if is_critical and uuid is not None and number not in OF_PROGRAMS:
                found.append(XidError(uuid, number))
        return tuple(found)

    def close(self) -> None:
        """Listen no more."""
        nvml, self._nvml = self._nvml, None
        if nvml is None:
            return
        for end in (lambda: nvml.nvmlEventSetFree(self._events), nvml.nvmlShutdown):
            try:
                end()
            except nvml.NVMLError:
                continue  # what is gone needs no end
        self._uuids.clear()

    def _open(self) -> bool:
        import pynvml

        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError:
            return False
        self._nvml = pynvml
        try:
            self._events = pynvml.nvmlEventSetCreate()
            for index in range(pynvml.nvmlDeviceGetCount()):
                self._register(index)
        except pynvml.NVMLError:
            self.close()
            return False
        return True

    def _register(self, index: int) -> None:
        """Listen to one card; not to one that is too ill, or tells no such errors."""
        nvml = self._nvml
        try:
            handle = nvml.nvmlDeviceGetHandleByIndex(index)
            uuid = nvml.nvmlDeviceGetUUID(handle)
            nvml.nvmlDeviceRegisterEvents(handle, nvml.nvmlEventTypeXidCriticalError, self._events)
        except nvml.NVMLError:
            return
        self._uuids[_address(handle)] = uuid.decode() if isinstance(uuid, bytes) else uuid


def xid_fault(number: int, device: str) -> str:
    """What is wrong with a card that had such an error, and what to do."""
    if number in MEANINGS:
        return filled(_KNOWN, number=number, what=filled(MEANINGS[number]), device=device)
    return filled(_UNKNOWN, number=number, device=device)


_KNOWN = mark(
    "Its driver told of Xid {number} ({what}): reset the card or restart the machine, then take it into use "
    "again: trainplat gpu drain --undo {device}"
)
_UNKNOWN = mark(
    "Its driver told of Xid {number}: reset the card or restart the machine, then take it into use again: "
    "trainplat gpu drain --undo {device}"
)


def _address(handle: Any) -> int | None:
    return ctypes.cast(handle, ctypes.c_void_p).value
