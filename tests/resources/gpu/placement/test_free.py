"""The book of what is free: exact, and never oversold."""

import pytest

from resources.errors import BadInput
from resources.gpu.placement.free import FreeSpace, share_of
from resources.gpu.placement.model import DeviceSpec, NodeSpec, Oversold, Placement, Shape, Slot
from tests.resources.gpu.placement.nodes import a_node, at, nodes_of


def space_of(*nodes: NodeSpec) -> FreeSpace:
    return FreeSpace(nodes, order_seed=0)


def everything(space: FreeSpace) -> list[list[int]]:
    return [part.ravel().tolist() for part in (*space.free, space.open_milli)]


ONE = a_node(
    "one", DeviceSpec("A100", 80_000), DeviceSpec("A100", 80_000), cpu_milli=8_000, host_memory_mib=100
)


@pytest.mark.parametrize(
    ("shape", "named"),
    [
        pytest.param(Shape(1, 600), "device 0 of node one has 500 thousandths", id="share"),
        pytest.param(Shape(1, 500, memory_mib=50_000), "MiB of memory", id="device memory"),
        pytest.param(Shape(1, 500, cpu_milli=7_001), "CPU of node one has 7000", id="CPU"),
        pytest.param(Shape(1, 500, host_memory_mib=91), "host memory of node one has 90", id="host memory"),
    ],
)
def test_more_than_is_free_is_refused_by_name_and_nothing_changes(shape: Shape, named: str) -> None:
    space = space_of(ONE)
    space.take(Shape(1, 500, memory_mib=40_000, cpu_milli=1_000, host_memory_mib=10), at(0, 0))
    before = everything(space)
    with pytest.raises(Oversold, match=named):
        space.take(shape, at(0, 0))
    assert everything(space) == before


def test_a_gang_of_which_one_part_is_not_free_changes_nothing() -> None:
    space = space_of(*nodes_of(2, 1))
    space.take(Shape(1), at(1, 0))
    before = everything(space)
    with pytest.raises(Oversold):
        space.take(Shape(2), (Slot(0, (0,)), Slot(1, (0,))))
    assert everything(space) == before


@pytest.mark.parametrize(
    "shape",
    [
        Shape(1, 501),
        Shape(1, 500, memory_mib=1),
        Shape(1, 500, cpu_milli=1),
        Shape(1, 500, host_memory_mib=1),
    ],
)
def test_more_than_was_taken_does_not_come_back(shape: Shape) -> None:
    space = space_of(ONE)
    space.take(Shape(1, 500), at(0, 0))
    before = everything(space)
    with pytest.raises(Oversold, match="given back"):
        space.give_back(shape, at(0, 0))
    assert everything(space) == before


@pytest.mark.parametrize(
    "placement",
    [
        pytest.param((), id="nowhere"),
        pytest.param(at(0, 0), id="too few devices"),
        pytest.param(at(0, 0, 0), id="one device twice"),
        pytest.param(at(0, 0, 2), id="a device that is not there"),
        pytest.param(at(5, 0, 1), id="a node that is not there"),
        pytest.param((Slot(0, (0,)), Slot(0, (1,))), id="one node twice"),
    ],
)
def test_what_is_no_place_for_the_shape_is_refused(placement: Placement) -> None:
    with pytest.raises(BadInput, match="is no place for"):
        space_of(ONE).take(Shape(2), placement)


def test_a_drained_device_offers_nothing_and_keeps_what_is_on_it() -> None:
    space = space_of(ONE)
    space.take(Shape(1, 400), at(0, 1))
    assert space.set_usable(0, 1, False)
    assert space.open_milli[0].tolist() == [1000, 0]
    space.give_back(Shape(1, 400), at(0, 1))
    assert space.open_milli[0].tolist() == [1000, 0]
    assert not space.set_usable(0, 1, True)
    assert space.open_milli[0].tolist() == [1000, 1000]


def test_each_node_of_a_gang_pays_its_part_of_cpu_rounded_up() -> None:
    gang = Shape(3, cpu_milli=10_000, host_memory_mib=3_000)
    assert share_of(gang, 1) == (3_334, 1_000)
    assert share_of(gang, 2) == (6_667, 2_000)
    assert share_of(gang, 3) == (10_000, 3_000)


def test_the_order_of_nodes_hangs_on_their_names_and_the_seed_alone() -> None:
    nodes = nodes_of(30, 1)
    named = space_of(*nodes).names
    assert space_of(*reversed(nodes)).names == named
    assert FreeSpace(nodes, order_seed=1).names != named
    assert named != sorted(named)


def test_two_nodes_of_one_name_are_refused() -> None:
    with pytest.raises(BadInput, match="called one"):
        space_of(ONE, ONE)
