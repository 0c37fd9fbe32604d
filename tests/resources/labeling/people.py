"""What the labeling tests share: a small data set, its pictures, and a person who answers."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image

from resources.home import Home
from resources.labeling.label_studio.client import LabelStudioClient
from resources.labeling.label_studio.values import AnnotationId, ProjectId, TaskId, TaskSummary
from resources.labeling.model import AskReport, PollResult, Question
from resources.labeling.service import LabelingService
from resources.terms import Actor, DatasetName, Label, SampleId, VersionKey

CATS = DatasetName("cats")
CLASSES = (Label("cat"), Label("dog"), Label("owl"))
V1 = VersionKey("v1.0")
V2 = VersionKey("v1.1")
ANNA = Actor("user:anna")


@dataclass
class TestClock:
    """A clock that stands still until it is moved."""

    __test__ = False

    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    step: timedelta = field(default=timedelta(0))
    """How far it moves by itself each time it is read."""

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now

    def move(self, **by: float) -> None:
        """Move it on."""
        self.now += timedelta(**by)


def sample_id(number: int) -> SampleId:
    """The identity of a sample."""
    return SampleId(hashlib.sha256(str(number).encode()).hexdigest())


def picture(folder: Path, number: int) -> Path:
    """An 8 × 8 picture of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number}.png"
    image = Image.new("L", (8, 8))
    image.putdata([(number * 37 + position * 5) % 256 for position in range(64)])
    image.save(path)
    return path


def questions(folder: Path, numbers: range) -> list[Question]:
    """Questions about samples, the least sure first."""
    return [
        Question(sample_id(number), CLASSES[number % 3], 0.4 + number / 1000, picture(folder, number))
        for number in numbers
    ]


@dataclass
class Desk:
    """A person's desk: asks, answers through Label Studio's own API, and polls as the sensor does."""

    service: LabelingService
    pictures: Path
    cursor: str | None = None

    def ask(self, numbers: range, version: VersionKey = V1) -> AskReport:
        """Ask about the samples with these numbers."""
        return self.service.ask(
            CATS,
            "Cats and others",
            CLASSES,
            version,
            questions(self.pictures, numbers),
            model_version=f"cats-{version}",
            actor=ANNA,
        )

    def poll(self, deadline: datetime | None = None) -> PollResult:
        """Poll on from the last cursor."""
        result = self.service.poll(CATS, self.cursor, deadline, actor=ANNA)
        self.cursor = result.cursor
        return result

    def task(self, number: int) -> TaskId:
        """The living task of a sample."""
        found = [
            question.task for question in self.service.questions(CATS) if question.sample == sample_id(number)
        ]
        assert found
        assert found[0] is not None
        return found[0]

    def answer(self, number: int, *labels: str) -> AnnotationId:
        """Submit an annotation for a sample."""
        return self.service.client.annotate(self.task(number), [Label(label) for label in labels])

    def labels(self) -> dict[SampleId, Label]:
        """The confirmed labels."""
        return {answer.sample: answer.label for answer in self.service.confirmed(CATS)}


def tasks_about(client: LabelStudioClient, project: ProjectId, *numbers: int) -> list[TaskSummary]:
    """Every task whose data names one of these samples, by id, whoever made it."""
    wanted = {sample_id(number) for number in numbers}
    return [task for task in client.after(project, TaskId(0)).tasks if task.sample in wanted]


def desk(tmp_path: Path, clock: TestClock | None = None) -> Desk:
    """A desk in the home that the environment names."""
    home = Home.from_environment()
    service = LabelingService(home, home.database(), clock or TestClock())
    return Desk(service, tmp_path / "pictures")
