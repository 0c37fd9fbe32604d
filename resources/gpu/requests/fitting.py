"""Requests against what there is: the largest of several, and those that no wait will meet."""

from collections.abc import Iterable
from dataclasses import replace

from resources.gpu.inventory.model import Device, Inventory
from resources.gpu.model import NO_TERMS, Terms
from resources.gpu.placement.model import Span
from resources.gpu.requests.errors import ImpossibleGpuRequest
from resources.gpu.requests.model import GpuRequest, Mode
from resources.gpu.requests.nearest import nearest_changes
from resources.gpu.requests.room import fits, most_together
from resources.gpu.requests.vendors import VendorTable

SHOWN_NODES = 4
SHOWN_DEVICES = 8
"""How many devices an error names; a cluster has thousands."""


def largest(requests: list[GpuRequest]) -> GpuRequest | None:
    """The request that covers a run whose steps ask for these: the most units, then the most memory."""
    return max(requests, key=_size, default=None)


def refuse_impossible(
    request: GpuRequest,
    inventory: Inventory,
    terms: Terms = NO_TERMS,
    vendors: VendorTable | None = None,
    *,
    for_run: bool = True,
) -> None:
    """Raise :class:`ImpossibleGpuRequest` where ``inventory``, were all of it free, would not do.

    For a run only what there is where runs are started counts. The error names what is too much, and the
    nearest changes that would fit. Devices with a fault do not count. Use of a device that reserves nothing
    of it is refused too: nobody could say who else is on it.
    """
    cluster = inventory
    if for_run or not request.count:  # CPUs without a device are those of this machine
        inventory = cluster.for_runs
    if request.mode is Mode.SHARED:
        raise ImpossibleGpuRequest(
            f"GPU request {request.text!r} asks for shared use; devices or shares are leased: "
            f"{_here(_well(inventory))}",
            "Ask for a share, such as 0.25, or for none with 0.",
        )
    if fits(request, terms, inventory):
        return
    devices = _well(inventory)
    changes = nearest_changes(request, terms, inventory, vendors)
    problem = _problem(request, terms, inventory, devices)
    step = "See `trainplat gpu doctor` for the devices there are."
    if changes:
        step = f"Ask for {', or '.join(change.said for change in changes)}{_slots(request, devices)}."
    if inventory is not cluster and fits(request, terms, cluster):
        problem += f". {_declared_that_have_it(request, cluster)}, and runs are started on this machine only"
        step += f" Without a run the cluster has it: trainplat gpu allocate NAME '{request.text}'."
    raise ImpossibleGpuRequest(problem, step)


def _declared_that_have_it(request: GpuRequest, cluster: Inventory) -> str:
    """The declared nodes that have devices of the kind, in words."""
    names = [
        node.id
        for node in cluster.nodes
        if not node.takes_runs and any(request.matches(device) for device in node.devices)
    ]
    more = f" and {len(names) - SHOWN_NODES} more" if len(names) > SHOWN_NODES else ""
    return f"Such devices are declared on {', '.join(names[:SHOWN_NODES])}{more}"


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


def _problem(request: GpuRequest, terms: Terms, inventory: Inventory, devices: tuple[Device, ...]) -> str:
    here = _here(devices)
    matching = number_matching(request, devices) if request.count else 0
    if request.count and not matching:
        return _nothing_like_it(request, devices, here, _whole(inventory))
    kind = f" of model {request.model}" if request.model else ""
    if request.count > matching:
        return (
            f"GPU request {request.text!r} asks for {request.count} devices{kind}; {_whole(inventory)} has "
            f"{matching}: {here}"
        )
    together = most_together(request, replace(terms, cpu_milli=0, host_memory_mib=0), inventory)
    if request.count > together:
        where = "in one NVLink island" if terms.span is Span.ISLAND else "on one node"
        return (
            f"GPU request {request.text!r} asks for {request.count} devices{kind} {where}; of the {matching} "
            f"there are, at most {together} lie so"
        )
    return _too_much_beside(request, terms, inventory)


def _too_much_beside(request: GpuRequest, terms: Terms, inventory: Inventory) -> str:
    cpu_milli = max((node.cpu_milli for node in inventory.nodes), default=0)
    memory_mib = max((node.host_memory_mib for node in inventory.nodes), default=0)
    if terms.cpu_milli > cpu_milli:
        return (
            f"{terms.cpu_milli / 1000:g} CPUs are asked for; the most that one machine has is "
            f"{cpu_milli / 1000:g}"
        )
    if terms.host_memory_mib > memory_mib:
        return f"{terms.host_memory_mib} MiB of memory are asked for; a machine has at most {memory_mib}"
    return (
        f"no machine has the devices of GPU request {request.text!r} with {terms.cpu_milli / 1000:g} CPUs "
        f"and {terms.host_memory_mib} MiB of memory beside them"
    )


def _whole(inventory: Inventory) -> str:
    return "this machine" if len(inventory.nodes) == 1 else "the cluster"


def _nothing_like_it(request: GpuRequest, devices: tuple[Device, ...], here: str, whole: str) -> str:
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
    return f"GPU request {request.text!r} {what}, which {whole} does not have; it has {here}"


def _well(inventory: Inventory) -> tuple[Device, ...]:
    return tuple(one for one in inventory.devices if one.fault is None)


def _here(devices: tuple[Device, ...]) -> str:
    named = [f"{device.id} ({device.model or 'CPU slot'})" for device in devices[:SHOWN_DEVICES]]
    more = [f"{len(devices) - SHOWN_DEVICES} more"] if len(devices) > SHOWN_DEVICES else []
    return ", ".join(named + more) or "no device"


def _slots(request: GpuRequest, devices: tuple[Device, ...]) -> str:
    if request.model is None and devices and devices[0].is_cpu_slot and request.count > len(devices):
        return ", or declare more CPU slots with TRAINPLAT_CPU_SLOTS"
    return ""


def _size(request: GpuRequest) -> tuple[int, bool, int, str]:
    shared = request.mode is Mode.SHARED
    return request.units_milli, shared, request.memory_mib or 0, request.model or ""
