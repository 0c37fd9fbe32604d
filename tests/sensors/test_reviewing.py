"""Before a version takes labels up: what the champion doubts goes back, once, and all or nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from resources.data.spec import DatasetSpec
from resources.home import Home
from resources.kinds import Kind
from resources.labeling.predictions import PoolPredictions, PredictionFiles, marks_written
from resources.labeling.reviews.model import ReviewState
from resources.labeling.service import LabelingService
from resources.marks import Span, written
from resources.reviews import ReviewPlan
from resources.terms import FIRST_VERSION, Actor, Label, SampleId
from sensors.reviewing import send_back_doubtful, told
from tests.resources.data.shapes import SHAPES
from tests.resources.labeling.reviews.rows import answer_again, answered

ACTOR = Actor("sensor:shapes_annotations")
COUNT = 40
DARK, LIGHT = SHAPES.classes
SAMPLES = [SampleId(f"{number:064}") for number in range(COUNT)]
TRUTH = {sample: SHAPES.classes[number % 2] for number, sample in enumerate(SAMPLES)}
WRONG = (4, 11)
SPEC = replace(SHAPES, review=ReviewPlan(share=0.1))


def with_wrong_answers(home: Path, *, predicted: bool = True) -> LabelingService:
    said = dict(TRUTH)
    for number in WRONG:
        said[SAMPLES[number]] = LIGHT if TRUTH[SAMPLES[number]] == DARK else DARK
    if predicted:
        truth = np.array([SHAPES.classes.index(TRUTH[sample]) for sample in SAMPLES])
        probabilities = np.where(np.arange(2) == truth[:, None], 0.95, 0.05)
        files = PredictionFiles(Home(home))
        found = PoolPredictions("shapes-1", SHAPES.classes, tuple(SAMPLES), probabilities)
        files.write_predictions(SHAPES.name, FIRST_VERSION, found)
    return answered(home, SHAPES.name, SHAPES.classes, FIRST_VERSION, said)


def sent_back(people: LabelingService, spec: DatasetSpec = SPEC) -> int:
    return send_back_doubtful(people, spec, people.confirmed(SHAPES.name), ACTOR)


def test_wrong_answers_go_back_and_the_others_pass(trainplat_home: Path) -> None:
    people = with_wrong_answers(trainplat_home)

    assert sent_back(people) == len(WRONG)

    wrong = {SAMPLES[number] for number in WRONG}
    assert {one.sample for one in people.confirmed(SHAPES.name)} == set(SAMPLES) - wrong
    states = people.reviews.states(SHAPES.name)
    assert {sample for sample, state in states.items() if state is ReviewState.RETURNED} == wrong
    assert sum(state is ReviewState.PASSED for state in states.values()) == COUNT - len(WRONG)
    assert people.standing(SHAPES.name).in_review == len(WRONG)


def test_the_same_labels_are_looked_at_once(trainplat_home: Path) -> None:
    people = with_wrong_answers(trainplat_home)
    sent_back(people)

    assert sent_back(people) == 0


def test_only_labels_that_are_new_go_back(trainplat_home: Path) -> None:
    people = with_wrong_answers(trainplat_home)
    taken, new = (
        SAMPLES[WRONG[0]],
        [one for one in people.confirmed(SHAPES.name) if one.sample != SAMPLES[WRONG[0]]],
    )

    assert send_back_doubtful(people, SPEC, new, ACTOR) == 1
    assert taken in {one.sample for one in people.confirmed(SHAPES.name)}
    assert taken not in people.reviews.states(SHAPES.name)


def test_the_second_answer_is_taken_and_not_returned_again(trainplat_home: Path) -> None:
    people = with_wrong_answers(trainplat_home)
    sent_back(people)
    wrong = SAMPLES[WRONG[0]]
    answer_again(people, SHAPES.name, wrong, LIGHT)  # the same wrong one

    assert sent_back(people) == 0
    assert {one.sample: one.label for one in people.confirmed(SHAPES.name)}[wrong] == LIGHT
    assert people.reviews.counts(SHAPES.name).upheld == 1


def test_no_more_go_back_than_the_data_set_allows(trainplat_home: Path) -> None:
    people = with_wrong_answers(trainplat_home)

    assert sent_back(people, replace(SPEC, review=ReviewPlan(share=0.03))) == 1


def test_nothing_goes_back_where_no_champion_spoke(trainplat_home: Path) -> None:
    people = with_wrong_answers(trainplat_home, predicted=False)

    assert sent_back(people) == 0
    assert len(people.confirmed(SHAPES.name)) == COUNT


def test_nothing_goes_back_where_the_review_is_off(trainplat_home: Path) -> None:
    people = with_wrong_answers(trainplat_home)

    assert sent_back(people, replace(SPEC, review=ReviewPlan(share=0.0))) == 0


def test_a_kill_in_between_leaves_all_or_nothing(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = with_wrong_answers(trainplat_home)

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    monkeypatch.setattr("resources.labeling.reviews.store.put_passed", killed)
    with pytest.raises(Killed):
        sent_back(people)
    monkeypatch.undo()

    assert people.reviews.states(SHAPES.name) == {}
    assert len(people.confirmed(SHAPES.name)) == COUNT
    assert sent_back(people) == len(WRONG)


def test_a_person_is_told_how_many_went_back() -> None:
    assert told(SPEC, 2, "").startswith(
        "2 of the new answers went back to people: each has a task in Label Studio that says why. "
    )


def test_a_person_is_told_why_there_is_no_task_yet() -> None:
    said = told(SPEC, 2, "Label Studio does not answer.")
    assert (
        "each gets a task that says why once Label Studio can be asked (Label Studio does not answer.)"
        in said
    )


@pytest.mark.parametrize("kept", [True, False])
def test_a_name_that_the_champion_takes_for_another_goes_back_where_its_marks_were_kept(
    trainplat_home: Path, kept: bool
) -> None:
    spec = replace(SPEC, kind=Kind.ENTITIES, image_size_px=(1, 8), review=ReviewPlan(share=0.5))
    right, wrong = (written([Span(0, 4, label)]) for label in (DARK, LIGHT))
    samples = SAMPLES[:4]
    said = dict.fromkeys(samples, right) | {samples[2]: wrong}
    found = PoolPredictions(
        "shapes-1",
        (*SHAPES.classes, Label("(nothing)")),
        tuple(samples),
        np.full((4, 3), 1 / 3),
        guesses=(right,) * 4,
        sureness=np.full(4, 0.9),
        marks=(marks_written([(right, 0.9)]),) * 4 if kept else None,
    )
    PredictionFiles(Home(trainplat_home)).write_predictions(SHAPES.name, FIRST_VERSION, found)
    people = answered(trainplat_home, SHAPES.name, SHAPES.classes, FIRST_VERSION, said, kind=Kind.ENTITIES)

    assert send_back_doubtful(people, spec, people.confirmed(SHAPES.name), ACTOR) == int(kept)

    back = people.reviews.of(SHAPES.name, [ReviewState.RETURNED])
    notes = [one.doubted.note(Kind.ENTITIES, "grey") for one in back]
    told = f"Please look again: the model takes {LIGHT} “grey” for {DARK} (90% against 0%)."
    assert notes == [f"{told} Your answer decides, the same one too."] * int(kept)
