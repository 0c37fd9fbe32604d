"""The nearest change of a request that can never be met: each one offered is one that would be."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from resources.gpu import tags
from resources.gpu.inventory.model import Device, Inventory
from resources.gpu.model import Terms
from resources.gpu.placement.model import Span
from resources.gpu.requests.canonical import canonical
from resources.gpu.requests.errors import BadGpuRequest
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.model import GpuRequest, Mode
from resources.gpu.requests.room import fits, kinds_for, most_together, sorts_of
from resources.gpu.requests.vendor_file import shipped_vendors
from resources.gpu.requests.vendors import VendorTable
from resources.texts import Filled, filled, mark

MOST = 3
"""How many changes are offered."""
ALIKE = 0.5
"""How alike a name has to be to be taken for a slip, from 0 to 1."""
_WITH = mark("{request} with {tags}")
_FAMILIES = {"nvidia": "gpu", "amd": "amd", "intel": "intel", "huawei": "npu"}


@dataclass(frozen=True)
class Change:
    """A request that would fit."""

    text: str
    terms: Terms
    said: Filled
    """What to ask for, in words."""


def nearest_changes(
    request: GpuRequest, terms: Terms, inventory: Inventory, vendors: VendorTable | None = None
) -> tuple[Change, ...]:
    """At most three changes of a request that does not fit, the nearest first; all of them would fit."""
    table = vendors or shipped_vendors()
    found: dict[tuple[object, ...], Change] = {}
    for change in _candidates(request, terms, inventory, table):
        try:
            asked = parse_request(change.text, table)
        except BadGpuRequest:
            continue
        # Of several names for the same devices the first will do.
        same = (asked.count, asked.milli, asked.memory_mib, kinds_for(asked, inventory), change.terms)
        if same not in found and fits(asked, change.terms, inventory):
            found[same] = change
        if len(found) == MOST:
            break
    return tuple(found.values())


def _candidates(
    request: GpuRequest, terms: Terms, inventory: Inventory, vendors: VendorTable
) -> Iterator[Change]:
    """What differs in one thing first, then what differs in more."""
    yield from _beside(request, terms, inventory)
    kinds = _kinds(inventory)
    yield from _fewer(request, terms, inventory, vendors)
    yield from _smaller(request, terms, inventory, vendors, kinds)
    near = [] if request.model is None else _alike(request.model, kinds)
    for kind in (*near, *kinds):
        for name in (_model_of(kind), None):
            for memory_mib in dict.fromkeys((request.memory_mib, None)):
                other = _of_kind(request, kind, name, memory_mib, vendors)
                if other is not None:
                    yield _change(other, terms, vendors)
                    yield from _fewer(other, terms, inventory, vendors)


def _beside(request: GpuRequest, terms: Terms, inventory: Inventory) -> Iterator[Change]:
    """The same devices further apart, or with less beside them."""
    wider = {Span.NODE: (Span.NODES,), Span.ISLAND: (Span.NODE, Span.NODES), Span.NODES: ()}[terms.span]
    for span in wider if request.count > 1 else ():
        tag = f"{tags.SPAN} {span}"
        said = filled(_WITH, request=request.text, tags=tag)
        yield Change(request.text, replace(terms, span=span), said)
    parts = request.count if terms.span is Span.NODES and request.count > 1 else 1
    for sort in sorted(sorts_of(inventory), key=lambda one: (-one.cpu_milli, -one.host_memory_mib)):
        less = replace(
            terms,
            cpu_milli=min(terms.cpu_milli, sort.cpu_milli * parts),
            host_memory_mib=min(terms.host_memory_mib, sort.host_memory_mib * parts),
        )
        if less != terms:
            yield Change(request.text, less, filled(_WITH, request=request.text, tags=_with(terms, less)))


def _fewer(request: GpuRequest, terms: Terms, inventory: Inventory, vendors: VendorTable) -> Iterator[Change]:
    """Fewer of the same kind, with all that is asked for beside them."""
    most = most_together(request, terms, inventory)
    if 0 < most < request.count:
        yield _change(replace(request, count=most), terms, vendors)


def _smaller(
    request: GpuRequest, terms: Terms, inventory: Inventory, vendors: VendorTable, kinds: list[Device]
) -> Iterator[Change]:
    """Less device memory of the same kind."""
    if request.memory_mib is None:
        return
    alike = replace(request, memory_mib=None)
    sizes = [kind.memory_mib for kind in kinds if kind.memory_mib and alike.matches(kind)]
    if sizes:
        smaller = replace(request, memory_mib=max(sizes))
        change = _change(smaller, terms, vendors)
        gib, model = f"{max(sizes) / 1024:.0f}", request.model
        said = filled(
            mark("{request} ({gib} GiB is the most that any device here has)"), request=change.said, gib=gib
        )
        if model is not None:
            said = filled(
                mark("{request} ({gib} GiB is the most that any {model} here has)"),
                request=change.said,
                gib=gib,
                model=model,
            )
        yield replace(change, said=said)
        yield from _fewer(smaller, terms, inventory, vendors)


def _of_kind(
    request: GpuRequest, kind: Device, name: str | None, memory_mib: int | None, vendors: VendorTable
) -> GpuRequest | None:
    """As much of another kind; None where the grammar has no word for it."""
    family = "gpu" if kind.vendor is None else _FAMILIES[kind.vendor]
    inside = [] if family == "gpu" and (name or kind.mig_profile) else [family]
    if kind.mig_profile is not None:
        inside.append(f"mig-{kind.mig_profile.replace('+', '.')}")
    if name is not None:
        inside.append(name)
    count = max(1, request.count)
    try:
        found = parse_request(f"{count}({','.join(inside)})", vendors)
    except BadGpuRequest:
        return None
    if request.mode is Mode.FRACTION and kind.mig_profile is None:
        return replace(found, milli=request.milli, memory_mib=memory_mib, mode=Mode.FRACTION)
    return replace(found, memory_mib=memory_mib)


def _change(request: GpuRequest, terms: Terms, vendors: VendorTable) -> Change:
    try:
        text = canonical(request, vendors)
    except ValueError:
        text = request.text
    of_any = request.model is None and request.partition is None
    return Change(
        text, terms, filled(mark("{request} of any model") if of_any else "{request}", request=text)
    )


def _kinds(inventory: Inventory) -> list[Device]:
    """Each kind of device there is, the most frequent first."""
    counted: dict[Device, int] = {}
    for sort, nodes in sorts_of(inventory).items():
        for kind, _island, count in sort.devices:
            counted[kind] = counted.get(kind, 0) + count * nodes
    return sorted(counted, key=lambda kind: -counted[kind])


def _alike(model: str, kinds: list[Device]) -> list[Device]:
    """Kinds whose name is like ``model``, as after a slip of the finger, the nearest first."""
    by_name = {name: kind for kind in reversed(kinds) if (name := _model_of(kind)) is not None}
    words = {word: name for name in by_name for word in (name, name.split("-")[0])}
    near = difflib.get_close_matches(model.upper(), list(words), n=MOST, cutoff=ALIKE)
    return [by_name[words[word]] for word in near]


def _model_of(kind: Device) -> str | None:
    """The word of a device's name that tells its model: the first with a digit that is no size."""
    words = (kind.model or "").upper().split()
    told = [word for word in words if re.search(r"\d", word) and not re.fullmatch(r"\d+[KMGT]I?B?", word)]
    return told[0] if told else None


def _with(terms: Terms, less: Terms) -> str:
    said: list[str] = []
    if less.cpu_milli != terms.cpu_milli:
        said.append(f"{tags.CPUS} {less.cpu_milli / 1000:g}")
    if less.host_memory_mib != terms.host_memory_mib:
        said.append(f"{tags.MEMORY} {less.host_memory_mib}M")
    return said[0] if len(said) == 1 else filled(mark("{first} and {second}"), first=said[0], second=said[1])
