"""A request written in the one form that means the same to every reader of the grammar."""

from resources.gpu.requests.model import GpuRequest, Mode
from resources.gpu.requests.vendor_file import shipped_vendors
from resources.gpu.requests.vendors import Kind, VendorTable


def canonical(request: GpuRequest, vendors: VendorTable | None = None) -> str:
    """The text that parses to ``request`` by the same table and profile, such as ``8192M,0.5(V100)``.

    Raises ValueError for a request of a kind that the table does not know.
    """
    table = vendors or shipped_vendors()
    kind = table.kind_of(request.resource_name, request.model)
    if kind is None:
        raise ValueError(f"{request.resource_name} is not in the vendor table")
    if request.memory_mib is not None and request.mode is not Mode.FRACTION:
        parts = [kind.family.key, request.model, f"{request.memory_mib}M", str(request.count)]
        return ":".join(part for part in parts if part is not None)
    return _amount(request) + _inside(kind, table)


def _amount(request: GpuRequest) -> str:
    if request.mode is Mode.SHARED:
        return "-1"
    if request.mode is not Mode.FRACTION:
        return str(request.count)
    share = f"0.{request.milli:03d}".rstrip("0")
    return share if request.memory_mib is None else f"{request.memory_mib}M,{share}"


def _inside(kind: Kind, vendors: VendorTable) -> str:
    key = kind.family.key if kind.partition is None else f"{kind.family.key}-{kind.partition}"
    if kind.model is None:
        return "" if kind.family is vendors.default else f"({key})"
    if kind.family is vendors.default and vendors.family_of_model(kind.model) is kind.family:
        return f"({kind.model})"
    return f"({key},{kind.model})"
