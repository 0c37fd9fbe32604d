"""One node in plain integers gives what arrays give."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.placement.free import FreeSpace
from resources.gpu.placement.model import WHOLE_MILLI, DeviceSpec, NodeSpec, Shape, Span
from resources.gpu.placement.scan import NO_FIT, Scan
from resources.gpu.placement.scan_one import score_one
from resources.gpu.placement.worth import Worth, worth_of
from tests.examples import drawing

MODELS = ("A100", "T4", None)
SHAPES = st.builds(
    Shape,
    devices=st.integers(0, 4),
    milli=st.sampled_from([1, 250, 500, 900, WHOLE_MILLI]),
    memory_mib=st.sampled_from([0, 4_000, 16_000]),
    models=st.sampled_from([None, frozenset({"A100"}), frozenset({"T4", "A100"}), frozenset({"H100"})]),
    cpu_milli=st.sampled_from([0, 2_000, 8_000]),
    host_memory_mib=st.sampled_from([0, 4_000]),
)
DEVICES = st.builds(DeviceSpec, st.sampled_from(MODELS), st.just(32_000), st.sampled_from([None, 0, 1]))
NODES = st.lists(st.lists(DEVICES, max_size=6), min_size=1, max_size=3)


def a_space(devices: list[list[DeviceSpec]], draw: st.DataObject) -> FreeSpace:
    """Nodes of which some of everything is taken, and some devices are drained."""
    nodes = [NodeSpec(f"n{at}", 16_000, 16_000, tuple(one)) for at, one in enumerate(devices)]
    space = FreeSpace(nodes, order_seed=0)
    for row, count in enumerate(space.device_count):
        space.free.cpu_milli[row] -= draw.draw(st.sampled_from([0, 8_001, 15_000]))
        space.free.host_memory_mib[row] -= draw.draw(st.sampled_from([0, 14_000]))
        for device in range(count):
            taken = draw.draw(st.sampled_from([0, 100, 500, 750, 1000]))
            space.free.milli[row, device] -= taken
            space.open_milli[row, device] -= taken
            space.free.memory_mib[row, device] -= draw.draw(st.sampled_from([0, 20_000]))
            if draw.draw(st.integers(0, 5)) == 0:
                space.set_usable(row, device, False)
    return space


def a_worth(space: FreeSpace, popular: list[Shape]) -> Worth | None:
    capacity = [int(space.total.milli[space.model == code].sum()) for code in range(len(space.models))]
    return worth_of({shape: 1.0 + at for at, shape in enumerate(popular)}, space.models, capacity)


@drawing(1.5)
@given(
    devices=NODES,
    shape=SHAPES,
    span=st.sampled_from(Span),
    popular=st.lists(SHAPES, max_size=5),
    draw=st.data(),
)
def test_a_look_at_one_node_finds_what_a_look_at_all_finds(
    devices: list[list[DeviceSpec]], shape: Shape, span: Span, popular: list[Shape], draw: st.DataObject
) -> None:
    space = a_space(devices, draw)
    worth = a_worth(space, popular)
    scan = Scan.of(shape, span, space.models)
    scores = scan.score(space, np.arange(len(devices)), worth)
    for row in range(len(devices)):
        score, chosen = score_one(scan, space, row, worth)
        assert score == scores.score[row]
        if score != NO_FIT:
            assert sorted(chosen) == scores.chosen[row].nonzero()[0].tolist()
