"""The environment variables that show a process its accelerators and hide the others."""

from collections.abc import Sequence

from resources.gpu.inventory.model import Device

VARIABLES = {
    "cuda": "CUDA_VISIBLE_DEVICES",
    "rocm": "HIP_VISIBLE_DEVICES",
    "xpu": "ZE_AFFINITY_MASK",
    "npu": "ASCEND_RT_VISIBLE_DEVICES",
}
"""By the kind of device that an id begins with."""


def visible_devices(held: Sequence[Device]) -> dict[str, str]:
    """For a process that holds these devices: the variable of each kind.

    CUDA's is always told: empty, it shows no device. The others are told where one of theirs is held: to
    Level Zero an empty mask is no mask.
    """
    shown = {VARIABLES["cuda"]: ""}
    for kind, variable in VARIABLES.items():
        names = [_name(device) for device in held if _kind(device) == kind]
        if names:
            shown[variable] = ",".join(names)
    return shown


def _kind(device: Device) -> str:
    return device.id.rpartition("/")[2].partition(":")[0]


def _name(device: Device) -> str:
    """What stays with a card where the runtime takes it, as CUDA does; else its index."""
    if _kind(device) == "cuda" and (device.mig_uuid or device.uuid):
        return str(device.mig_uuid or device.uuid)
    return device.id.rpartition("/")[2].split(":")[1]
