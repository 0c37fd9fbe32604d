"""Labels looked at again by models that were trained on the others, and who answers how well."""

from dataclasses import replace
from pathlib import Path

import pytest

from resources.data.model import ConfirmedLabel, Split
from resources.data.service import DataService
from resources.labeling.reviews.model import ReviewState
from resources.labeling.service import LabelingService
from resources.reviews import ReviewPlan
from resources.terms import FIRST_VERSION, Label, SampleId, VersionKey
from tests.resources.data.shapes import ACTOR
from tests.resources.labeling.reviews.rows import answer_again, answered
from tests.trainplat_assets.rounds import SPEC as SHAPES
from tests.trainplat_assets.rounds import make_first
from trainplat_assets.label_review import LabelReview

SPEC = replace(SHAPES, review=ReviewPlan(share=0.1))
V1 = VersionKey("v1.1")


def other(label: Label) -> Label:
    return SPEC.classes[1 - SPEC.classes.index(label)]


def with_two_wrong(home: Path) -> tuple[DataService, LabelingService, set[SampleId]]:
    """All of the pool is labelled and in v1.1, two of them wrongly."""
    data = make_first(home)
    truth = data.true_labels(SPEC.name)
    pool = [one.id for one in data.samples(SPEC.name, FIRST_VERSION) if one.split is Split.POOL]
    wrong = set(pool[3:5])
    said = {sample: other(truth[sample]) if sample in wrong else truth[sample] for sample in pool}
    people = answered(home, SPEC.name, SPEC.classes, FIRST_VERSION, said)
    new = [ConfirmedLabel(one.sample, one.label, one.ref) for one in people.confirmed(SPEC.name)]
    data.make(SPEC, data.plan_next(SPEC, new, ACTOR).version, ACTOR)
    return data, people, wrong


def test_wrong_labels_of_a_version_go_back_and_no_more_are_sent_the_next_time(trainplat_home: Path) -> None:
    data, people, wrong = with_two_wrong(trainplat_home)
    looking = LabelReview(SPEC, V1, data, people, ACTOR)

    returned = looking.look_back(device="cpu", threads=1)

    waiting = {one.doubted.sample for one in looking.waiting()}
    assert waiting >= wrong
    assert returned == len(waiting) <= round(0.1 * 32)
    assert not waiting & {one.sample for one in people.confirmed(SPEC.name)}
    assert len(looking.pictures(sorted(waiting))) == len(waiting)
    assert looking.look_back(device="cpu", threads=1) <= round(0.1 * 32) - returned


@pytest.mark.slow
def test_a_label_that_stood_a_second_look_is_the_same_label_and_stays(trainplat_home: Path) -> None:
    data, people, wrong = with_two_wrong(trainplat_home)
    before = {one.sample: one.ref for one in people.confirmed(SPEC.name)}
    looking = LabelReview(replace(SPEC, review=ReviewPlan(share=1.0)), V1, data, people, ACTOR)
    looking.look_back(device="cpu", threads=1)
    for review in looking.waiting():
        answer_again(people, SPEC.name, review.doubted.sample, review.doubted.label)

    assert {one.sample: one.ref for one in people.confirmed(SPEC.name)} == before
    assert looking.look_back(device="cpu", threads=1) == 0
    assert looking.counts().upheld >= len(wrong)
    assert all(one.state is ReviewState.SETTLED for one in people.reviews.of(SPEC.name))


def test_no_model_is_trained_where_nothing_may_go_back(
    trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, people, _ = with_two_wrong(trainplat_home)
    monkeypatch.setattr("trainplat_assets.label_review.out_of_fold", None)
    looking = LabelReview(replace(SPEC, review=ReviewPlan(share=0.0)), V1, data, people, ACTOR)

    assert looking.look_back(device="cpu", threads=1) == 0
    assert looking.agreement().annotators[0].answered == 32


def test_people_are_measured_by_test_samples(trainplat_home: Path) -> None:
    data, people, _ = with_two_wrong(trainplat_home)
    looking = LabelReview(SPEC, V1, data, people, ACTOR)
    known = looking.known()

    assert len(known) == SPEC.test_count
    assert not set(known) & {one.sample for one in people.confirmed(SPEC.name)}
