"""Requests against what there is: the largest of several, and those that no wait will meet."""

from resources.gpu.inventory.model import Device
from resources.gpu.requests.errors import ImpossibleGpuRequest
from resources.gpu.requests.model import GpuRequest, Mode


def largest(requests: list[GpuRequest]) -> GpuRequest | None:
    """The request that covers a run whose steps ask for these: the most units, then the most memory."""
    return max(requests, key=_size, default=None)


def refuse_impossible(request: GpuRequest, devices: tuple[Device, ...]) -> None:
    """Raise :class:`ImpossibleGpuRequest` where ``devices``, were all of them free, would not do.

    Leases are of whole devices: a share of one and shared use are refused too.
    """
    here = ", ".join(f"{device.id} ({device.model or 'CPU slot'})" for device in devices) or "no device"
    if request.mode in {Mode.FRACTION, Mode.SHARED}:
        asked = f"{request.fraction:g} of a device" if request.mode is Mode.FRACTION else "shared use"
        raise ImpossibleGpuRequest(
            f"GPU request {request.text!r} asks for {asked}; this machine leases whole devices: {here}",
            "Ask for whole devices, such as 1, or for none with 0.",
        )
    matching = [device for device in devices if request.matches(device)]
    if request.count <= len(matching):
        return
    if not matching:
        raise _nothing_like_it(request, devices, here)
    kind = f" of model {request.model}" if request.model else ""
    raise ImpossibleGpuRequest(
        f"GPU request {request.text!r} asks for {request.count} devices{kind}; this machine has "
        f"{len(matching)}: {here}",
        f"Ask for at most {len(matching)}"
        + (", or declare more CPU slots with TRAINPLAT_CPU_SLOTS." if devices[0].is_cpu_slot else "."),
    )


def _nothing_like_it(request: GpuRequest, devices: tuple[Device, ...], here: str) -> ImpossibleGpuRequest:
    vendors = {device.vendor for device in devices}
    if devices and None not in vendors and request.vendor not in vendors:
        what = f"asks for devices of the vendor {request.vendor}"
    elif request.partition is not None:
        what = f"names the MIG profile {request.partition}"
    elif request.model is not None and request.memory_mib is not None:
        what = f"names the model {request.model} with {request.memory_mib} MiB"
    elif request.model is not None:
        what = f"names the model {request.model}"
    elif request.memory_mib is not None:
        what = f"asks for devices with {request.memory_mib} MiB"
    else:
        what = f"asks for {request.count} devices"
    return ImpossibleGpuRequest(
        f"GPU request {request.text!r} {what}, which this machine does not have; it has {here}",
        f"Ask for what it has, such as {min(request.count, len(devices))}.",
    )


def _size(request: GpuRequest) -> tuple[int, bool, int, str]:
    shared = request.mode is Mode.SHARED
    return request.units_milli, shared, request.memory_mib or 0, request.model or ""
