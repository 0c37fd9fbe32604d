import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.learning.continual.network import Perceptron
from resources.learning.head import GrowingHead


@settings(deadline=None)
@given(st.integers(1, 12), st.lists(st.integers(1, 9), min_size=1, max_size=3), st.integers(1, 200))
def test_growing_changes_no_bit_of_the_old_logits(classes: int, more: list[int], samples: int) -> None:
    network = Perceptron(5, 17, classes, torch.Generator().manual_seed(classes))
    inputs = torch.randn(samples, 5, generator=torch.Generator().manual_seed(samples))
    before = network(inputs)
    for count in more:
        network.head.grow(network.head.classes + count)
    after = network(inputs)
    assert after.shape == (samples, classes + sum(more))
    assert torch.equal(after[:, :classes], before)
    assert not after[:, classes:].any()


def test_a_head_that_is_wide_enough_does_not_grow() -> None:
    head = GrowingHead(3, [2, 2])
    assert head.grow(4) == []
    assert head.grow(1) == []
    assert [tuple(one.shape) for one in head.grow(5)] == [(1, 3), (1,)]
