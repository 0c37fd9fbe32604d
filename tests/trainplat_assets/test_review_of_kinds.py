"""Answers about texts, names in texts and boxes looked at again, and the reason in words."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.flipped_answers import spoilt
from resources.data.model import ConfirmedLabel, Split
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.home import Home
from resources.kinds import Kind
from resources.labeling.predictions import PredictionFiles
from resources.labeling.reviews.model import ReviewState
from resources.labeling.service import LabelingService
from resources.learning.kinds.others import Others
from resources.marks import canonical
from resources.pipelines.declared import datasets
from resources.pipelines.folder import Folder
from resources.reviews import ReviewPlan
from resources.terms import FIRST_VERSION, SampleId, VersionKey
from resources.train_settings import TrainSettings
from sensors.reviewing import send_back_doubtful
from tests.resources.data.shapes import ACTOR
from tests.resources.labeling.reviews.rows import answered
from trainplat_assets.examples import EXAMPLES
from trainplat_assets.label_review import LabelReview
from trainplat_assets.pool_outlook import look_at_pool
from trainplat_assets.who_looks import here

SPECS = {one.kind: replace(one, review=ReviewPlan(share=0.1)) for one in datasets(Folder(EXAMPLES))}
V1 = VersionKey("v1.1")


def with_wrong_answers(
    home: Path, spec: DatasetSpec, count: int
) -> tuple[DataService, LabelingService, set[SampleId]]:
    """So many of the pool are answered and in v1.1, some of them wrongly."""
    data = DataService(Home(home), Home(home).database())
    assert spec.fill_source is not None
    spec.fill_source(data.source_folder(spec.name))
    data.plan_first(spec, ACTOR)
    data.make(spec, FIRST_VERSION, ACTOR)
    truth = data.true_labels(spec.name)
    pool = [one.id for one in data.samples(spec.name, FIRST_VERSION) if one.split is Split.POOL][:count]
    right = [canonical(spec.kind, truth[sample]) for sample in pool]
    said, wrong = spoilt(spec.kind, right, spec.classes, 0.05, seed=2)
    people = answered(
        home, spec.name, spec.classes, FIRST_VERSION, dict(zip(pool, said, strict=True)), kind=spec.kind
    )
    new = [ConfirmedLabel(one.sample, one.label, one.ref) for one in people.confirmed(spec.name)]
    data.make(spec, data.plan_next(spec, new, ACTOR).version, ACTOR)
    return data, people, {pool[row] for row in wrong}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "count", "reason"),
    [
        pytest.param(Kind.TEXT_CLASSES, 100, "the model takes it for"),
        pytest.param(Kind.ENTITIES, 200, "the model"),
        pytest.param(Kind.BOXES, 200, "from the left"),
    ],
)
def test_wrong_answers_of_a_version_go_back_with_the_reason_and_once(
    trainplat_home: Path, kind: Kind, count: int, reason: str
) -> None:
    spec = SPECS[kind]
    data, people, wrong = with_wrong_answers(trainplat_home, spec, count)
    looking = LabelReview(spec, V1, data, people, ACTOR)

    returned = looking.look_back(device="cpu", threads=1)

    waiting = looking.waiting()
    assert returned == len(waiting) <= round(0.1 * count)
    assert len({one.doubted.sample for one in waiting} & wrong) >= 0.5 * len(wrong)
    assert not {one.doubted.sample for one in waiting} & {one.sample for one in people.confirmed(spec.name)}
    for one in waiting:
        note = one.doubted.note(kind, "")
        assert note.startswith("Please look again: ")
        assert note.endswith("Your answer decides, the same one too.")
        assert all(one.doubted.words(kind))
    assert any(reason in one.doubted.note(kind, "") for one in waiting)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Kind.ENTITIES, Kind.BOXES])
def test_new_answers_are_held_against_the_marks_that_the_champion_found_in_the_pool(
    trainplat_home: Path, kind: Kind
) -> None:
    spec = SPECS[kind]
    data, people, wrong = with_wrong_answers(trainplat_home, spec, 100)
    labelled = data.images(spec.name, V1, Split.TRAIN)
    right = data.true_labels(spec.name)
    answers = [canonical(kind, right[one]) for one in labelled.ids]
    settings = TrainSettings(epochs=40)
    weights = Others(kind).train(labelled.images, answers, spec.classes, settings, seed=0).weights
    found = look_at_pool(spec, FIRST_VERSION, data, "m-1", here(spec.kind, weights))
    PredictionFiles(Home(trainplat_home)).write_predictions(spec.name, FIRST_VERSION, found)

    returned = send_back_doubtful(people, spec, people.confirmed(spec.name), ACTOR)

    back = {one.doubted.sample for one in people.reviews.of(spec.name, [ReviewState.RETURNED])}
    assert len(back) == returned <= 10
    assert len(back & wrong) >= 2
