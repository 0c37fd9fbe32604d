import numpy as np
import torch

from resources.learning.network import ImageNet, Shape, from_bytes, to_bytes
from resources.learning.prediction import predict
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
