"""The samples behind a number."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from resources.kinds import Kind
from resources.marks import NOTHING, Span, written
from resources.registry.comparing.samples import changed, in_cell
from resources.registry.evaluations.model import TestAnswers
from resources.terms import Label
from tests.resources.registry.evaluations.examples import CLASSES, answers_of

OLD, NEW = answers_of(1), answers_of(2, right=0.7)
CAT, DOG, OWL = CLASSES
UNMARKED = Label("(nothing)")


def marked(pairs: list[tuple[Label, Label]]) -> TestAnswers:
    """Answers that are spans: what people said, and what the model did."""
    return replace(
        answers_of(1, count=len(pairs)),
        truth=None,
        probabilities=None,
        true=tuple(true for true, _ in pairs),
        said=tuple(said for _, said in pairs),
        scores=np.array([float(true == said) for true, said in pairs]),
    )


def test_the_cells_of_a_confusion_hold_every_sample_once() -> None:
    cells = [in_cell(Kind.IMAGE_CLASSES, OLD, NEW, true, said) for true in CLASSES for said in CLASSES]
    ids = [one.sample for cell in cells for one in cell]
    assert sorted(ids) == sorted(NEW.sample_ids)


def test_a_cell_tells_what_both_said_the_surest_first() -> None:
    found = in_cell(Kind.IMAGE_CLASSES, OLD, NEW, CAT, DOG)
    assert {(one.true, one.new and one.new.answer) for one in found} == {(CAT, DOG)}
    sure = [(one.new and one.new.sure) or 0 for one in found]
    assert sure == sorted(sure, reverse=True)
    for one in found:
        assert one.old is not None
        assert one.old.answer == OLD.answer(OLD.sample_ids.index(one.sample))
        assert one.gain <= 0


def test_the_old_models_cells_hold_every_sample_once_with_the_sides_as_they_were() -> None:
    pairs = [(true, said) for true in CLASSES for said in CLASSES]
    cells = {pair: in_cell(Kind.IMAGE_CLASSES, OLD, NEW, *pair, of_old=True) for pair in pairs}
    assert sorted(one.sample for cell in cells.values() for one in cell) == sorted(OLD.sample_ids)
    for (true, said), cell in cells.items():
        for one in cell:
            assert (one.true, one.old and one.old.answer) == (true, said)
            assert one.new is not None
            assert one.new.answer == NEW.answer(NEW.sample_ids.index(one.sample))


def test_a_class_that_is_none_has_no_samples() -> None:
    assert in_cell(Kind.IMAGE_CLASSES, None, NEW, Label("yak"), DOG) == []


def test_without_an_old_model_there_is_one_side() -> None:
    assert {one.old for one in in_cell(Kind.IMAGE_CLASSES, None, NEW, CAT, CAT)} == {None}


@given(st.integers(0, 30))
def test_what_changed_is_better_worse_or_neither(seed: int) -> None:
    new = answers_of(3, seed=seed)
    better, worse = (changed(OLD, new, better=side) for side in (True, False))
    assert all(one.gain > 0 for one in better)
    assert all(one.gain < 0 for one in worse)
    assert len(better) - len(worse) == round((new.scores - OLD.scores).sum())
    back = changed(new, OLD, better=True)
    assert [one.sample for one in back] == [one.sample for one in worse]


def test_samples_that_the_old_one_was_not_asked_about_did_not_change() -> None:
    fewer = answers_of(1, count=10)
    known = {*fewer.sample_ids}
    assert all(one.sample in known for one in changed(fewer, NEW, better=False))


def test_marks_are_found_by_what_is_there_and_what_is_said() -> None:
    cat, dog = (written([Span(0, 3, label)]) for label in (CAT, DOG))
    answers = marked([(cat, dog), (cat, cat), (NOTHING, dog), (cat, NOTHING)])
    ids = answers.sample_ids

    def behind(true: Label, said: Label) -> list[str]:
        return [one.sample for one in in_cell(Kind.ENTITIES, None, answers, true, said)]

    assert behind(CAT, DOG) == [ids[0]]
    assert behind(CAT, CAT) == [ids[1]]
    assert behind(UNMARKED, DOG) == [ids[0], ids[2]]
    assert behind(CAT, UNMARKED) == [ids[0], ids[3]]
    assert {one.new and one.new.sure for one in in_cell(Kind.ENTITIES, answers, answers, CAT, CAT)} == {None}
