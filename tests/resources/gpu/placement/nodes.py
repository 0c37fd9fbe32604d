"""Small clusters to place on."""

from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import DeviceSpec, NodeSpec, Placement, Shape, Slot, Span


def a_node(
    name: str, *devices: DeviceSpec, cpu_milli: int = 64_000, host_memory_mib: int = 65_536
) -> NodeSpec:
    """A node with these devices."""
    return NodeSpec(name, cpu_milli, host_memory_mib, devices)


def nodes_of(count: int, devices: int, *, model: str = "A100", cpu_milli: int = 64_000) -> list[NodeSpec]:
    """Nodes alike, each with so many devices."""
    return [
        a_node(f"{model}-{devices}-{index}", *(DeviceSpec(model, 80_000),) * devices, cpu_milli=cpu_milli)
        for index in range(count)
    ]


def put(cluster: Cluster, shape: Shape, span: Span = Span.NODE) -> Placement:
    """Find a place and take it."""
    found = cluster.find(shape, span)
    assert found is not None
    cluster.take(shape, found)
    return found


def at(node: int, *devices: int) -> Placement:
    """A placement on one node."""
    return (Slot(node, devices),)
