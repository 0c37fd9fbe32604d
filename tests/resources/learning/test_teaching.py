"""A network learns from teachers what no label tells it."""

import numpy as np
import pytest

from resources.errors import BadInput
from resources.learning.evaluation import evaluate
from resources.learning.teaching import Teaching, teaching_of
from resources.learning.training import train
from resources.train_settings import TrainSettings
from tests.resources.learning.examples import CLASSES, bars

SETTINGS = TrainSettings(epochs=8, channels=4)


def test_a_teacher_is_heard_where_labels_are_silent() -> None:
    """One label of each class is not enough; what is said of the other images is."""
    images, labels = bars(60)
    said = np.eye(len(CLASSES))[labels]
    few = np.array([int(np.flatnonzero(labels == one)[0]) for one in range(len(CLASSES))])
    settings = TrainSettings(epochs=80, channels=4, batch_size=8)
    alone = train(images[few], labels[few], CLASSES, settings, seed=1).weights
    taught = train(
        images[few], labels[few], CLASSES, settings, seed=1, teaching=Teaching(images, said)
    ).weights
    right = evaluate(taught, images, labels, CLASSES).accuracy
    assert right >= evaluate(alone, images, labels, CLASSES).accuracy
    assert right > 0.9


def test_the_same_teaching_gives_the_same_bits_and_another_one_others() -> None:
    images, labels = bars(24)
    champion = train(images, labels, CLASSES, SETTINGS, seed=1).weights
    teaching = teaching_of([champion, champion], images, CLASSES)
    other = Teaching(images, teaching.said[::-1].copy())

    def weights(by: Teaching) -> bytes:
        return train(images, labels, CLASSES, SETTINGS, seed=2, teaching=by).weights

    assert weights(teaching) == weights(teaching)
    assert weights(teaching) != weights(other)
    assert teaching.fingerprint() != other.fingerprint()


def test_several_teachers_are_heard_on_average() -> None:
    images, labels = bars(12)
    settings = TrainSettings(epochs=1, channels=2)
    two = [train(images, labels, CLASSES, settings, seed=seed).weights for seed in (1, 2)]
    first, second = (teaching_of([one], images, CLASSES).said for one in two)
    assert not np.allclose(first, second)
    assert np.allclose(teaching_of(two, images, CLASSES).said, (first + second) / 2)


def test_images_of_which_nothing_is_said_are_refused() -> None:
    images, _ = bars(4)
    with pytest.raises(BadInput, match=r"4 images came with 3 rows of probabilities; expected as many"):
        Teaching(images, np.ones((3, len(CLASSES))) / len(CLASSES))
