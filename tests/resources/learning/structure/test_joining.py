"""A joined network says what its parts say on average."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.errors import BadInput
from resources.learning.network import ImageNet, Shape, from_bytes, to_bytes
from resources.learning.structure.growing import grown, parameters_of
from resources.learning.structure.joining import connected, joined
from resources.terms import Label

CLASSES = (Label("top"), Label("left"))


def network(seed: int, channels: int, depth: int) -> ImageNet:
    torch.manual_seed(seed)
    made = ImageNet(Shape(CLASSES, 6, 6, channels, depth=depth))
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return made.eval()


IMAGES = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (5, 6, 6), dtype=np.uint8))


@given(st.lists(st.integers(2, 5), min_size=1, max_size=4), st.integers(0, 2), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_its_logits_are_the_mean_of_theirs(widths: list[int], depth: int, seed: int) -> None:
    parts = [network(seed + number, channels, depth) for number, channels in enumerate(widths)]
    one = from_bytes(to_bytes(joined(parts)))
    with torch.inference_mode():
        expected = torch.stack([part(IMAGES) for part in parts]).mean(dim=0)
        assert torch.allclose(one(IMAGES), expected, atol=1e-5)


@given(st.integers(1, 4), st.integers(1, 2), st.floats(0.0, 1.0))
@settings(max_examples=20, deadline=None)
def test_the_first_has_the_least_say_that_it_is_given_and_the_others_share_the_rest(
    others: int, columns: int, least: float
) -> None:
    first = joined([network(9 + number, 2, 0) for number in range(columns)])
    parts = [network(number, 2, 0) for number in range(others)]
    one = joined([first, *parts], least)
    say = max(least, columns / (columns + others))
    with torch.inference_mode():
        rest = torch.stack([part(IMAGES) for part in parts]).mean(dim=0)
        assert torch.allclose(one(IMAGES), say * first(IMAGES) + (1 - say) * rest, atol=1e-5)


def test_what_was_joined_grows_like_any() -> None:
    one = joined([network(0, 2, 0), network(1, 2, 0)])
    wider = grown(one, channels=6, depth=1, seed=0)
    with torch.inference_mode():
        assert torch.allclose(wider(IMAGES), one(IMAGES), atol=1e-5)


@given(st.integers(2, 4), st.integers(2, 4), st.integers(0, 1), st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_those_of_one_width_stay_apart_and_are_as_large_as_together(
    count: int, channels: int, depth: int, seed: int
) -> None:
    parts = [network(seed + number, channels, depth) for number in range(count)]
    one = from_bytes(to_bytes(joined(parts)))
    assert one.shape.apart
    heads = [sum(weights.numel() for weights in part.head.parameters()) for part in parts]
    alone = [parameters_of(part) - head for part, head in zip(parts, heads, strict=True)]
    assert parameters_of(one) - sum(weights.numel() for weights in one.head.parameters()) == sum(alone)
    other = network(seed + count, channels, depth)
    both = joined([one, other])
    assert (both.shape.apart, both.shape.columns) == (True, count + 1)
    with torch.inference_mode():
        expected = torch.stack([part(IMAGES) for part in (*parts, other)]).mean(dim=0)
        assert torch.allclose(both(IMAGES), expected, atol=1e-5)
    wide = connected(one)
    assert not wide.shape.apart
    with torch.inference_mode():
        assert torch.allclose(wide(IMAGES), one(IMAGES), atol=1e-5)


def test_one_whose_head_grew_is_joined_to_one_that_knew_all_classes_at_once() -> None:
    grew = network(0, 2, 0)
    more = (*CLASSES, Label("right"))
    grew.grow(more)
    with torch.no_grad():
        for parameter in grew.head.blocks[1].parameters():
            parameter.add_(0.1)
    other = ImageNet(Shape(more, 6, 6, 2))
    with torch.inference_mode():
        expected = (grew(IMAGES) + other(IMAGES)) / 2
        assert torch.allclose(joined([grew, other])(IMAGES), expected, atol=1e-5)


def test_those_of_different_depth_are_not_joined() -> None:
    with pytest.raises(BadInput, match="cannot be joined"):
        joined([network(0, 2, 0), network(1, 2, 1)])
