"""Which devices of a node a shape gets."""

from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import DeviceSpec, NodeSpec, Shape, Span
from tests.resources.gpu.placement.nodes import a_node, at, nodes_of, put


def joined(*islands: int | None) -> NodeSpec:
    return a_node("joined", *(DeviceSpec("A100", 80_000, island) for island in islands))


def test_a_share_goes_to_the_device_with_the_least_room_for_it() -> None:
    cluster = Cluster(nodes_of(1, 3))
    cluster.take(Shape(1, 300), at(0, 1))
    cluster.take(Shape(1, 600), at(0, 2))
    assert cluster.find(Shape(1, 400)) == at(0, 2)
    assert cluster.find(Shape(1, 500)) == at(0, 1)
    assert cluster.find(Shape(1, 800)) == at(0, 0)
    assert cluster.find(Shape(2, 500)) == at(0, 0, 1)


def test_a_whole_device_is_one_that_nobody_is_on() -> None:
    cluster = Cluster(nodes_of(1, 2))
    cluster.take(Shape(1, 1), at(0, 0))
    assert cluster.find(Shape(1)) == at(0, 1)
    assert cluster.find(Shape(2)) is None


def test_memory_of_a_device_counts_apart_from_its_share() -> None:
    cluster = Cluster(nodes_of(1, 2))
    cluster.take(Shape(1, 100, memory_mib=60_000), at(0, 0))
    assert cluster.find(Shape(1, 100, memory_mib=30_000)) == at(0, 1)
    assert cluster.find(Shape(1, 100, memory_mib=20_000)) == at(0, 0)
    assert cluster.find(Shape(1, 100, memory_mib=80_001)) is None


def test_only_devices_of_the_models_asked_for_are_given() -> None:
    mixed = a_node("mixed", DeviceSpec("A100"), DeviceSpec("V100"), DeviceSpec(None))
    cluster = Cluster([mixed])
    assert cluster.find(Shape(1, models=frozenset({"V100", "H100"}))) == at(0, 1)
    assert cluster.find(Shape(2, models=frozenset({"V100", "A100"}))) == at(0, 0, 1)
    assert cluster.find(Shape(1, models=frozenset({"H100"}))) is None
    assert cluster.find(Shape(3)) == at(0, 0, 1, 2)
    assert cluster.find(Shape(1, models=frozenset())) is None
    assert cluster.find(Shape(1, models=frozenset({""}))) is None


def test_an_island_is_given_whole_or_not_at_all() -> None:
    cluster = Cluster([joined(7, 7, 3, 3, 3, None)])
    assert cluster.find(Shape(2), Span.ISLAND) == at(0, 0, 1)
    assert cluster.find(Shape(3), Span.ISLAND) == at(0, 2, 3, 4)
    assert cluster.find(Shape(4), Span.ISLAND) is None
    assert cluster.find(Shape(4)) == at(0, 0, 1, 2, 3)
    assert not cluster.could_ever_fit(Shape(4), Span.ISLAND)


def test_devices_on_one_node_are_taken_from_one_island_where_they_can_be() -> None:
    cluster = Cluster([joined(0, 0, 0, 0, 1, 1)])
    assert cluster.find(Shape(2)) == at(0, 4, 5)
    put(cluster, Shape(1))
    assert cluster.find(Shape(3)) == at(0, 1, 2, 3)


def test_devices_that_nothing_joins_are_no_island() -> None:
    cluster = Cluster([joined(None, None)])
    assert cluster.find(Shape(2), Span.ISLAND) is None
    assert cluster.find(Shape(1), Span.ISLAND) == at(0, 0)


def test_a_request_for_cpu_only_gets_a_node_and_no_device() -> None:
    small, large = a_node("small", cpu_milli=1_000), a_node("large", DeviceSpec("A100"), cpu_milli=9_000)
    cluster = Cluster([small, large])
    assert put(cluster, Shape(0, cpu_milli=8_000)) == at(1)
    assert cluster.find(Shape(0, cpu_milli=2_000)) is None
    assert cluster.find(Shape(0, cpu_milli=1_000), Span.NODES) is not None


def test_cpu_and_host_memory_are_those_of_one_node() -> None:
    cluster = Cluster(nodes_of(2, 4, cpu_milli=10_000))
    assert cluster.find(Shape(1, cpu_milli=10_001)) is None
    assert cluster.find(Shape(1, host_memory_mib=65_537)) is None
    put(cluster, Shape(1, cpu_milli=6_000, host_memory_mib=60_000))
    put(cluster, Shape(1, cpu_milli=6_000))
    assert cluster.find(Shape(1, cpu_milli=6_000)) is None
