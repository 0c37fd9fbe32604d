"""Requests against what there is: the largest of several, and those that no wait will meet."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from resources.gpu.inventory.model import Device, Inventory
from resources.gpu.model import NO_TERMS, Terms
from resources.gpu.placement.model import Span
from resources.gpu.requests.commands import allocate_command, labels_text
from resources.gpu.requests.errors import ImpossibleGpuRequest
from resources.gpu.requests.model import GpuRequest, Mode
from resources.gpu.requests.nearest import nearest_changes
from resources.gpu.requests.room import fits, most_together
from resources.gpu.requests.vendors import VendorTable
from resources.texts import Filled, filled, mark

SHOWN_NODES = 4
SHOWN_LABELS = 12
SHOWN_DEVICES = 8
"""How many devices an error names; a cluster has thousands."""
_MORE = mark("{names} and {count} more")


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
            filled(
                mark("GPU request {text} asks for shared use; devices or shares are leased: {devices}"),
                text=repr(request.text),
                devices=_here(_well(inventory)),
            ),
            mark("Ask for a share, such as 0.25, or for none with 0."),
        )
    labelled = inventory.labelled(terms.nodes)
    if not labelled.nodes:
        raise _no_such_node(request, terms, cluster)
    if fits(request, terms, labelled):
        return
    raise ImpossibleGpuRequest(
        _whole_problem(request, terms, labelled, cluster),
        _next_step(request, terms, labelled, cluster, vendors),
    )


def _whole_problem(request: GpuRequest, terms: Terms, inventory: Inventory, cluster: Inventory) -> Filled:
    problem = _problem(request, terms, inventory, _well(inventory))
    if terms.nodes:
        problem = filled(
            mark("on the nodes that are {labels}: {problem}"),
            labels=labels_text(terms.nodes),
            problem=problem,
        )
    if not _cluster_has_it(request, terms, inventory, cluster):
        return problem
    return filled(
        mark("{problem}. Such devices are declared on {nodes}, and runs are started on this machine only"),
        problem=problem,
        nodes=_declared_that_have_it(request, cluster),
    )


def _next_step(
    request: GpuRequest,
    terms: Terms,
    inventory: Inventory,
    cluster: Inventory,
    vendors: VendorTable | None,
) -> str:
    changes: list[str] = [one.said for one in nearest_changes(request, terms, inventory, vendors)]
    asked = _or(changes) if changes else None
    if changes and _more_slots_would_do(request, _well(inventory)):
        more = filled(mark("declare more CPU slots with TRAINPLAT_CPU_SLOTS"))
        asked = filled(mark("{first}, or {rest}"), first=_or(changes), rest=more)
    step = (
        filled(mark("See `trainplat gpu doctor` for the devices there are."))
        if asked is None
        else filled(mark("Ask for {changes}."), changes=asked)
    )
    if terms.nodes and fits(request, terms, cluster.for_runs):
        step = filled(mark("{step} Nodes with other labels have it."), step=step)
    if not _cluster_has_it(request, terms, inventory, cluster):
        return step
    return filled(
        mark("{step} Without a run the cluster has it: {command}"),
        step=step,
        command=allocate_command(request, terms),
    )


def _cluster_has_it(request: GpuRequest, terms: Terms, inventory: Inventory, cluster: Inventory) -> bool:
    """Whether only nodes on which no runs are started have it, and it was asked for one."""
    every = cluster.labelled(terms.nodes)
    return len(inventory.nodes) < len(every.nodes) and fits(request, terms, every)


def _no_such_node(request: GpuRequest, terms: Terms, inventory: Inventory) -> ImpossibleGpuRequest:
    if inventory.labelled(terms.nodes).nodes:
        return ImpossibleGpuRequest(
            filled(
                mark("only declared nodes are {labels}, and runs are started on this machine only"),
                labels=labels_text(terms.nodes),
            ),
            filled(
                mark("Leave the labels out, or ask without a run: {command}"),
                command=allocate_command(request, terms),
            ),
        )
    there = sorted(
        {f"{name}={value}" for node in inventory.nodes for name, value in node.every_label.items()}
    )
    more = len(there) - SHOWN_LABELS
    known: str = ", ".join(there[:SHOWN_LABELS])
    if more > 0:
        known = filled(_MORE, names=known, count=more)
    return ImpossibleGpuRequest(
        filled(
            mark("no node of {whole} is {labels}; the labels there are: {known}"),
            whole=_whole(inventory),
            labels=labels_text(terms.nodes),
            known=known,
        ),
        mark("Ask for labels of one node, or leave them out; docs/gpu-inventory.md says how nodes get them."),
    )


def _declared_that_have_it(request: GpuRequest, cluster: Inventory) -> str:
    """The declared nodes that have devices of the kind, in words."""
    names = [
        node.id
        for node in cluster.nodes
        if not node.takes_runs and any(request.matches(device) for device in node.devices)
    ]
    told, more = ", ".join(names[:SHOWN_NODES]), len(names) - SHOWN_NODES
    return filled(_MORE, names=told, count=more) if more > 0 else told


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


def _problem(request: GpuRequest, terms: Terms, inventory: Inventory, devices: tuple[Device, ...]) -> Filled:
    here, whole = _here(devices), _whole(inventory)
    matching = number_matching(request, devices) if request.count else 0
    if request.count and not matching:
        return filled(
            mark("GPU request {text} {what}, which {whole} does not have; it has {devices}"),
            text=repr(request.text),
            what=_kind_in_words(request, devices),
            whole=whole,
            devices=here,
        )
    asked = filled(mark("{count} devices"), count=request.count)
    if request.model:
        asked = filled(mark("{count} devices of model {model}"), count=request.count, model=request.model)
    if request.count > matching:
        return filled(
            mark("GPU request {text} asks for {asked}; {whole} has {matching}: {devices}"),
            text=repr(request.text),
            asked=asked,
            whole=whole,
            matching=matching,
            devices=here,
        )
    together = most_together(request, replace(terms, cpu_milli=0, host_memory_mib=0), inventory)
    if request.count > together:
        island = terms.span is Span.ISLAND
        return filled(
            mark(
                "GPU request {text} asks for {asked} {where}; of the {matching} there are, at most "
                "{together} lie so"
            ),
            text=repr(request.text),
            asked=asked,
            where=filled(mark("in one NVLink island") if island else mark("on one node")),
            matching=matching,
            together=together,
        )
    return _too_much_beside(request, terms, inventory)


def _too_much_beside(request: GpuRequest, terms: Terms, inventory: Inventory) -> Filled:
    cpu_milli = max((node.cpu_milli for node in inventory.nodes), default=0)
    memory_mib = max((node.host_memory_mib for node in inventory.nodes), default=0)
    if terms.cpu_milli > cpu_milli:
        return filled(
            mark("{asked} CPUs are asked for; the most that one machine has is {most}"),
            asked=f"{terms.cpu_milli / 1000:g}",
            most=f"{cpu_milli / 1000:g}",
        )
    if terms.host_memory_mib > memory_mib:
        return filled(
            mark("{asked} MiB of memory are asked for; a machine has at most {most}"),
            asked=terms.host_memory_mib,
            most=memory_mib,
        )
    return filled(
        mark(
            "no machine has the devices of GPU request {text} with {cpus} CPUs and {memory} MiB of memory "
            "beside them"
        ),
        text=repr(request.text),
        cpus=f"{terms.cpu_milli / 1000:g}",
        memory=terms.host_memory_mib,
    )


def _whole(inventory: Inventory) -> Filled:
    return filled(mark("this machine") if len(inventory.nodes) == 1 else mark("the cluster"))


def _kind_in_words(request: GpuRequest, devices: tuple[Device, ...]) -> Filled:
    vendors = {device.vendor for device in devices}
    if devices and None not in vendors and request.vendor not in vendors:
        return filled(mark("asks for devices of the vendor {vendor}"), vendor=request.vendor)
    if request.partition is not None:
        return filled(mark("names the MIG profile {profile}"), profile=request.partition)
    if request.model is not None and request.memory_mib is not None:
        return filled(
            mark("names the model {model} with {memory} MiB"), model=request.model, memory=request.memory_mib
        )
    if request.model is not None:
        return filled(mark("names the model {model}"), model=request.model)
    if request.memory_mib is not None:
        return filled(mark("asks for devices with {memory} MiB"), memory=request.memory_mib)
    return filled(mark("asks for {count} devices"), count=request.count)


def _well(inventory: Inventory) -> tuple[Device, ...]:
    return tuple(one for one in inventory.devices if one.fault is None)


def _here(devices: tuple[Device, ...]) -> Filled:
    named = [
        filled(mark("{device} (CPU slot)"), device=device.id)
        if device.model is None
        else filled("{device} ({model})", device=device.id, model=device.model)
        for device in devices[:SHOWN_DEVICES]
    ]
    more = len(devices) - SHOWN_DEVICES
    if more > 0:
        named.append(filled(mark("{count} more"), count=more))
    return _joined(named) if named else filled(mark("no device"))


def _joined(parts: Sequence[str]) -> Filled:
    first, *rest = map(filled, parts)
    return filled(mark("{first}, {rest}"), first=first, rest=_joined(rest)) if rest else first


def _or(parts: Sequence[str]) -> Filled:
    first, *rest = map(filled, parts)
    return filled(mark("{first}, or {rest}"), first=first, rest=_or(rest)) if rest else first


def _more_slots_would_do(request: GpuRequest, devices: tuple[Device, ...]) -> bool:
    only_slots = bool(devices) and devices[0].is_cpu_slot
    return request.model is None and only_slots and request.count > len(devices)


def _size(request: GpuRequest) -> tuple[int, bool, int, str]:
    shared = request.mode is Mode.SHARED
    return request.units_milli, shared, request.memory_mib or 0, request.model or ""
