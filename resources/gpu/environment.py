"""The environment variables by which a process knows its devices."""

from resources.gpu.inventory.host import threads_for, usable_cpus
from resources.gpu.inventory.model import Device
from resources.gpu.inventory.visible import visible_devices
from resources.gpu.model import Lease

CORE_MILLI = 1000
RUN_ID_VARIABLE = "TRAINPLAT_RUN_ID"
DEVICES_VARIABLE = "TRAINPLAT_DEVICES"
THREADS_VARIABLE = "OMP_NUM_THREADS"
"""How many CPU threads the process may use; OpenMP and torch read it themselves."""


def lease_environment(lease: Lease, devices: tuple[Device, ...]) -> dict[str, str]:
    """What the process of ``lease`` gets: its devices, no other ones, and its share of CPU threads."""
    threads = str(_threads(lease, len(devices)))
    held = [device for device in devices if device.id in lease.devices]
    return {
        RUN_ID_VARIABLE: lease.run_id,
        DEVICES_VARIABLE: ",".join(lease.devices),
        # NVML counts by PCI bus, CUDA by speed unless told.
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        **visible_devices(held),
        THREADS_VARIABLE: threads,
        "MKL_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
    }


def _threads(lease: Lease, devices: int) -> int:
    """As many as the cores that it asked for, else as its share of the devices is worth."""
    if lease.terms.cpu_milli:
        return min(usable_cpus(), -(-lease.terms.cpu_milli // CORE_MILLI))
    return threads_for(len(lease.devices), devices)
