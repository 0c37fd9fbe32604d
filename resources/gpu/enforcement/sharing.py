"""Whether a GPU can be shared with limits: MPS has them from Volta on, unless nobody may compute there."""

from resources.gpu.inventory.model import ComputeMode, Device, Vendor

VOLTA = (7, 0)
"""The first compute capability whose MPS limits memory and multiprocessors."""


def can_be_limited(device: Device) -> bool:
    """Whether the limits of MPS hold on it; never on a MIG instance, nor where the driver is silent."""
    if device.vendor is not Vendor.NVIDIA or device.is_slice:
        return False
    known = device.compute_capability is not None and device.compute_capability >= VOLTA
    return known and device.compute_mode is not ComputeMode.PROHIBITED
