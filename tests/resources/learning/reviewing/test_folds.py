"""Out of fold: each sample is judged once, by a model that never saw it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from resources.errors import BadInput
from resources.learning import prediction, training
from resources.learning.reviewing import folds
from resources.learning.reviewing.folds import folds_of, out_of_fold
from resources.terms import Label
from resources.train_settings import TrainSettings

CLASSES = (Label("dark"), Label("light"))
SHORT = replace(TrainSettings(), epochs=8, channels=4)


def pictures(count: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Dark and light ones, in turn."""
    labels = np.arange(count) % 2
    chance = np.random.default_rng(0)
    images = chance.integers(0, 60, (count, 8, 8)) + labels[:, None, None] * 180
    return images.astype(np.uint8), labels


@pytest.mark.slow
def test_models_recognise_what_they_were_not_trained_on() -> None:
    images, labels = pictures(60)

    found = out_of_fold(images, labels, CLASSES, seed=1, folds=3, settings=SHORT)

    assert found.sum(axis=1) == pytest.approx(np.ones(60))
    assert (found.argmax(axis=1) == labels).mean() > 0.9


def test_no_model_sees_what_it_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = pictures(12)
    images = images + np.arange(12, dtype=np.uint8)[:, None, None]  # so that each can be told
    seen: list[set[bytes]] = []
    real_train, real_predict = training.train, prediction.predict

    def train(kept: NDArray[np.uint8], *given: object, **named: object) -> object:
        seen.append({image.tobytes() for image in kept})
        return real_train(kept, *given, **named)  # type: ignore[arg-type]

    def predict(weights: bytes, judged: NDArray[np.uint8], *given: object, **named: object) -> object:
        assert not seen[-1] & {image.tobytes() for image in judged}
        return real_predict(weights, judged, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(folds, "train", train)
    monkeypatch.setattr(folds, "predict", predict)
    out_of_fold(images, labels, CLASSES, seed=1, folds=3, settings=replace(SHORT, epochs=1))

    assert len(seen) == 3


@given(st.lists(st.integers(0, 4), min_size=4, max_size=40), st.integers(2, 4), st.integers(0, 99))
def test_each_fold_has_its_share_of_samples_and_of_classes(labels: list[int], count: int, seed: int) -> None:
    given_labels = np.array(labels)

    fold_of = folds_of(given_labels, count, seed)

    sizes = np.bincount(fold_of, minlength=count)
    assert sizes.max() - sizes.min() <= 1
    for label in set(labels):
        of_class = np.bincount(fold_of[given_labels == label], minlength=count)
        assert of_class.max() - of_class.min() <= 1


def test_more_folds_than_samples_are_refused() -> None:
    images, labels = pictures(3)

    with pytest.raises(BadInput, match="3 labelled samples cannot be cut into 5 folds"):
        out_of_fold(images, labels, CLASSES, seed=0)
