"""A joined network says what its parts say on average."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.errors import BadInput
from resources.learning.network import ImageNet, Shape, from_bytes, to_bytes
from resources.learning.structure.growing import grown
from resources.learning.structure.joining import joined
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


def test_what_was_joined_grows_like_any() -> None:
    one = joined([network(0, 2, 0), network(1, 2, 0)])
    wider = grown(one, channels=6, depth=1, seed=0)
    with torch.inference_mode():
        assert torch.allclose(wider(IMAGES), one(IMAGES), atol=1e-5)


def test_those_of_different_depth_are_not_joined() -> None:
    with pytest.raises(BadInput, match="cannot be joined"):
        joined([network(0, 2, 0), network(1, 2, 1)])
