from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from resources.errors import NotFound, Unavailable
from resources.terms import Label, SampleId, VersionKey
from trainplat_cli.demo.annotator import Annotator

V0, V1 = VersionKey("v1.0"), VersionKey("v1.1")


@dataclass
class People:
    """Label Studio and the service before it, played."""

    open: list[Any] = field(default_factory=list)
    annotations: dict[int, list[str]] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    down: bool = False

    @property
    def client(self) -> "People":
        return self

    connection = client

    def get(self, path: str) -> SimpleNamespace:
        task = int(path.split("/")[3])
        if self.down:
            raise Unavailable("Label Studio does not answer", "Wait.")
        if task in self.deleted:
            raise NotFound("gone", "Nothing.")
        return SimpleNamespace(json=lambda: self.annotations.get(task, []))

    def annotate(self, task: int, labels: list[Label]) -> None:
        self.annotations.setdefault(task, []).extend(labels)

    def questions_open(self, _dataset: str) -> list[Any]:
        return self.open


def question(task: int | None, version: VersionKey = V0) -> Any:
    return SimpleNamespace(task=task, version=version, sample=SampleId(f"sample {task}"))


@pytest.fixture
def people() -> People:
    return People(open=[question(1), question(2), question(3, V1), question(None)])


@pytest.fixture
def annotator(people: People) -> Annotator:
    truth = {SampleId(f"sample {task}"): Label(str(task)) for task in range(10)}
    data: Any = SimpleNamespace(true_labels=lambda _dataset: truth)
    return Annotator(people, data)  # type: ignore[arg-type]


def test_questions_that_are_in_label_studio_are_answered_with_the_truth_once(
    people: People, annotator: Annotator
) -> None:
    waiting = annotator.waiting([V0])
    assert [asked.task for asked in waiting] == [1, 2]
    assert annotator.answer(waiting) == 2
    assert people.annotations == {1: ["1"], 2: ["2"]}
    assert annotator.waiting([V0]) == [], "though the sensor has not heard of it yet"


def test_what_a_killed_demo_answered_is_not_answered_twice(people: People, annotator: Annotator) -> None:
    people.annotations = {1: ["1"]}
    assert annotator.answer(annotator.waiting([V0])) == 1
    assert people.annotations == {1: ["1"], 2: ["2"]}


def test_a_task_that_was_deleted_meanwhile_is_left_to_the_sensor(
    people: People, annotator: Annotator
) -> None:
    people.deleted = {1}
    annotator.answer(annotator.waiting([V0]))
    assert people.annotations == {2: ["2"]}
    assert annotator.waiting([V0]) == []


def test_questions_are_asked_again_while_label_studio_is_down(people: People, annotator: Annotator) -> None:
    people.down = True
    with pytest.raises(Unavailable):
        annotator.answer(annotator.waiting([V0]))
    assert len(annotator.waiting([V0])) == 2


def test_a_question_without_a_task_cannot_be_answered(annotator: Annotator) -> None:
    assert annotator.answer([question(None)]) == 0
