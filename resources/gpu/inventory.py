"""What devices this machine has: from NVML unless told otherwise, else CPU slots as declared."""

import os
from typing import Any

from resources.errors import BadInput, Unavailable
from resources.gpu.model import Device, DeviceId

ACCELERATOR_VARIABLE = "TRAINPLAT_ACCELERATOR"
ACCELERATORS = ("auto", "cpu")
"""What it may be: ``auto`` takes the GPUs that are there, ``cpu`` leaves them to others."""
CPU_SLOTS_VARIABLE = "TRAINPLAT_CPU_SLOTS"
DEFAULT_CPU_SLOTS = 2
MIB = 1024 * 1024


def discover() -> tuple[Device, ...]:
    """The devices of this machine, in the order of their indexes.

    Raises :class:`Unavailable` when a driver is there and does not answer: handing out CPU slots on a
    machine whose GPUs are ill would hide it. Raises :class:`BadInput` for a bad setting.
    """
    return (() if _leaves_gpus() else _nvml_devices()) or cpu_slots()


def cpu_slots() -> tuple[Device, ...]:
    """The slots that ``TRAINPLAT_CPU_SLOTS`` declares."""
    declared = os.environ.get(CPU_SLOTS_VARIABLE, str(DEFAULT_CPU_SLOTS))
    if not declared.isascii() or not declared.isdigit() or not 1 <= int(declared) <= 1024:
        raise BadInput(
            f"{CPU_SLOTS_VARIABLE} is {declared!r}; expected a whole number from 1 to 1024",
            f"Set {CPU_SLOTS_VARIABLE} to how many runs may hold a CPU slot at once.",
        )
    return tuple(Device(DeviceId(f"cpu:{index}"), None, None) for index in range(int(declared)))


def threads_for(held: int, total: int) -> int:
    """How many CPU threads ``held`` of ``total`` devices are worth on this machine; at least one."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cpus * max(held, 1) // max(total, 1))


def _leaves_gpus() -> bool:
    told = os.environ.get(ACCELERATOR_VARIABLE, "auto")
    if told not in ACCELERATORS:
        raise BadInput(
            f"{ACCELERATOR_VARIABLE} is {told!r}; expected one of: {', '.join(ACCELERATORS)}",
            f"Set {ACCELERATOR_VARIABLE} to cpu to leave this machine's GPUs alone, or unset it.",
        )
    return told == "cpu"


def _nvml_devices() -> tuple[Device, ...]:
    import pynvml

    try:
        pynvml.nvmlInit()
    except (pynvml.NVMLError_LibraryNotFound, pynvml.NVMLError_DriverNotLoaded):
        return ()
    except pynvml.NVMLError as problem:
        raise _nvml_unavailable(problem) from problem
    try:
        return tuple(_nvml_device(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount()))
    except pynvml.NVMLError as problem:
        raise _nvml_unavailable(problem) from problem
    finally:
        pynvml.nvmlShutdown()


def _nvml_device(pynvml: Any, index: int) -> Device:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    name = pynvml.nvmlDeviceGetName(handle)
    try:
        memory_mib = int(pynvml.nvmlDeviceGetMemoryInfo(handle).total) // MIB
    except pynvml.NVMLError_NotSupported:
        memory_mib = None  # a GPU that shares the machine's memory
    return Device(
        DeviceId(f"cuda:{index}"), name.decode() if isinstance(name, bytes) else str(name), memory_mib
    )


def _nvml_unavailable(problem: Exception) -> Unavailable:
    return Unavailable(
        f"the NVIDIA driver is installed but NVML does not answer: {problem}",
        "Run nvidia-smi; reload the driver or restart the machine. No run is started meanwhile.",
    )
