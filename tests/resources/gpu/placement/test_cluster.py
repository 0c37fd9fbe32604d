"""The index as a whole: what it finds, what it remembers, what it forgets."""

import pytest

from resources.errors import BadInput
from resources.gpu.placement import cluster as module
from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import DeviceSpec, NodeSpec, Oversold, Shape, Slot, Span
from resources.gpu.placement.scan import Scan
from resources.gpu.placement.scan_one import score_one
from tests.resources.gpu.placement.nodes import at, nodes_of, put


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many nodes each look went over."""
    counted: list[int] = []
    score = Scan.score

    def counting(self: Scan, space: object, rows: object, worth: object) -> object:
        counted.append(len(rows))  # type: ignore[arg-type]
        return score(self, space, rows, worth)  # type: ignore[arg-type]

    def counting_one(*given: object) -> object:
        counted.append(1)
        return score_one(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(Scan, "score", counting)
    monkeypatch.setattr(module, "score_one", counting_one)
    return counted


def test_a_machine_with_two_cpu_slots_gives_out_two_and_takes_them_back() -> None:
    slots = Cluster([NodeSpec("here", 0, 0, (DeviceSpec(None), DeviceSpec(None)))])
    first, second = put(slots, Shape(1)), put(slots, Shape(1))
    assert {first, second} == {at(0, 0), at(0, 1)}
    assert slots.find(Shape(1)) is None
    slots.give_back(Shape(1), first)
    assert slots.find(Shape(1)) == first
    assert slots.find(Shape(1, models=frozenset({"A100"}))) is None
    assert not slots.could_ever_fit(Shape(1, models=frozenset({"A100"})))
    assert slots.could_ever_fit(Shape(2))
    assert not slots.could_ever_fit(Shape(3), Span.NODES)


def test_a_cluster_without_nodes_has_no_place() -> None:
    empty = Cluster([], popularity={Shape(1): 1.0})
    assert empty.find(Shape(1)) is None
    assert empty.find(Shape(2), Span.NODES) is None
    assert empty.why_not(Shape(1)).devices_of_model == 0


def test_first_fit_goes_on_with_a_node_before_it_begins_another() -> None:
    cluster = Cluster(nodes_of(5, 4))
    assert len({put(cluster, Shape(1))[0].node for _ in range(4)}) == 1


def test_the_same_nodes_in_another_order_give_the_same_places() -> None:
    nodes = [*nodes_of(6, 4), *nodes_of(6, 2, model="V100")]
    shapes = [Shape(1, 1 + 97 * index % 1000, cpu_milli=1_000 * (index % 7)) for index in range(30)]
    popular = dict.fromkeys(shapes, 1.0)

    def places(given: list[NodeSpec]) -> list[tuple[str, tuple[int, ...]]]:
        cluster = Cluster(given, popularity=popular)
        slots = [put(cluster, shape)[0] for shape in shapes]
        return [(given[slot.node].name, slot.devices) for slot in slots]

    told = places(nodes)
    assert places(nodes[::-1]) == told
    assert len({name for name, _ in told}) > 3


def test_finding_changes_nothing_and_finds_the_same_again() -> None:
    cluster = Cluster(nodes_of(3, 2), popularity={Shape(1, 500): 1.0})
    before = cluster.free_milli
    assert cluster.find(Shape(1, 500)) == cluster.find(Shape(1, 500))
    assert cluster.free_milli == before


def test_only_allowed_nodes_are_found_and_their_lack_is_not_held_against_the_others() -> None:
    cluster = Cluster(nodes_of(3, 1))
    for node in range(3):
        only = [index == node for index in range(3)]
        assert cluster.find(Shape(1), allowed=only) == at(node, 0)
    assert cluster.find(Shape(1), allowed=[False] * 3) is None
    assert cluster.find(Shape(1)) is not None


def test_nothing_is_found_on_a_drained_device_until_it_is_back() -> None:
    cluster = Cluster(nodes_of(1, 2))
    cluster.set_usable(0, 0, False)
    assert put(cluster, Shape(1, 500)) == at(0, 1)
    assert cluster.find(Shape(1)) is None
    assert cluster.could_ever_fit(Shape(2))
    cluster.set_usable(0, 0, True)
    assert cluster.find(Shape(1)) == at(0, 0)


@pytest.mark.parametrize(("node", "device"), [(1, 0), (0, 2), (0, -1)])
def test_a_device_that_is_not_there_cannot_be_drained(node: int, device: int) -> None:
    with pytest.raises(BadInput, match=f"no device {device} of node {node}"):
        Cluster(nodes_of(1, 2)).set_usable(node, device, False)


def test_a_lease_on_a_drained_device_can_be_entered_again() -> None:
    cluster = Cluster(nodes_of(1, 1))
    cluster.set_usable(0, 0, False)
    cluster.take(Shape(1), at(0, 0))
    assert cluster.free_milli == ((0,),)
    with pytest.raises(Oversold):
        cluster.take(Shape(1), at(0, 0))


def test_only_nodes_that_changed_are_looked_at_again(looks: list[int]) -> None:
    cluster = Cluster(nodes_of(50, 2))
    put(cluster, Shape(1))
    cluster.find(Shape(1))
    cluster.find(Shape(1))
    put(cluster, Shape(1, 500))
    cluster.find(Shape(1))
    assert looks == [50, 1, 50, 1]


def test_a_shape_that_failed_is_not_looked_for_until_something_is_given_back(looks: list[int]) -> None:
    cluster = Cluster(nodes_of(2, 1))
    held = [put(cluster, Shape(1)) for _ in range(2)]
    assert cluster.find(Shape(1)) is None
    seen = len(looks)
    assert cluster.find(Shape(1)) is None
    assert len(looks) == seen
    cluster.give_back(Shape(1), held[0])
    assert cluster.find(Shape(1)) == held[0]


def test_a_shape_that_failed_in_a_what_if_is_looked_for_again_after_it() -> None:
    cluster = Cluster(nodes_of(1, 1))
    mark = cluster.mark()
    put(cluster, Shape(1))
    assert cluster.find(Shape(1)) is None
    cluster.rollback(mark)
    assert cluster.find(Shape(1)) == at(0, 0)


def test_a_shape_that_failed_before_a_what_if_is_found_in_it_and_fails_again_after_it() -> None:
    cluster = Cluster(nodes_of(1, 1))
    held = put(cluster, Shape(1))
    assert cluster.find(Shape(1)) is None
    mark = cluster.mark()
    cluster.give_back(Shape(1), held)
    assert cluster.find(Shape(1)) == held
    cluster.rollback(mark)
    assert cluster.find(Shape(1)) is None
    assert cluster.free_milli == ((0,),)


def test_what_is_kept_stands() -> None:
    cluster = Cluster(nodes_of(1, 2))
    mark = cluster.mark()
    put(cluster, Shape(1))
    cluster.keep(mark)
    assert cluster.free_milli == ((0, 1000),)
    with pytest.raises(BadInput, match="has ended already"):
        cluster.rollback(mark)


def test_a_what_if_brings_drained_devices_back_too() -> None:
    cluster = Cluster(nodes_of(1, 1))
    mark = cluster.mark()
    cluster.set_usable(0, 0, False)
    assert cluster.find(Shape(1)) is None
    cluster.rollback(mark)
    assert cluster.find(Shape(1)) == at(0, 0)


def test_a_long_history_does_not_grow_what_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHAPES_KEPT", 8)
    cluster = Cluster(nodes_of(2, 2))
    for turn in range(500):
        shape = Shape(1, 1 + turn % 40)
        assert cluster.could_ever_fit(shape)
        cluster.give_back(shape, put(cluster, shape))
    assert len(cluster._changed) <= 4 * 2 + 64
    assert len(cluster._rows) <= 8
    assert len(cluster._ever) <= 8
    assert cluster.free_milli == ((1000, 1000),) * 2


def test_scores_are_right_after_more_changes_than_are_remembered() -> None:
    cluster = Cluster(nodes_of(2, 1))
    cluster.find(Shape(1, 300))
    for _ in range(100):
        cluster.give_back(Shape(1), put(cluster, Shape(1)))
    cluster.take(Shape(2), (Slot(0, (0,)), Slot(1, (0,))))
    assert cluster.find(Shape(1, 300)) is None
