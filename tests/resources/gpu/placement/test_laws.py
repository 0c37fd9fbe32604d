"""Laws that hold over any history, against a count of our own that shares no code with the index."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import DeviceSpec, NodeSpec, Placement, Shape, Span
from tests.examples import drawing

MODELS = ("A100", "V100", None)
devices = st.builds(
    DeviceSpec,
    st.sampled_from(MODELS),
    st.sampled_from([16_000, 80_000]),
    st.sampled_from([None, 0, 1]),
)
clusters = st.lists(
    st.builds(
        lambda cpu, host, held: (cpu, host, tuple(held)),
        st.sampled_from([0, 4_000, 16_000]),
        st.sampled_from([1_000, 8_000]),
        st.lists(devices, max_size=4),
    ),
    min_size=1,
    max_size=4,
).map(lambda drawn: [NodeSpec(f"node-{index}", *parts) for index, parts in enumerate(drawn)])
shapes = st.builds(
    Shape,
    st.integers(0, 5),
    st.sampled_from([1, 100, 333, 500, 999, 1000]),
    st.sampled_from([0, 10_000, 40_000]),
    st.sampled_from([None, frozenset({"A100"}), frozenset({"A100", "V100"})]),
    st.sampled_from([0, 1_000, 3_001]),
    st.sampled_from([0, 500, 1_001]),
)
popularities = st.one_of(st.none(), st.dictionaries(shapes, st.floats(0.1, 10.0), min_size=1, max_size=5))
spans = st.sampled_from(list(Span))


@dataclass
class Count:
    """What is held, counted from the leases each time."""

    nodes: list[NodeSpec]
    leases: list[tuple[Shape, Placement]] = field(default_factory=list)
    drained: set[tuple[int, int]] = field(default_factory=set)

    def free(
        self,
    ) -> tuple[dict[tuple[int, int], int], dict[tuple[int, int], int], dict[int, int], dict[int, int]]:
        milli: Counter[tuple[int, int]] = Counter()
        memory: Counter[tuple[int, int]] = Counter()
        cpu: Counter[int] = Counter()
        host: Counter[int] = Counter()
        for shape, placement in self.leases:
            for slot in placement:
                part = len(slot.devices) / shape.devices if len(placement) > 1 else 1
                cpu[slot.node] += round_up(shape.cpu_milli * part)
                host[slot.node] += round_up(shape.host_memory_mib * part)
                for device in slot.devices:
                    milli[slot.node, device] += shape.milli
                    memory[slot.node, device] += shape.memory_mib
        every = [(n, d) for n, node in enumerate(self.nodes) for d in range(len(node.devices))]
        return (
            {key: 1000 - milli[key] for key in every},
            {key: self.nodes[key[0]].devices[key[1]].memory_mib - memory[key] for key in every},
            {n: node.cpu_milli - cpu[n] for n, node in enumerate(self.nodes)},
            {n: node.host_memory_mib - host[n] for n, node in enumerate(self.nodes)},
        )

    def check_nothing_is_oversold(self) -> None:
        for amounts in self.free():
            assert min(amounts.values(), default=0) >= 0

    def fitting(self, shape: Shape) -> dict[int, list[int]]:
        """By node, the devices that the shape could have."""
        milli, memory, _, _ = self.free()
        found: defaultdict[int, list[int]] = defaultdict(list)
        for node, device in milli:
            model = self.nodes[node].devices[device].model
            if (node, device) in self.drained or (shape.models is not None and model not in shape.models):
                continue
            if milli[node, device] >= shape.milli and memory[node, device] >= shape.memory_mib:
                found[node].append(device)
        return found

    def fits_somewhere(self, shape: Shape, span: Span) -> bool:
        _, _, cpu, host = self.free()
        fitting = self.fitting(shape)
        for node, spec in enumerate(self.nodes):
            here = fitting[node]
            most = len(here)
            if span is Span.ISLAND and shape.devices > 1:
                islands = Counter(spec.devices[device].island for device in here)
                del islands[None]
                most = max(islands.values(), default=0)
            if most >= shape.devices and cpu[node] >= shape.cpu_milli and host[node] >= shape.host_memory_mib:
                return True
        return span is Span.NODES and self.fewest_nodes(shape) is not None

    def fewest_nodes(self, shape: Shape) -> int | None:
        """The fewest nodes that hold the whole gang, each with its part of CPU and host memory."""
        _, _, cpu, host = self.free()
        fitting = self.fitting(shape)
        rooms = [
            max(
                count
                for count in range(len(fitting[node]) + 1)
                if shape.devices
                and cpu[node] >= round_up(shape.cpu_milli * count / shape.devices)
                and host[node] >= round_up(shape.host_memory_mib * count / shape.devices)
            )
            for node in range(len(self.nodes))
            if shape.devices
        ]
        together = accumulate(sorted(rooms, reverse=True))
        return next((taken for taken, room in enumerate(together, 1) if room >= shape.devices), None)

    def check_is_a_place(self, shape: Shape, span: Span, placement: Placement) -> None:
        fitting = self.fitting(shape)
        assert sum(len(slot.devices) for slot in placement) == shape.devices
        assert len(placement) == ((span is Span.NODES and self.fewest_nodes(shape)) or 1)
        for slot in placement:
            assert list(slot.devices) == sorted(set(slot.devices))
            assert set(slot.devices) <= set(fitting[slot.node])
            if span is Span.ISLAND and shape.devices > 1:
                islands = {self.nodes[slot.node].devices[device].island for device in slot.devices}
                assert len(islands) == 1
                assert None not in islands
        self.leases.append((shape, placement))
        self.check_nothing_is_oversold()
        self.leases.pop()


def round_up(amount: float) -> int:
    return -int(-amount // 1)


def state(cluster: Cluster) -> list[object]:
    space = cluster._space
    return [*(part.tolist() for part in space.free), space.open_milli.tolist(), space.usable.tolist()]


def step(
    draw: Callable[[st.SearchStrategy[int]], int], cluster: Cluster, count: Count, shape: Shape, span: Span
) -> None:
    """One thing that happens: mostly a request, else something ends, or a device is drained or comes back."""
    kind = draw(st.integers(0, 5))
    if kind == 4 and count.leases:
        cluster.give_back(*count.leases.pop(draw(st.integers(0, len(count.leases) - 1))))
        return
    every = [(n, d) for n, node in enumerate(count.nodes) for d in range(len(node.devices))]
    if kind == 5 and every:
        chosen = every[draw(st.integers(0, len(every) - 1))]
        cluster.set_usable(*chosen, chosen in count.drained)
        count.drained ^= {chosen}
        return
    found = cluster.find(shape, span)
    assert (found is not None) == count.fits_somewhere(shape, span)
    if found is not None:
        count.check_is_a_place(shape, span, found)
        cluster.take(shape, found)
        count.leases.append((shape, found))


@drawing(1.2)
@given(st.data(), clusters, popularities, st.lists(st.tuples(shapes, spans), min_size=5, max_size=25))
def test_a_place_is_found_when_and_only_when_there_is_one_and_nothing_is_oversold(
    data: st.DataObject,
    nodes: list[NodeSpec],
    popularity: dict[Shape, float] | None,
    asked: list[tuple[Shape, Span]],
) -> None:
    cluster, count = Cluster(nodes, popularity=popularity), Count(nodes)
    for shape, span in asked:
        step(data.draw, cluster, count, shape, span)
    milli = count.free()[0]
    free = cluster.free_milli
    assert {(n, d): free[n][d] for n, d in milli} == milli


@drawing(0.6)
@given(st.data(), clusters, popularities, st.lists(st.tuples(shapes, spans), min_size=4, max_size=20))
def test_a_rollback_restores_everything_and_what_is_found_after_it(
    data: st.DataObject,
    nodes: list[NodeSpec],
    popularity: dict[Shape, float] | None,
    asked: list[tuple[Shape, Span]],
) -> None:
    cluster, count = Cluster(nodes, popularity=popularity), Count(nodes)
    half = len(asked) // 2
    for shape, span in asked[:half]:
        step(data.draw, cluster, count, shape, span)
    before, found = state(cluster), [cluster.find(*one) for one in asked]
    what_if = Count(nodes, list(count.leases), set(count.drained))
    outer = cluster.mark()
    for shape, span in asked[half:]:
        inner = cluster.mark()
        step(data.draw, cluster, what_if, shape, span)
        cluster.keep(inner)
    cluster.rollback(outer)
    assert state(cluster) == before
    assert [cluster.find(*one) for one in asked] == found


@drawing(0.6)
@given(
    clusters, popularities, st.lists(st.tuples(shapes, spans), max_size=20), st.randoms(use_true_random=False)
)
def test_giving_everything_back_in_any_order_leaves_the_cluster_as_it_was(
    nodes: list[NodeSpec],
    popularity: dict[Shape, float] | None,
    asked: list[tuple[Shape, Span]],
    order: Random,
) -> None:
    cluster = Cluster(nodes, popularity=popularity)
    before = state(cluster)
    held = []
    for shape, span in asked:
        found = cluster.find(shape, span)
        if found is not None:
            cluster.take(shape, found)
            held.append((shape, found))
    order.shuffle(held)
    for shape, placement in held:
        cluster.give_back(shape, placement)
    assert state(cluster) == before


@drawing(0.6)
@given(clusters, shapes, spans)
def test_what_could_ever_fit_is_what_the_empty_cluster_holds_and_a_misfit_shows_in_the_reasons(
    nodes: list[NodeSpec], shape: Shape, span: Span
) -> None:
    cluster = Cluster(nodes)
    fits = Count(nodes).fits_somewhere(shape, span)
    assert cluster.could_ever_fit(shape, span) == fits
    told = cluster.why_not(shape, span, ever=True)
    good = told.nodes_with_devices - told.nodes_short_of_cpu - told.nodes_short_of_host_memory
    if span is not Span.NODES and (told.largest_block < shape.devices or not told.nodes_with_devices):
        assert not fits
    if span is not Span.NODES and good > 0:
        assert fits
    if fits:
        assert told.largest_block >= shape.devices
