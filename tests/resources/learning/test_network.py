import io

import numpy as np
import pytest
import torch
from torch import nn

from resources.errors import BadInput
from resources.learning.model import Images, LookSettings
from resources.learning.network import ImageNet, Shape, check_fit, from_bytes, to_bytes
from resources.learning.prediction import look, predict
from resources.terms import Label
from tests.resources.learning.examples import CLASSES, bars


def network() -> ImageNet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return ImageNet(Shape(CLASSES, 6, 6, 2))


def test_weights_come_back_as_they_were_and_as_the_same_bytes() -> None:
    one = network()
    again = from_bytes(to_bytes(one))
    assert again.shape == one.shape
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), again.parameters(), strict=True))
    assert to_bytes(again) == to_bytes(one)


def test_probabilities_sum_to_one_and_do_not_depend_on_the_batch() -> None:
    images, _ = bars(1100)
    together = predict(to_bytes(network()), images, CLASSES)
    assert together.shape == (1100, 2)
    assert np.allclose(together.sum(axis=1), 1)
    assert np.allclose(together[1050:], predict(to_bytes(network()), images[1050:], CLASSES))


def test_no_image_gives_no_probability() -> None:
    assert predict(to_bytes(network()), np.zeros((0, 6, 6), np.uint8), CLASSES).shape == (0, 2)


def test_images_of_one_pixel_still_have_a_network() -> None:
    small = ImageNet(Shape(CLASSES, 2, 3, 1))
    assert small(torch.zeros(2, 2, 3, dtype=torch.uint8)).shape == (2, 2)


MORE = (*CLASSES, Label("right"), Label("bottom"))


def logits(model: ImageNet, images: Images) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model(torch.from_numpy(images))
    return found


def as_before_heads_grew(model: ImageNet) -> bytes:
    """The bytes of the same network as earlier releases wrote them."""
    content = torch.load(io.BytesIO(to_bytes(model)), weights_only=True)
    del content["blocks"]
    for name in ("weight", "bias"):
        content["state"][f"head.{name}"] = content["state"].pop(f"head.blocks.0.{name}")
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def test_weights_of_earlier_releases_say_the_same_to_the_bit() -> None:
    images, _ = bars(50)
    model = network()
    old = from_bytes(as_before_heads_grew(model))
    assert torch.equal(logits(old, images), logits(model, images))
    head = nn.Linear(model.head.features, len(CLASSES))
    head.load_state_dict(
        {name: model.state_dict()[f"head.blocks.0.{name}"] for name in ("weight", "bias")}, strict=True
    )
    with torch.inference_mode():
        plain = head(model.embed(torch.from_numpy(images)))
    assert torch.equal(logits(old, images), plain)


def test_a_new_network_draws_what_one_with_a_plain_head_draws() -> None:
    model = network()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for layer in model.features:
            if isinstance(layer, nn.Conv2d):
                layer.reset_parameters()
        plain = nn.Linear(model.head.features, len(CLASSES))
    assert torch.equal(model.state_dict()["head.blocks.0.weight"], plain.weight)
    assert torch.equal(model.state_dict()["head.blocks.0.bias"], plain.bias)


def test_a_network_that_grew_says_the_same_of_the_old_classes_and_comes_back_with_its_blocks() -> None:
    images, _ = bars(50)
    model = network()
    before = logits(model, images)
    assert len(model.grow(MORE[:3])) == len(model.grow(MORE)) == 2
    again = from_bytes(to_bytes(model))
    assert again.shape == model.shape == Shape(MORE, 6, 6, 2)
    assert again.head.sizes == (2, 1, 1)
    assert to_bytes(again) == to_bytes(model)
    assert torch.equal(logits(again, images)[:, :2], before)
    assert not logits(again, images)[:, 2:].any()


def test_a_class_that_came_after_the_training_is_never_predicted() -> None:
    images, _ = bars(20)
    seen = look(to_bytes(network()), images, MORE, LookSettings(members=2))
    assert seen.members is not None
    assert seen.members.shape == (2, 20, 4)
    assert not seen.members[:, :, 2:].any()
    assert np.array_equal(seen.probabilities[:, :2], predict(to_bytes(network()), images, CLASSES))
    assert not seen.probabilities[:, 2:].any()
    assert np.array_equal(seen.probabilities, predict(to_bytes(network()), images, MORE))


@pytest.mark.parametrize("classes", [CLASSES[:1], MORE[1:], MORE[::-1], (MORE[0], MORE[2], MORE[1])])
def test_classes_that_are_gone_or_in_another_order_are_refused(classes: tuple[Label, ...]) -> None:
    images, _ = bars(2)
    with pytest.raises(BadInput, match="expected those of the model in their order, and new ones after them"):
        check_fit(network().shape, images, classes)


def test_blocks_that_are_not_those_of_the_classes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"blocks of \(2, 1\) classes for 2 classes"):
        ImageNet(Shape(CLASSES, 6, 6, 2), [2, 1])
