"""A request as Kubernetes is asked for it: resource names and whole numbers."""

from resources.errors import BadInput
from resources.gpu.requests.errors import ImpossibleGpuRequest
from resources.gpu.requests.model import WHOLE_MILLI, GpuRequest, Mode
from resources.gpu.requests.vendor_file import shipped_vendors
from resources.gpu.requests.vendors import WHOLE_RESOURCE, Kind, Share, Template, VendorTable


def k8s_requests(
    request: GpuRequest, vendors: VendorTable | None = None, profile: str | None = None
) -> dict[str, int]:
    """What a container asks for, by resource name; nothing for no device and for shared use.

    The model, and the memory of whole devices, choose nodes: they are no amounts. Raises
    ImpossibleGpuRequest for a share or memory between two units of the profile: nothing is rounded. Raises
    BadInput for a profile or a kind of device that is not in the table.
    """
    table = vendors or shipped_vendors()
    chosen = table.profile(profile)
    if request.count == 0:
        return {}
    if request.mode is Mode.WHOLE:
        return {request.resource_name: request.count}
    kind = table.kind_of(request.resource_name, request.model)
    share = None if kind is None else table.share(kind, chosen)
    if kind is None or share is None:
        raise BadInput(
            f"the vendor table does not say how {request.resource_name} is shared",
            "Add it to vendors.yaml in the home.",
        )
    whole = kind.resource_name

    def name(resource: str) -> str:
        return resource.replace(WHOLE_RESOURCE, whole)

    asked = {} if share.device is None else {name(share.device): request.count}
    if share.core is not None:
        what = f"hundredths of a device of profile {chosen.name}"
        asked[name(share.core)] = _units(request, request.milli * share.core_units, WHOLE_MILLI, what)
    memory = _memory_mib(request, kind, share)
    if share.memory is not None and memory is not None:
        what = f"units of {share.memory_unit_mib} MiB of profile {chosen.name}"
        asked[name(share.memory)] = _units(request, memory, share.memory_unit_mib, what)
    return asked


def template_of(request: GpuRequest, vendors: VendorTable | None = None) -> Template | None:
    """The template that a share is cut by; None where devices are not cut by templates."""
    table = vendors or shipped_vendors()
    kind = table.kind_of(request.resource_name, request.model)
    entry = None if kind is None else kind.entry
    sizes = () if entry is None or request.mode is not Mode.FRACTION else entry.templates
    return next((size for size in sizes if size.milli == request.milli), None)


def _memory_mib(request: GpuRequest, kind: Kind, share: Share) -> int | None:
    if request.memory_mib is not None or share.core is not None or kind.entry is None:
        return request.memory_mib
    return next((size.memory_mib for size in kind.entry.templates if size.milli == request.milli), None)


def _units(request: GpuRequest, amount: int, unit: int, what: str) -> int:
    count, rest = divmod(amount, unit)
    if rest:
        raise ImpossibleGpuRequest(
            f"GPU request {request.text!r} is no whole number of {what}",
            f"Ask for a little more or less, so that it is {count or 1} or {count + 1} of them.",
        )
    return count
