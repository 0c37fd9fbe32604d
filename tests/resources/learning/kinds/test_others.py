"""Texts and marks: learnt under a seed, taken up after a kill, refused where they do not fit."""

from pathlib import Path

import numpy as np
import pytest

from resources.errors import BadInput
from resources.kinds import Kind
from resources.learning.kinds.learner import learner_of
from resources.learning.kinds.networks import from_bytes, to_bytes
from resources.learning.kinds.others import Others
from resources.learning.model import EpochPoint, LookSettings, TrainedWeights
from resources.marks import boxes_in, flaw, spans_in, written
from resources.terms import Label
from resources.train_settings import TrainSettings
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
def test_a_training_goes_on_from_weights_of_the_same_classes_or_of_fewer(kind: Kind) -> None:
    given = examples(kind, 8)
    weights = train(kind, given).weights

    def go_on(classes: tuple[Label, ...], start: bytes) -> TrainedWeights:
        return Others(kind).train(given.samples, given.answers, classes, SHORT, seed=7, start=start)

    assert len(go_on(given.classes, weights).curve) == SHORT.incremental_epochs
    assert len(go_on((*given.classes, Label("more")), weights).curve) == SHORT.incremental_epochs
    with pytest.raises(BadInput, match="expected those of the model in their order, and new ones after them"):
        go_on((Label("more"), *given.classes), weights)
    with pytest.raises(BadInput, match="are not the weights of a model"):
        go_on(given.classes, weights[:100])


@pytest.mark.parametrize("kind", OTHERS)
def test_a_head_that_grows_says_of_the_old_classes_what_it_said(kind: Kind) -> None:
    import torch

    given = examples(kind, 4)
    network, grown = (from_bytes(kind, train(kind, given).weights) for _ in range(2))
    grown.grow((*given.classes, Label("more"), Label("most")))
    with torch.inference_mode():
        before, after = (one.eval()(torch.from_numpy(given.samples)) for one in (network, grown))
    known = len(given.classes)
    assert after.shape[-1] == before.shape[-1] + 2
    assert torch.allclose(after[..., :known], before[..., :known], atol=1e-5)
    assert torch.equal(after[..., known : known + 2], torch.zeros_like(after[..., :2]))
    assert torch.allclose(after[..., known + 2 :], before[..., known:], atol=1e-5)
    again = from_bytes(kind, to_bytes(kind, grown))
    assert again.shape.classes == (*given.classes, "more", "most")


@pytest.mark.parametrize("kind", OTHERS)
def test_a_model_of_fewer_classes_is_measured_on_all_and_gives_new_ones_nothing(kind: Kind) -> None:
    given = examples(kind, 8)
    weights = train(kind, given).weights
    more = (*given.classes, Label("more"))

    seen = learner_of(kind).look(weights, given.samples, more, LookSettings(members=2))
    measured = learner_of(kind).evaluate(weights, given.samples, given.answers, more)

    assert seen.columns[: len(more)] == more == measured.classes[: len(more)]
    assert (seen.outlook.probabilities[:, len(given.classes)] == 0).all()
    assert np.allclose(seen.outlook.probabilities.sum(axis=1), 1)
    assert measured.recalls[Label("more")] is None


@pytest.mark.parametrize(
    "kind", [pytest.param(one, marks=pytest.mark.slow if one is Kind.BOXES else ()) for one in OTHERS]
)
def test_a_class_that_came_later_is_learnt_on_from_a_model_that_did_not_know_it(kind: Kind) -> None:
    given = examples(kind, 40)
    later = given.classes[-1]
    earlier = [without(kind, answer, later) for answer in given.answers]
    rows = [row for row, answer in enumerate(earlier) if answer is not None]
    settings = TrainSettings(epochs=20, incremental_epochs=120 if kind is Kind.BOXES else 40, channels=8)
    start = Others(kind).train(
        given.samples[rows], [one for one in earlier if one is not None], given.classes[:-1], settings, seed=7
    )

    grown = Others(kind).train(
        given.samples, given.answers, given.classes, settings, seed=7, start=start.weights
    )

    found = learner_of(kind).evaluate(grown.weights, given.samples, given.answers, given.classes).recalls
    assert (found[later] or 0.0) > 0.5, found


def without(kind: Kind, answer: Label, later: Label) -> Label | None:
    """What was answered before a class was known; None for what nothing could be said of."""
    if kind.has_one_class:
        return None if answer == later else answer
    if kind is Kind.ENTITIES:
        return written(one for one in spans_in(answer) if one.label != later)
    return written(one for one in boxes_in(answer) if one.label != later)


@pytest.mark.parametrize("kind", OTHERS)
def test_answers_that_name_what_is_no_class_are_refused(kind: Kind) -> None:
    given = examples(kind, 8)

    with pytest.raises(BadInput, match="the classes are"):
        train(kind, Examples(given.samples, given.answers, (Label("x"), Label("y"))))


def test_weights_of_another_kind_are_refused() -> None:
    weights = train(Kind.ENTITIES, examples(Kind.ENTITIES, 8)).weights

    with pytest.raises(BadInput, match="entities, not boxes"):
        learner_of(Kind.BOXES).network(weights)
