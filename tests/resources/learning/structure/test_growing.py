"""A network that grows says the same: a law over shapes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.errors import BadInput
from resources.learning.network import ImageNet, Shape, from_bytes, to_bytes
from resources.learning.structure.growing import grown, parameters_of
from resources.terms import Label

CLASSES = tuple(Label(name) for name in "abc")


def trained(shape: Shape, seed: int) -> ImageNet:
    """A network whose weights all matter, those of the norms and of residual blocks too."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = ImageNet(shape)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0.2 * torch.randn_like(parameter))
    return network


def images(shape: Shape, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    size = (5, shape.height_px, shape.width_px)
    return torch.randint(0, 256, size, generator=generator, dtype=torch.uint8)


def difference(one: ImageNet, other: ImageNet, seed: int = 3) -> float:
    with torch.inference_mode():
        given_images = images(one.shape, seed)
        return float((one(given_images).softmax(1) - other(given_images).softmax(1)).abs().max())


shapes = st.builds(
    Shape,
    st.just(CLASSES),
    st.integers(2, 9),
    st.integers(2, 9),
    st.integers(1, 7),
    st.lists(st.integers(1, 5), max_size=2).map(tuple),
    st.integers(0, 2),
)


@settings(max_examples=40, deadline=None)
@given(shape=shapes, wider=st.integers(0, 9), deeper=st.integers(0, 2), seed=st.integers(0, 999))
def test_what_grew_says_the_same_to_a_millionth(shape: Shape, wider: int, deeper: int, seed: int) -> None:
    before = trained(shape, seed)
    kept = to_bytes(before)
    after = grown(before, channels=sum(shape.parts) + wider, depth=shape.depth + deeper, seed=seed)
    assert difference(before, after, seed) <= 1e-6
    assert to_bytes(before) == kept
    assert sum(after.shape.parts) == sum(shape.parts) + wider
    assert difference(after, from_bytes(to_bytes(after)), seed) == 0
    again = grown(after, channels=sum(after.shape.parts) + 1, depth=after.shape.depth + 1, seed=seed)
    assert difference(before, again, seed) <= 1e-6
    assert parameters_of(again) > parameters_of(after) >= parameters_of(before)


def test_all_that_is_new_learns() -> None:
    """Weights that are 0 on both sides of a layer would stay so for ever."""
    before = trained(Shape(CLASSES, 6, 6, 4), 1)
    after = grown(before, channels=7, depth=1, seed=1)
    optimizer = torch.optim.AdamW(after.parameters(), lr=1e-2)
    labels = torch.tensor([0, 1, 2, 0, 1])
    first = [parameter.detach().clone() for parameter in after.parameters()]
    for _ in range(3):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(after(images(after.shape, 1)), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    pairs = zip(after.named_parameters(), first, strict=True)
    assert [name for (name, parameter), old in pairs if torch.equal(parameter, old)] == []
    head = after.state_dict()["head.blocks.0.weight"]
    assert float(head[:, before.head.features :].abs().max()) > 0


def test_a_network_does_not_shrink_by_growing() -> None:
    with pytest.raises(BadInput, match="4 channels and 0 blocks was to grow to 3 and 0; expected as many"):
        grown(trained(Shape(CLASSES, 6, 6, 4), 1), channels=3, depth=0, seed=0)


def test_old_weights_are_those_of_a_plain_group_norm_to_the_bit() -> None:
    from resources.learning.layers import PartedNorm

    maps = torch.randn(4, 6, 5, 5)
    assert torch.equal(PartedNorm([6])(maps), torch.nn.GroupNorm(1, 6)(maps))
    assert list(PartedNorm([6]).state_dict()) == list(torch.nn.GroupNorm(1, 6).state_dict())
