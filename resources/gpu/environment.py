"""The environment variables by which a process knows its devices."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from resources.gpu.inventory.host import threads_for, usable_cpus
from resources.gpu.inventory.model import Device
from resources.gpu.inventory.visible import visible_devices
from resources.gpu.model import Lease, run_of
from resources.process import Mark

CORE_MILLI = 1000
_TORCH = {"cuda": "cuda", "rocm": "cuda", "xpu": "xpu", "npu": "npu"}
RUN_ID_VARIABLE = "TRAINPLAT_RUN_ID"
LEASE_VARIABLE = "TRAINPLAT_LEASE"
"""Which attempt of which lease the devices are of. In the block of a second lease it is that lease's, while
the run's id stays that of the run."""
DEVICES_VARIABLE = "TRAINPLAT_DEVICES"
THREADS_VARIABLE = "OMP_NUM_THREADS"
"""How many CPU threads the process may use; OpenMP and torch read it themselves."""


def lease_environment(lease: Lease, devices: tuple[Device, ...]) -> dict[str, str]:
    """What the process of ``lease`` gets: its devices, no other ones, and its share of CPU threads."""
    threads = str(_threads(lease, len(devices)))
    held = [device for device in devices if device.id in lease.devices]
    return {
        RUN_ID_VARIABLE: lease.run_id,
        LEASE_VARIABLE: lease_mark(lease).value,
        DEVICES_VARIABLE: ",".join(lease.devices),
        # NVML counts by PCI bus, CUDA by speed unless told.
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        **visible_devices(held),
        THREADS_VARIABLE: threads,
        "MKL_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
    }


def torch_device(devices: tuple[str, ...]) -> str:
    """The kind of device by torch's name: AMD's GPUs are ``cuda`` to it."""
    kinds = {device.rpartition("/")[2].partition(":")[0] for device in devices}
    return next((_TORCH[kind] for kind in sorted(kinds) if kind in _TORCH), "cpu")


def lease_mark(lease: Lease) -> Mark:
    """What every process carries that was started in the environment of this attempt of a lease."""
    return Mark(LEASE_VARIABLE, f"{lease.run_id}#{lease.attempt}")


def marks_of(lease: Lease) -> tuple[Mark, Mark]:
    """The mark of the lease's run, and its own: what is left of a lease is found by them."""
    return Mark(RUN_ID_VARIABLE, run_of(lease.run_id)), lease_mark(lease)


def without_lease(environment: Mapping[str, str]) -> dict[str, str]:
    """The same for what outlives the lease of who starts it: it does not count as a process of that lease."""
    return {
        name: value for name, value in environment.items() if name not in (RUN_ID_VARIABLE, LEASE_VARIABLE)
    }


@contextmanager
def in_environment(given: Mapping[str, str | None]) -> Iterator[None]:
    """Let this process, and what it starts meanwhile, have these variables; None: not this one.

    Blocks may be nested, and may overlap in several threads: the one that was entered last of those that go
    on holds, and at the end of the last one everything is as it was.
    """
    block = dict(given)
    with _guard:
        for name in block.keys() - _before.keys():
            _before[name] = os.environ.get(name)
        _blocks.append(block)
        _apply()
    try:
        yield
    finally:
        with _guard:
            _blocks[:] = [one for one in _blocks if one is not block]
            _apply()
            if not _blocks:
                _before.clear()


_guard = threading.Lock()
_blocks: list[dict[str, str | None]] = []
"""The blocks that go on in this process, the innermost last."""
_before: dict[str, str | None] = {}
"""What the variables were that a block has changed."""


def _apply() -> None:
    wanted = dict(_before)
    for block in _blocks:
        wanted |= block
    for name, value in wanted.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _threads(lease: Lease, devices: int) -> int:
    """As many as the cores that it asked for, else as its share of the devices is worth."""
    if lease.terms.cpu_milli:
        return min(usable_cpus(), -(-lease.terms.cpu_milli // CORE_MILLI))
    return threads_for(len(lease.devices), devices)
