"""Models of texts go on by each method as those of pictures do; what is marked is learnt from everything."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from resources.continual import ContinualSettings, MethodName
from resources.errors import BadInput
from resources.kinds import Kind
from resources.learning.continual.buffer import buffer_of
from resources.learning.continual.lesson import Lesson, lesson_of
from resources.learning.kinds.image_classes import indices
from resources.learning.kinds.learner import learner_of
from resources.learning.kinds.networks import from_bytes
from resources.learning.kinds.others import Others
from resources.learning.model import EpochPoint, TrainedWeights
from resources.marks import spans_in, written
from resources.train_settings import TrainSettings
from tests.resources.learning.kinds.examples import SHORT, Examples, examples

TEXTS = examples(Kind.TEXT_CLASSES, 60)
LABELS = indices(TEXTS.answers, TEXTS.classes)
SMALL = ContinualSettings(buffer_size=6, replay_batch_size=4)


class Killed(Exception):
    """Stands for a kill."""


def rows_of(classes: int) -> list[int]:
    return [row for row, label in enumerate(LABELS.tolist()) if label < classes]


def part(classes: int) -> Examples:
    rows = rows_of(classes)
    answers = tuple(TEXTS.answers[row] for row in rows)
    return Examples(TEXTS.samples[rows], answers, TEXTS.classes[:classes])


def lesson(
    settings: ContinualSettings, classes: int, known: Mapping[str, int] | None, memory: bytes | None
) -> Lesson:
    rows = rows_of(classes)
    ids = [f"text-{row}" for row in rows]
    return lesson_of(settings, ids, LABELS[rows], known, memory, 0 if known is None else 1)


def first(settings: ContinualSettings, how: TrainSettings = SHORT) -> TrainedWeights:
    """Of the first two classes."""
    given = part(2)
    told = lesson(settings, 2, None, None)
    return Others(Kind.TEXT_CLASSES).train(
        given.samples, given.answers, given.classes, how, seed=3, lesson=told
    )


def second(
    settings: ContinualSettings,
    before: TrainedWeights,
    how: TrainSettings = SHORT,
    checkpoint: Path | None = None,
    kill_at: int = 0,
) -> TrainedWeights:
    """On from there with a third class."""
    given = part(3)
    known = {f"text-{row}": int(LABELS[row]) for row in rows_of(2)}
    told = lesson(settings, 3, known, before.memory)

    def progress(point: EpochPoint) -> None:
        if point.epoch == kill_at:
            raise Killed

    return Others(Kind.TEXT_CLASSES).train(
        given.samples,
        given.answers,
        given.classes,
        how,
        seed=3,
        start=None if told.starts_anew else before.weights,
        lesson=told,
        checkpoint=checkpoint,
        progress=progress,
    )


@pytest.mark.parametrize(
    "method",
    [
        pytest.param(one, marks=() if one in (MethodName.DERPP, MethodName.EWC) else pytest.mark.slow)
        for one in MethodName
    ],
)
def test_each_method_takes_a_class_up_and_goes_on_after_a_kill_bit_for_bit(
    method: MethodName, tmp_path: Path
) -> None:
    settings = replace(SMALL, method=method)
    before = first(settings)

    whole = second(settings, before)
    with pytest.raises(Killed):
        second(settings, before, checkpoint=tmp_path / "kept.pt", kill_at=1)
    resumed = second(settings, before, checkpoint=tmp_path / "kept.pt")

    assert resumed.resumed_from_epoch == 1
    assert resumed == replace(whole, resumed_from_epoch=1)
    found = learner_of(Kind.TEXT_CLASSES).look(whole.weights, TEXTS.samples, TEXTS.classes[:3])
    assert found.outlook.probabilities.shape == (60, 3)


@pytest.mark.parametrize("method", [MethodName.DERPP, MethodName.ER])
def test_what_is_remembered_is_bounded_and_holds_no_text(method: MethodName) -> None:
    settings = replace(SMALL, method=method)
    kept = buffer_of(second(settings, first(settings)).memory)

    assert kept is not None
    assert kept.kept is not None
    assert (len(kept), kept.capacity, kept.kept.inputs.shape) == (6, 6, (6, 0))
    assert set(kept.kept.tasks.tolist()) == {0, 1}


def test_what_is_new_is_trained_with_and_nothing_else() -> None:
    known = {f"text-{row}": int(LABELS[row]) for row in rows_of(2)}

    told = lesson(SMALL, 3, known, None)

    assert {int(LABELS[rows_of(3)][row]) for row in told.trained_with} == {2}


@pytest.mark.slow
def test_replay_keeps_the_classes_that_naive_training_forgets() -> None:
    how = TrainSettings(epochs=15, incremental_epochs=15, channels=8)
    right = {}
    for method in (MethodName.DERPP, MethodName.NAIVE):
        settings = replace(SMALL, method=method, buffer_size=20)
        weights = second(settings, first(settings, how), how).weights
        given = part(3)
        found = learner_of(Kind.TEXT_CLASSES).evaluate(weights, given.samples, given.answers, given.classes)
        right[method] = found.value

    assert right[MethodName.DERPP] > 0.8
    assert right[MethodName.NAIVE] < 0.6


def test_a_training_on_everything_is_the_same_with_a_lesson_and_without() -> None:
    given = part(2)

    plain = Others(Kind.TEXT_CLASSES).train(given.samples, given.answers, given.classes, SHORT, seed=3)

    assert first(replace(SMALL, method=MethodName.JOINT)).weights == plain.weights


@pytest.mark.parametrize(
    ("kind", "method"), [(Kind.ENTITIES, MethodName.EWC), (Kind.BOXES, MethodName.DERPP)]
)
def test_methods_that_a_kind_cannot_be_learnt_by_are_refused_and_joint_is_not(
    kind: Kind, method: MethodName
) -> None:
    given = examples(kind, 4)
    ids = ("a", "b", "c", "d")

    def train(settings: ContinualSettings) -> TrainedWeights:
        told = Lesson(settings, ids, np.ones(4, dtype=bool), takes_all=True)
        return Others(kind).train(given.samples, given.answers, given.classes, SHORT, seed=3, lesson=told)

    assert train(ContinualSettings(method=MethodName.JOINT)).memory is None
    with pytest.raises(BadInput, match="cannot be learnt by it"):
        train(ContinualSettings(method=method))


NAMES = examples(Kind.ENTITIES, 60)
BEFORE = 40


def named(
    settings: ContinualSettings, count: int, before: TrainedWeights | None, how: TrainSettings = SHORT
) -> TrainedWeights:
    """Trained with so many texts, whose last class comes with those after the first ones."""
    later = NAMES.classes[-1]
    answers = [
        written(one for one in spans_in(answer) if one.label != later or before is not None)
        for answer in NAMES.answers[:count]
    ]
    old = [written(one for one in spans_in(answer) if one.label != later) for answer in NAMES.answers]
    answers[:BEFORE] = old[:BEFORE]
    ids = [f"text-{row}" for row in range(count)]
    known = None if before is None else dict(zip(ids[:BEFORE], answers, strict=False))
    told = lesson_of(
        settings, ids, answers, known, None if before is None else before.memory, 0 if before is None else 1
    )
    return Others(Kind.ENTITIES).train(
        NAMES.samples[:count],
        answers,
        NAMES.classes[: None if before else -1],
        how,
        seed=3,
        start=None if before is None or told.starts_anew else before.weights,
        lesson=told,
    )


@pytest.mark.parametrize(
    "method",
    [
        pytest.param(one, marks=() if one is MethodName.DERPP else pytest.mark.slow)
        for one in MethodName
        if one is not MethodName.EWC
    ],
)
def test_names_go_on_by_each_method_with_a_class_that_comes_later(method: MethodName) -> None:
    settings = replace(SMALL, method=method)
    first_model = named(settings, BEFORE, None)

    one, other = (named(settings, 60, first_model) for _ in range(2))

    assert one == other
    found = learner_of(Kind.ENTITIES).look(one.weights, NAMES.samples, NAMES.classes)
    assert found.outlook.probabilities.shape == (60, len(NAMES.classes) + 1)
    kept = buffer_of(one.memory)
    if method in (MethodName.DERPP, MethodName.ER):
        assert kept is not None
        assert kept.kept is not None
        assert set(kept.kept.tasks.tolist()) <= {0, 1}
        assert (len(kept), kept.kept.logits.shape[2]) == (6, len(NAMES.classes) + 1)


def test_a_joint_training_of_names_is_the_same_with_a_lesson_and_without() -> None:
    settings = replace(SMALL, method=MethodName.JOINT)
    told = Lesson(settings, tuple(f"{row}" for row in range(60)), np.ones(60, dtype=bool), takes_all=True)

    plain, by_lesson = (
        Others(Kind.ENTITIES)
        .train(NAMES.samples, NAMES.answers, NAMES.classes, SHORT, seed=3, lesson=one)
        .weights
        for one in (None, told)
    )

    a, b = (from_bytes(Kind.ENTITIES, one).state_dict() for one in (plain, by_lesson))
    assert all(np.allclose(a[name], b[name], atol=1e-4) for name in a)


def test_a_lesson_of_other_samples_is_refused() -> None:
    given = part(3)

    with pytest.raises(BadInput, match="the lesson is of"):
        Others(Kind.TEXT_CLASSES).train(
            given.samples, given.answers, given.classes, SHORT, seed=3, lesson=lesson(SMALL, 2, None, None)
        )


@pytest.mark.parametrize("method", [MethodName.DERPP, pytest.param(MethodName.LWF, marks=pytest.mark.slow)])
def test_texts_without_a_word_spoil_no_model_of_names(method: MethodName) -> None:
    given = examples(Kind.ENTITIES, 12)
    samples = given.samples.copy()
    samples[6:] = 0
    samples[6:, 0, :3] = ord("!")
    answers = (*given.answers[:6], *[written([])] * 6)
    how, settings = replace(SHORT, batch_size=2), replace(SMALL, method=method)
    ids = [f"text-{row}" for row in range(12)]
    trained: TrainedWeights | None = None
    for number, count in enumerate((10, 12)):
        known = None if number == 0 else dict(zip(ids[:10], answers[:10], strict=True))
        told = lesson_of(
            settings, ids[:count], answers[:count], known, None if trained is None else trained.memory, number
        )
        trained = Others(Kind.ENTITIES).train(
            samples[:count],
            answers[:count],
            given.classes,
            how,
            seed=3,
            start=None if trained is None else trained.weights,
            lesson=told,
        )
    assert trained is not None
    assert np.isfinite([point.loss for point in trained.curve]).all()
    looked_at = learner_of(Kind.ENTITIES).look(trained.weights, samples, given.classes)
    assert np.isfinite(looked_at.outlook.probabilities).all()
