"""What the driver says of whether a GPU can be shared with limits: its generation and its compute mode."""

from dataclasses import dataclass
from enum import StrEnum

from resources.errors import Unavailable
from resources.gpu.inventory.model import DeviceId

VOLTA = (7, 0)
"""The first compute capability whose MPS limits memory and multiprocessors."""


class ComputeMode(StrEnum):
    """How many processes may compute on a GPU at a time; ``nvidia-smi -c`` sets it."""

    DEFAULT = "default"
    EXCLUSIVE = "exclusive"
    """One: without MPS the second fraction on such a GPU fails, with MPS the server is the one."""
    PROHIBITED = "prohibited"


@dataclass(frozen=True)
class Sharing:
    """Of one GPU. None: the driver does not tell."""

    device_id: DeviceId
    capability: tuple[int, int] | None = None
    compute_mode: ComputeMode | None = None

    @property
    def can_be_limited(self) -> bool:
        """Whether the limits of MPS hold on it."""
        known = self.capability is not None and self.capability >= VOLTA
        return known and self.compute_mode is not ComputeMode.PROHIBITED


def read_sharing() -> dict[DeviceId, Sharing]:
    """Every NVIDIA GPU of this machine. Raises :class:`Unavailable` when a driver is there and is silent."""
    import pynvml

    modes = {
        pynvml.NVML_COMPUTEMODE_DEFAULT: ComputeMode.DEFAULT,
        pynvml.NVML_COMPUTEMODE_EXCLUSIVE_THREAD: ComputeMode.EXCLUSIVE,
        pynvml.NVML_COMPUTEMODE_EXCLUSIVE_PROCESS: ComputeMode.EXCLUSIVE,
        pynvml.NVML_COMPUTEMODE_PROHIBITED: ComputeMode.PROHIBITED,
    }
    try:
        pynvml.nvmlInit()
    except (pynvml.NVMLError_LibraryNotFound, pynvml.NVMLError_DriverNotLoaded):
        return {}
    except pynvml.NVMLError as problem:
        raise _unavailable(problem) from problem
    try:
        found = {}
        for index in range(pynvml.nvmlDeviceGetCount()):
            device, capability, mode = DeviceId(f"cuda:{index}"), None, None
            try:
                handle = pynvml.nvmlDeviceGetHandleByIndex(index)
                major, minor = pynvml.nvmlDeviceGetCudaComputeCapability(handle)
                capability = (int(major), int(minor))
                mode = modes.get(pynvml.nvmlDeviceGetComputeMode(handle))
            except pynvml.NVMLError:
                pass  # an ill card, or a driver that does not tell: nothing is promised of it
            found[device] = Sharing(device, capability, mode)
        return found
    except pynvml.NVMLError as problem:
        raise _unavailable(problem) from problem
    finally:
        pynvml.nvmlShutdown()


def _unavailable(problem: Exception) -> Unavailable:
    return Unavailable(
        f"the NVIDIA driver is installed but NVML does not answer: {problem}",
        "Run nvidia-smi; reload the driver or restart the machine.",
    )
