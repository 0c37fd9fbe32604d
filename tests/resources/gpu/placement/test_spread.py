"""Gangs over nodes."""

from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import Placement, Shape, Span
from tests.resources.gpu.placement.nodes import at, nodes_of, put


def sizes(placement: Placement | None) -> list[int]:
    assert placement is not None
    return sorted(len(slot.devices) for slot in placement)


def test_a_gang_that_fits_on_a_node_stays_on_it() -> None:
    cluster = Cluster([*nodes_of(3, 4), *nodes_of(1, 8)])
    assert cluster.find(Shape(6), Span.NODES) == at(3, *range(6))


def test_a_larger_gang_takes_as_few_nodes_as_there_can_be_and_leaves_the_largest_rest_whole() -> None:
    cluster = Cluster([*nodes_of(3, 4), *nodes_of(2, 8)])
    assert sizes(cluster.find(Shape(12), Span.NODES)) == [4, 8]
    assert sizes(cluster.find(Shape(13), Span.NODES)) == [5, 8]
    assert sizes(cluster.find(Shape(28), Span.NODES)) == [4, 4, 4, 8, 8]


def test_a_gang_is_placed_whole_or_not_at_all() -> None:
    cluster = Cluster(nodes_of(3, 4))
    put(cluster, Shape(1))
    assert cluster.find(Shape(12), Span.NODES) is None
    assert cluster.could_ever_fit(Shape(12), Span.NODES)
    assert not cluster.could_ever_fit(Shape(13), Span.NODES)
    assert sizes(put(cluster, Shape(11), Span.NODES)) == [3, 4, 4]


def test_cpu_goes_with_the_devices_of_each_node() -> None:
    cluster = Cluster(nodes_of(3, 4, cpu_milli=3_000))
    assert sizes(put(cluster, Shape(8, cpu_milli=8_000), Span.NODES)) == [2, 3, 3]
    assert cluster.find(Shape(2, cpu_milli=2_000), Span.NODES) is None
    assert cluster.find(Shape(2, cpu_milli=1_000), Span.NODES) is not None


def test_host_memory_goes_with_the_devices_of_each_node() -> None:
    cluster = Cluster(nodes_of(2, 4))
    assert sizes(cluster.find(Shape(4, host_memory_mib=2 * 65_536), Span.NODES)) == [2, 2]
    assert cluster.find(Shape(4, host_memory_mib=2 * 65_536 + 4), Span.NODES) is None


def test_a_gang_stays_on_the_nodes_that_are_allowed() -> None:
    cluster = Cluster(nodes_of(3, 4))
    found = cluster.find(Shape(8), Span.NODES, allowed=[True, False, True])
    assert found is not None
    assert sorted(slot.node for slot in found) == [0, 2]
    assert cluster.find(Shape(9), Span.NODES, allowed=[True, False, True]) is None
    assert cluster.find(Shape(9), Span.NODES) is not None


def test_shares_are_spread_too() -> None:
    cluster = Cluster(nodes_of(2, 2))
    put(cluster, Shape(1, 600))
    assert sizes(cluster.find(Shape(3, 500), Span.NODES)) == [1, 2]
    assert cluster.find(Shape(4, 500), Span.NODES) is None
