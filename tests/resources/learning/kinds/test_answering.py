"""What a model says about each sample, for every kind of answer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.kinds import Kind
from resources.learning.kinds import networks
from resources.learning.kinds.answering import answered, mark_f1
from resources.learning.kinds.learner import learner_of
from resources.learning.kinds.network import Shape
from resources.learning.latency import size_up
from resources.learning.network import ImageNet, to_bytes
from resources.learning.network import Shape as ImageShape
from resources.marks import NOTHING, Box, Span, written
from resources.terms import Label
from tests.resources.learning.kinds.examples import OTHERS, Examples, examples

COUNT = 12
SPANS = st.lists(
    st.builds(Span, st.integers(0, 5), st.integers(6, 9), st.sampled_from(["a", "b"])), max_size=4
)


def untrained(kind: Kind) -> tuple[bytes, Examples]:
    """A network that was never trained, with samples for it."""
    if kind is Kind.IMAGE_CLASSES:
        pixels = np.random.default_rng(1).integers(0, 255, (COUNT, 8, 8)).astype(np.uint8)
        classes = (Label("cat"), Label("dog"))
        given = Examples(pixels, tuple(classes[place % 2] for place in range(COUNT)), classes)
        return to_bytes(ImageNet(ImageShape(classes, 8, 8, 2))), given
    given = examples(kind, COUNT)
    _, height_px, width_px = given.samples.shape
    shape = Shape(given.classes, height_px, width_px, 4)
    return networks.to_bytes(kind, networks.NETWORKS[kind](shape)), given


@pytest.mark.parametrize("kind", list(Kind))
def test_each_sample_has_an_answer_with_a_score(kind: Kind) -> None:
    weights, given = untrained(kind)
    found = answered(kind, weights, given.samples, given.answers, given.classes)
    assert len(found.said) == len(found.scores) == COUNT
    assert len(found.sure) == len(found.hit)
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    assert ((found.sure >= 0) & (found.sure <= 1)).all()
    assert (found.probabilities is None) != kind.has_one_class
    if kind.has_one_class:
        measured = learner_of(kind).evaluate(weights, given.samples, given.answers, given.classes)
        assert found.scores.mean() == pytest.approx(measured.value)
        assert found.hit.tolist() == [
            one == other for one, other in zip(found.said, given.answers, strict=True)
        ]


@pytest.mark.parametrize("kind", list(Kind))
def test_a_network_has_a_size_and_a_time_for_one_sample(kind: Kind) -> None:
    weights, given = untrained(kind)
    network = learner_of(kind).network(weights)
    size = size_up(network, given.samples)
    assert size.parameters == sum(one.numel() for one in network.parameters())  # type: ignore[attr-defined]
    assert 0 < size.latency.p50_ms <= size.latency.p99_ms


@pytest.mark.parametrize("kind", OTHERS[1:])
def test_what_people_said_is_right(kind: Kind) -> None:
    assert all(mark_f1(kind, answer, answer) == 1 for answer in examples(kind, COUNT).answers)


@given(SPANS, SPANS)
def test_the_f1_of_spans_is_the_share_that_both_have(ours: list[Span], theirs: list[Span]) -> None:
    said, true = written(ours), written(theirs)
    count = len({*ours}) + len({*theirs})
    wanted = 2 * len({*ours} & {*theirs}) / count if count else 1
    assert mark_f1(Kind.ENTITIES, said, true) == pytest.approx(wanted)
    assert mark_f1(Kind.ENTITIES, true, said) == pytest.approx(wanted)


def test_a_box_counts_at_its_place_and_once() -> None:
    true = written([Box(10, 10, 20, 20, Label("disc"))])
    near, far = Box(12, 10, 20, 20, Label("disc")), Box(60, 60, 20, 20, Label("disc"))
    assert mark_f1(Kind.BOXES, written([near]), true) == 1
    assert mark_f1(Kind.BOXES, written([near, Box(11, 10, 20, 20, Label("disc"))]), true) == pytest.approx(
        2 / 3
    )
    assert mark_f1(Kind.BOXES, written([far]), true) == 0
    assert mark_f1(Kind.BOXES, NOTHING, true) == 0
