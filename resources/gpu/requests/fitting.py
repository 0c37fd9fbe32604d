"""Requests against what there is: the largest of several, and those that no wait will meet."""

from collections.abc import Iterable

from resources.gpu import tags
from resources.gpu.inventory.model import Device, Inventory
from resources.gpu.model import Terms
from resources.gpu.placement.model import Span
from resources.gpu.requests.errors import ImpossibleGpuRequest
from resources.gpu.requests.model import GpuRequest, Mode


def largest(requests: list[GpuRequest]) -> GpuRequest | None:
    """The request that covers a run whose steps ask for these: the most units, then the most memory."""
    return max(requests, key=_size, default=None)


def refuse_impossible(request: GpuRequest, devices: tuple[Device, ...]) -> None:
    """Raise :class:`ImpossibleGpuRequest` where ``devices``, were all of them free, would not do.

    Use of a device that reserves nothing of it is refused too: nobody could say who else is on it.
    """
    if request.mode is Mode.SHARED:
        raise ImpossibleGpuRequest(
            f"GPU request {request.text!r} asks for shared use; devices or shares are leased: "
            f"{_named(devices)}",
            "Ask for a share, such as 0.25, or for none with 0.",
        )
    matching = number_matching(request, devices)
    if request.count <= matching:
        return
    here = _named(devices)
    if not matching:
        raise _nothing_like_it(request, devices, here)
    kind = f" of model {request.model}" if request.model else ""
    raise ImpossibleGpuRequest(
        f"GPU request {request.text!r} asks for {request.count} devices{kind}; this machine has "
        f"{matching}: {here}",
        f"Ask for at most {matching}"
        + (", or declare more CPU slots with TRAINPLAT_CPU_SLOTS." if devices[0].is_cpu_slot else "."),
    )


def number_matching(request: GpuRequest, devices: Iterable[Device]) -> int:
    """How many of ``devices`` are of the kind asked for; of thousands that are alike one is looked at."""
    known: dict[tuple[object, ...], bool] = {}
    found = 0
    for device in devices:
        kind = (device.model, device.memory_mib, device.vendor, device.mig_profile)
        if kind not in known:
            known[kind] = request.matches(device)
        found += known[kind]
    return found


def refuse_terms(request: GpuRequest, terms: Terms, inventory: Inventory) -> None:
    """Raise :class:`ImpossibleGpuRequest` where no node, were it empty, has the CPUs and the memory."""
    if request.count > 1 and terms.span is Span.NODES:
        return  # what each node has to have depends on how the devices fall
    most = max(inventory.nodes, key=lambda node: (node.cpu_milli, node.host_memory_mib))
    if terms.cpu_milli > max(node.cpu_milli for node in inventory.nodes):
        raise ImpossibleGpuRequest(
            f"{terms.cpu_milli / 1000:g} CPUs are asked for; the most that one machine has is "
            f"{most.cpu_milli / 1000:g}",
            f"Set {tags.CPUS} to at most {most.cpu_milli / 1000:g}.",
        )
    memory_mib = max(node.host_memory_mib for node in inventory.nodes)
    if terms.host_memory_mib > memory_mib:
        raise ImpossibleGpuRequest(
            f"{terms.host_memory_mib} MiB of memory are asked for; a machine has at most {memory_mib}",
            f"Set {tags.MEMORY} to at most {memory_mib}M.",
        )


def _named(devices: Iterable[Device]) -> str:
    return ", ".join(f"{device.id} ({device.model or 'CPU slot'})" for device in devices) or "no device"


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
