"""Who answered what: from the rows of tasks."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from resources.labeling.reviews.agreement import AnnotatorId, Answers
from resources.labeling.store import REVIEW_ENDING, annotations_in
from resources.labeling.tables import TASKS
from resources.terms import DatasetName, Label, SampleId


@dataclass(frozen=True)
class Answered:
    """What people answered by themselves, before they were asked to look again."""

    by_person: Answers
    ground_truth: Mapping[SampleId, Label]
    """What is marked in Label Studio as known."""


def answers_of(connection: Connection, dataset: DatasetName) -> Answered:
    """The usable answers of one data set: one label each, the newest of each person for a sample."""
    by_person: dict[SampleId, dict[AnnotatorId, Label]] = defaultdict(dict)
    ground_truth: dict[SampleId, Label] = {}
    statement = select(TASKS.c.sample, TASKS.c.question, TASKS.c.annotations).where(
        TASKS.c.dataset == dataset,
        TASKS.c.live,
        TASKS.c.sample.is_not(None),
        TASKS.c.annotations != "[]",
    )
    for row in connection.execute(statement.order_by(TASKS.c.task)):
        if row.question is not None and row.question.endswith(REVIEW_ENDING):
            continue  # whoever looks again is told what others said
        sample = SampleId(row.sample)
        for given in sorted(annotations_in(row.annotations), key=lambda one: (one.at, one.id)):
            if given.skipped or len(given.labels) != 1:
                continue
            if given.by is not None:
                by_person[sample][AnnotatorId(given.by)] = given.labels[0]
            if given.ground_truth:
                ground_truth[sample] = given.labels[0]
    return Answered(by_person, ground_truth)
