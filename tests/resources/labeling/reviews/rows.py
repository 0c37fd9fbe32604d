"""Answers without a Label Studio: the rows that a poll would have written."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from resources.home import Home
from resources.kinds import Kind
from resources.labeling import store
from resources.labeling.confirming import Writing, confirm
from resources.labeling.label_studio.values import (
    Annotation,
    AnnotationId,
    ProjectId,
    Task,
    TaskId,
    TaskSummary,
)
from resources.labeling.model import Question
from resources.labeling.service import LabelingService
from resources.labeling.store import KnownProject
from resources.terms import Actor, DatasetName, Label, SampleId, VersionKey

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BEN = Actor("user:ben")


def answered(
    home: Path,
    dataset: DatasetName,
    classes: tuple[Label, ...],
    version: VersionKey,
    said: Mapping[SampleId, Label],
    *,
    first_task: int = 1,
    kind: Kind = Kind.IMAGE_CLASSES,
) -> LabelingService:
    """Each sample asked by ``version`` and answered, and the answers confirmed."""
    people = LabelingService(Home(home), Home(home).database(), lambda: NOW)
    known = KnownProject(dataset, ProjectId(1), classes, kind)
    questions = [Question(sample, classes[0], 0.5, Path("unused.png")) for sample in said]
    with people.database.write() as connection:
        store.put_project(connection, known, NOW)
        store.put_questions(connection, dataset, version, questions, "m", NOW)
        tasks = [
            _task(number, f"{dataset}/{version}", sample, label)
            for number, (sample, label) in enumerate(said.items(), first_task)
        ]
        store.put_tasks(connection, known, tasks)
        confirm(Writing(connection, known, NOW, BEN), said)
    return people


def answer_again(people: LabelingService, dataset: DatasetName, sample: SampleId, label: Label) -> None:
    """The second answer, in a task of its own."""
    with people.database.write() as connection:
        known = store.project_of(connection, dataset)
        assert known is not None
        number = 1_000 + sum(store.known_counts(connection, known.id))
        name = f"{dataset}/v1.0{store.REVIEW_ENDING}"
        store.put_tasks(connection, known, [_task(number, name, sample, label)])
        confirm(Writing(connection, known, NOW, BEN), [sample])


def _task(number: int, name: str, sample: SampleId, label: Label) -> Task:
    at = NOW + timedelta(seconds=number)
    given = Annotation(AnnotationId(number), (label,), skipped=False, at=at, by=1)
    return Task(TaskSummary(TaskId(number), sample, name, at, 1, 0), (given,))
