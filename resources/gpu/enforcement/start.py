"""What a run gets in its environment: its devices, its threads, and the limits of MPS for a fraction."""

from collections.abc import Callable, Sequence

from resources.gpu.enforcement.mps import Mps, program
from resources.gpu.enforcement.sharing import can_be_limited
from resources.gpu.environment import lease_environment
from resources.gpu.inventory.model import Device
from resources.gpu.model import Lease
from resources.gpu.requests.model import Mode
from resources.home import Home


def start_mps(home: Home, fractions: Callable[[], int]) -> None:
    """Have the control daemon of MPS live where fractions are held that it limits.

    Where its program is not installed they are cooperative. Raises Unavailable where it does not start.
    """
    if program() is not None and fractions() > 0:
        Mps(home).keep(fractions)


def run_environment(lease: Lease, devices: Sequence[Device], home: Home) -> dict[str, str]:
    """The environment of the run of ``lease``; ``devices`` are those of this machine that are in order."""
    environment = lease_environment(lease, tuple(devices))
    held = [device for device in devices if device.id in lease.devices]
    is_limited = lease.request.mode is Mode.FRACTION and held and all(map(can_be_limited, held))
    if not is_limited or program() is None:
        return environment
    limits = Mps(home).client_environment(
        lease.milli, lease.request.memory_mib, [device.id for device in held]
    )
    return environment | limits
