"""Embeddings and committees beside probabilities, all of one network."""

import numpy as np
import torch

from resources.learning.looking import EMBEDDING_WIDTH
from resources.learning.model import LookSettings
from resources.learning.network import ImageNet, Shape, from_bytes, to_bytes
from resources.learning.prediction import look, predict
from tests.resources.learning.examples import CLASSES, bars


def weights(side_px: int = 6, channels: int = 2) -> bytes:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return to_bytes(ImageNet(Shape(CLASSES, side_px, side_px, channels)))


def test_probabilities_are_those_of_a_prediction_and_embeddings_what_the_head_is_given() -> None:
    images, _ = bars(20)
    seen = look(weights(), images, CLASSES)
    assert np.array_equal(seen.probabilities, predict(weights(), images, CLASSES))
    network = from_bytes(weights())
    logits = network.head(torch.from_numpy(seen.embeddings)).detach().numpy()
    again = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.allclose(again, seen.probabilities, atol=1e-6)
    assert seen.embeddings.dtype == np.float32
    assert seen.members is None


def test_an_embedding_depends_on_its_image_alone() -> None:
    images, _ = bars(1100)
    together = look(weights(), images, CLASSES)
    assert together.embeddings.shape == (1100, 36)
    alone = look(weights(), images[1090:], CLASSES, LookSettings(members=2))
    assert np.allclose(together.embeddings[1090:], alone.embeddings, atol=1e-6)


def test_wide_embeddings_are_made_narrow_and_distances_stay_nearly_as_they_are() -> None:
    images = np.random.default_rng(0).integers(0, 255, (12, 24, 24), dtype=np.uint8)
    heavy = weights(24, 4)
    narrow = look(heavy, images, CLASSES).embeddings
    with torch.inference_mode():
        wide = from_bytes(heavy).embed(torch.from_numpy(images)).numpy()
    assert wide.shape[1] == 1152
    assert narrow.shape[1] == EMBEDDING_WIDTH
    before, after = (np.linalg.norm(table[:, None] - table[None], axis=2) for table in (wide, narrow))
    apart = ~np.eye(12, dtype=bool)
    assert np.abs(after[apart] / before[apart] - 1).max() < 0.25
    assert np.array_equal(narrow, look(heavy, images, CLASSES).embeddings)


def test_a_committee_is_drawn_from_its_seed_and_each_member_goes_without_something_else() -> None:
    images, _ = bars(10)
    one, same, other = (
        look(weights(), images, CLASSES, LookSettings(members=4, seed=seed)).members for seed in (1, 1, 2)
    )
    assert one is not None
    assert same is not None
    assert other is not None
    assert one.shape == (4, 10, 2)
    assert np.allclose(one.sum(axis=2), 1)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert len({member.tobytes() for member in one}) == 4


def test_no_image_gives_no_row_but_its_width() -> None:
    seen = look(weights(), np.zeros((0, 6, 6), np.uint8), CLASSES, LookSettings(members=3))
    assert seen.probabilities.shape == (0, 2)
    assert seen.embeddings.shape == (0, 36)
    assert seen.members is not None
    assert seen.members.shape == (3, 0, 2)
