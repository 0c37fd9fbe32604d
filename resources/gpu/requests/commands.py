"""Commands that ask for the same as a request, for people to copy."""

from collections.abc import Iterable

from resources.gpu.model import Terms
from resources.gpu.placement.model import Span
from resources.gpu.requests.model import GpuRequest


def allocate_command(request: GpuRequest, terms: Terms) -> str:
    """Asks for it without a run; ``NAME`` is for the reader to choose."""
    said = ["trainplat gpu allocate NAME", f"'{request.text}'"]
    if terms.cpu_milli:
        said.append(f"--cpus {terms.cpu_milli / 1000:g}")
    if terms.host_memory_mib:
        said.append(f"--memory {terms.host_memory_mib}M")
    if terms.span is not Span.NODE:
        said.append(f"--span {terms.span}")
    if terms.nodes:
        said.append(f"--nodes {labels_text(terms.nodes)}")
    return " ".join(said)


def labels_text(labels: Iterable[tuple[str, str]]) -> str:
    """Labels of nodes as an option and a tag name them, such as ``rack=a1,zone=b``."""
    return ",".join(f"{name}={value}" for name, value in labels)
