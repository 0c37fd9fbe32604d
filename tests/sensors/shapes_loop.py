"""The shapes data set with its people: what the sensors' tests start from."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from resources.data.model import Split
from resources.data.service import DataService
from resources.home import Home
from resources.labeling.model import Question
from resources.labeling.service import LabelingService
from resources.learning.triggering.service import TriggerService
from resources.registry.service import RegistryService
from resources.registry.store import DECISIONS
from resources.terms import FIRST_VERSION, Actor, Label, SampleId, VersionKey
from tests.resources.data.shapes import SHAPES, first_version

ANNA = Actor("user:anna")


@dataclass
class ShapesLoop:
    """The loop's state in one home, moved by hand where a run would move it."""

    home: Home
    data: DataService
    people: LabelingService

    @property
    def registry(self) -> RegistryService:
        """Its models."""
        return RegistryService(self.home, self.home.database())

    @property
    def triggers(self) -> TriggerService:
        """What makes it train."""
        return TriggerService(self.home.database())

    def decide(self, version: VersionKey) -> None:
        """Let the round of a version be decided: its model is champion."""
        database = self.home.database()
        with database.write() as connection:
            connection.execute(
                insert(DECISIONS).values(
                    dataset=SHAPES.name,
                    version=version,
                    labels=4,
                    model_number=1,
                    accuracy_new=0.9,
                    accuracy_old=None,
                    promoted=True,
                    champion_number=1,
                    champion_version=version,
                    lease_s=1.0,
                    decided_at=datetime(2026, 3, 1, tzinfo=UTC),
                )
            )

    def pool(self, version: VersionKey = FIRST_VERSION) -> list[SampleId]:
        """The samples without a label."""
        samples = self.data.samples(SHAPES.name, version)
        return [sample.id for sample in samples if sample.split is Split.POOL]

    def ask(self, version: VersionKey = FIRST_VERSION, count: int = 3) -> list[SampleId]:
        """Ask people about the first samples of the pool."""
        asked = self.people.samples_asked(SHAPES.name)
        chosen = [sample for sample in self.pool(version) if sample not in asked][:count]
        paths = {sample.id: sample.path for sample in self.data.samples(SHAPES.name, version)}
        questions = [Question(sample, SHAPES.classes[0], 0.6, paths[sample]) for sample in chosen]
        self.people.ask(
            SHAPES.name, SHAPES.title, SHAPES.classes, version, questions, model_version="m1", actor=ANNA
        )
        return chosen

    def answer(self, sample: SampleId, *labels: str) -> None:
        """Answer a question as a person would; without labels with the true one."""
        tasks = {question.sample: question.task for question in self.people.questions(SHAPES.name)}
        task = tasks[sample]
        assert task is not None
        truth = self.data.true_labels(SHAPES.name)[sample]
        self.people.client.annotate(task, [Label(label) for label in labels] or [truth])

    def train(self, version: VersionKey) -> None:
        """Do what the round of a version does, as far as the loop can see."""
        self.data.make(SHAPES, version, ANNA)
        self.decide(version)


def begun(home_path: Path) -> ShapesLoop:
    """The loop after its first version was made and decided."""
    home = Home(home_path)
    loop = ShapesLoop(home, DataService(home, home.database()), LabelingService(home, home.database()))
    first_version(loop.data)
    loop.decide(FIRST_VERSION)
    return loop
