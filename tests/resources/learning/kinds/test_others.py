"""Texts and marks: learnt under a seed, taken up after a kill, refused where they do not fit."""

from pathlib import Path

import numpy as np
import pytest

from resources.errors import BadInput
from resources.kinds import Kind
from resources.learning.kinds.learner import learner_of
from resources.learning.kinds.others import Others
from resources.learning.model import EpochPoint, LookSettings, TrainedWeights
from resources.marks import flaw
from resources.terms import Label
from tests.resources.learning.kinds.examples import OTHERS, SHORT, Examples, examples


class Killed(Exception):
    """Stands for a kill."""


def train(kind: Kind, given: Examples, checkpoint: Path | None = None, kill_at: int = 0) -> TrainedWeights:
    def progress(point: EpochPoint) -> None:
        if point.epoch == kill_at:
            raise Killed

    return Others(kind).train(
        given.samples,
        given.answers,
        given.classes,
        SHORT,
        seed=7,
        checkpoint=checkpoint,
        progress=progress,
    )


@pytest.mark.parametrize("kind", OTHERS)
def test_a_training_that_was_killed_ends_as_if_it_had_not_been(kind: Kind, tmp_path: Path) -> None:
    given = examples(kind, 8)
    whole = train(kind, given)

    with pytest.raises(Killed):
        train(kind, given, tmp_path / "kept.pt", kill_at=2)
    resumed = train(kind, given, tmp_path / "kept.pt")

    assert resumed.resumed_from_epoch == 2
    assert resumed.weights == whole.weights
    assert resumed.curve == whole.curve


@pytest.mark.parametrize("kind", OTHERS)
def test_a_checkpoint_of_other_answers_is_not_taken_up(kind: Kind, tmp_path: Path) -> None:
    given = examples(kind, 8)
    train(kind, given, tmp_path / "kept.pt")
    other = Examples(given.samples, given.answers[::-1], given.classes)

    assert train(kind, other, tmp_path / "kept.pt").resumed_from_epoch == 0


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_seen_of_a_sample_is_one_row_and_an_answer_that_can_be_used(kind: Kind) -> None:
    given = examples(kind, 8)
    weights = train(kind, given).weights

    seen = learner_of(kind).look(weights, given.samples, given.classes, LookSettings(members=3))

    columns = len(given.classes) + (not kind.has_one_class)
    assert seen.outlook.probabilities.shape == (8, columns) == (8, len(seen.columns))
    assert np.allclose(seen.outlook.probabilities.sum(axis=1), 1)
    assert seen.outlook.embeddings.shape[0] == 8
    assert seen.outlook.members is not None
    assert seen.outlook.members.shape == (3, 8, columns)
    assert ((seen.sureness > 0) & (seen.sureness <= 1)).all()
    assert all(flaw(kind, guess, given.classes) is None for guess in seen.guesses)


@pytest.mark.parametrize("kind", OTHERS)
def test_an_empty_pool_is_seen_as_nothing(kind: Kind) -> None:
    given = examples(kind, 8)
    weights = train(kind, given).weights

    assert learner_of(kind).look(weights, given.samples[:0], given.classes).guesses == ()


@pytest.mark.parametrize("kind", OTHERS)
def test_a_training_goes_on_from_weights_of_the_same_classes_only(kind: Kind) -> None:
    given = examples(kind, 8)
    weights = train(kind, given).weights

    def go_on(classes: tuple[Label, ...], start: bytes) -> TrainedWeights:
        return Others(kind).train(given.samples, given.answers, classes, SHORT, seed=7, start=start)

    assert len(go_on(given.classes, weights).curve) == SHORT.incremental_epochs
    with pytest.raises(BadInput, match="the model knows the classes"):
        go_on((*given.classes, Label("more")), weights)
    with pytest.raises(BadInput, match="are not the weights of a model"):
        go_on(given.classes, weights[:100])


@pytest.mark.parametrize("kind", OTHERS)
def test_answers_that_name_what_is_no_class_are_refused(kind: Kind) -> None:
    given = examples(kind, 8)

    with pytest.raises(BadInput, match="the classes are"):
        train(kind, Examples(given.samples, given.answers, (Label("x"), Label("y"))))


def test_weights_of_another_kind_are_refused() -> None:
    weights = train(Kind.ENTITIES, examples(Kind.ENTITIES, 8)).weights

    with pytest.raises(BadInput, match="entities, not boxes"):
        learner_of(Kind.BOXES).network(weights)
