"""Why a shape has no place."""

from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import DeviceSpec, Shape, Span
from tests.resources.gpu.placement.nodes import a_node, at, nodes_of


def busy() -> Cluster:
    """Two nodes of 4 A100 and one of 2 V100: one A100 drained, one shared, one with its memory given away."""
    cluster = Cluster([*nodes_of(2, 4, cpu_milli=16_000), *nodes_of(1, 2, model="V100")])
    cluster.set_usable(0, 0, False)
    cluster.take(Shape(1, 300, cpu_milli=1_000), at(0, 1))
    cluster.take(Shape(1, 100, memory_mib=70_000, cpu_milli=15_000, host_memory_mib=60_000), at(1, 0))
    return cluster


def test_each_condition_says_how_many_devices_it_leaves() -> None:
    told = busy().why_not(Shape(4, 800, memory_mib=20_000, models=frozenset({"A100"}), cpu_milli=2_000))
    assert (told.devices_of_model, told.devices_usable) == (8, 7)
    assert (told.devices_with_share, told.devices_with_memory) == (6, 5)
    assert (told.nodes_with_devices, told.largest_block) == (0, 3)


def test_nodes_that_have_the_devices_say_what_else_they_lack() -> None:
    told = busy().why_not(Shape(2, models=frozenset({"A100"}), cpu_milli=2_000, host_memory_mib=6_000))
    assert told.nodes_with_devices == 2
    assert (told.nodes_short_of_cpu, told.nodes_short_of_host_memory) == (1, 1)
    assert told.largest_cpu_milli == 15_000
    assert told.largest_host_memory_mib == 65_536


def test_the_largest_share_and_memory_are_told() -> None:
    cluster = Cluster(nodes_of(1, 2))
    cluster.take(Shape(1, 300, memory_mib=1_000), at(0, 0))
    cluster.take(Shape(1, 400, memory_mib=2_000), at(0, 1))
    told = cluster.why_not(Shape(1, 650, memory_mib=79_500))
    assert told.largest_share_milli == 700
    assert (told.devices_with_share, told.devices_with_memory, told.largest_memory_mib) == (1, 0, 79_000)


def test_the_largest_block_is_of_one_island_or_of_all_nodes_as_asked() -> None:
    islands = a_node(
        "islands", *(DeviceSpec("A100", 0, index // 3) for index in range(6)), DeviceSpec("A100")
    )
    cluster = Cluster([islands, *nodes_of(1, 4)])
    assert cluster.why_not(Shape(9)).largest_block == 7
    assert cluster.why_not(Shape(9), Span.ISLAND).largest_block == 3
    assert cluster.why_not(Shape(99), Span.NODES).largest_block == 11
    alone = Cluster([a_node("alone", DeviceSpec("A100"), DeviceSpec("A100"))])
    assert alone.why_not(Shape(2), Span.ISLAND).largest_block == 1


def test_a_gang_of_nodes_asks_each_node_for_the_part_of_one_device() -> None:
    cluster = Cluster(nodes_of(2, 4, cpu_milli=2_000))
    told = cluster.why_not(Shape(8, cpu_milli=16_001), Span.NODES)
    assert (told.nodes_with_devices, told.nodes_short_of_cpu) == (2, 2)
    assert cluster.why_not(Shape(8, cpu_milli=16_000), Span.NODES).nodes_short_of_cpu == 0


def test_on_the_empty_cluster_nothing_is_taken_or_drained() -> None:
    told = busy().why_not(Shape(5, models=frozenset({"A100"})), ever=True)
    assert (told.devices_of_model, told.devices_usable, told.devices_with_memory) == (8, 8, 8)
    assert (told.nodes_with_devices, told.largest_block, told.largest_cpu_milli) == (0, 4, 64_000)


def test_a_model_that_is_not_there_leaves_nothing() -> None:
    told = busy().why_not(Shape(1, models=frozenset({"H100"})))
    assert (told.devices_of_model, told.largest_block, told.largest_share_milli) == (0, 0, 0)
