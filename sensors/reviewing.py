"""The review before a version takes labels up: what a champion doubts goes back to people."""

from collections.abc import Sequence

import numpy as np

from resources.data.spec import DatasetSpec
from resources.errors import NotFound
from resources.labeling.model import ConfirmedAnswer
from resources.labeling.predictions import PoolPredictions, PredictionFiles
from resources.labeling.reviews.model import Doubted, Reason
from resources.labeling.service import LabelingService
from resources.learning.reviewing.doubting import doubts_beside
from resources.learning.reviewing.marked import doubted_beside
from resources.learning.reviewing.model import SaidOfPool
from resources.terms import Actor, Label, SampleId, VersionKey


def send_back_doubtful(
    people: LabelingService, spec: DatasetSpec, new: Sequence[ConfirmedAnswer], actor: Actor
) -> int:
    """Look once at each of the ``new`` labels, and return how many of them went back to people.

    A champion chose these samples when none of them had a label: what it said of them then comes from a
    model that was not trained on them, and costs nothing now. Killed in between, the next call does the rest:
    which labels pass and which go back is written in one transaction.
    """
    people.reviews.follow(spec.name, spec.review)
    looked_at = people.reviews.states(spec.name)
    unseen = [one for one in new if one.sample not in looked_at]
    if not unseen:
        return 0
    doubted = _doubted(people, spec, unseen) if spec.review.doubts else []
    samples = [one.sample for one in unseen]
    return people.reviews.look_again(spec.name, samples, doubted, actor=actor)


def told(spec: DatasetSpec, returned: int, trouble: str) -> str:
    """What happened, for a person; ``trouble`` is why there are no tasks for it yet, if there are none."""
    tasks = (
        f"each gets a task that says why once Label Studio can be asked ({trouble})."
        if trouble
        else "each has a task in Label Studio that says why."
    )
    return (
        f"{returned} of the new answers went back to people: {tasks} "
        f"The next version of {spec.name} waits for what is left to be enough, or for them."
    )


def _doubted(people: LabelingService, spec: DatasetSpec, unseen: Sequence[ConfirmedAnswer]) -> list[Doubted]:
    """Those that the champion who asked takes for another class, of each version's questions its share."""
    asked_by: dict[SampleId, VersionKey] = {
        question.sample: question.version for question in people.questions(spec.name)
    }
    answers = {answer.sample: answer.label for answer in people.confirmed(spec.name)}
    versions = dict.fromkeys(asked_by[one.sample] for one in unseen if one.sample in asked_by)
    returnable = {one.sample for one in unseen}
    return [
        doubted for version in versions for doubted in _doubted_of(people, spec, version, answers, returnable)
    ]


def _doubted_of(
    people: LabelingService,
    spec: DatasetSpec,
    version: VersionKey,
    answers: dict[SampleId, Label],
    returnable: set[SampleId],
) -> list[Doubted]:
    try:
        said = PredictionFiles(people.home).read_predictions(spec.name, version)
    except NotFound:
        return []  # asked by something else than a champion: nothing speaks against the answers
    if not spec.kind.has_one_class:
        return _doubted_marks(spec, said, answers, returnable)
    places = {label: place for place, label in enumerate(said.classes)}
    rows = [
        row for row, sample in enumerate(said.ids) if sample in returnable and answers.get(sample) in places
    ]
    if not rows or said.probabilities.ndim != 2 or said.probabilities.shape[1] != len(places):
        return []
    samples = [said.ids[row] for row in rows]
    labels = np.array([places[answers[sample]] for sample in samples], dtype=np.int64)
    found = doubts_beside(labels, said.probabilities[rows], said.probabilities, spec.review.share)
    return [
        Doubted(
            samples[one.row],
            said.classes[one.given],
            Reason.DOUBTED,
            said.classes[one.other],
            one.given_probability,
            one.other_probability,
        )
        for one in found
    ]


def _doubted_marks(
    spec: DatasetSpec,
    said: PoolPredictions,
    answers: dict[SampleId, Label],
    returnable: set[SampleId],
) -> list[Doubted]:
    """Names and boxes that the champion would have marked otherwise; none in files without its marks."""
    if said.marks is None:
        return []
    given = {
        row: answers[sample]
        for row, sample in enumerate(said.ids)
        if sample in returnable and sample in answers
    }
    if not given:
        return []
    pool = [SaidOfPool(said.found(row), said.guess(row)[1]) for row in range(len(said.ids))]
    return [
        Doubted(
            said.ids[one.row],
            given[one.row],
            Reason.DOUBTED,
            one.other,
            one.given_probability,
            one.other_probability,
        )
        for one in doubted_beside(spec.kind, given, pool, spec.review.share)
    ]
