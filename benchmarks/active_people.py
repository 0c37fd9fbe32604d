"""The people of an active learning run: asked in a real Label Studio, heard as the platform hears them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.loop import label_studio
from benchmarks.stack import say
from resources.home import Home
from resources.labeling.model import Question
from resources.labeling.service import LabelingService
from resources.terms import Actor, DatasetName, Label, SampleId, VersionKey

DATASET = DatasetName("active")
CLASSES = tuple(Label(str(digit)) for digit in range(10))
ACTOR = Actor("user:benchmark")


class PeopleInLabelStudio:
    """Each batch becomes tasks; each task is answered through Label Studio's API; polls tell the answers."""

    def __init__(self, service: LabelingService, folder: Path) -> None:
        from sklearn.datasets import load_digits

        digits: Any = load_digits()
        self._service = service
        self._folder = folder
        self._truth = digits.target
        self._images = (digits.images * (255 / 16)).round().astype(np.uint8)
        self._cursor: str | None = None
        self.asked: list[list[int]] = []
        """What was asked in each batch, as far as Label Studio holds a task of it."""

    def __call__(self, rows: list[int]) -> list[int]:
        """Ask about ``rows``, answer as a person would, and hear what was answered."""
        version = VersionKey(f"v1.{len(self.asked)}")
        questions = [Question(_sample(row), CLASSES[0], 0.5, self._picture(row)) for row in rows]
        self._service.ask(
            DATASET, "Active learning", CLASSES, version, questions, model_version="none", actor=ACTOR
        )
        tasks = {one.sample: one.task for one in self._service.questions(DATASET, version)}
        self.asked.append([row for row in rows if tasks.get(_sample(row)) is not None])
        for sample, task in tasks.items():
            if task is not None:
                self._service.client.annotate(task, [CLASSES[int(self._truth[int(sample)])]])
        answers = self._heard()
        say(f"batch {len(self.asked)}: {len(tasks)} asked, {len(answers)} answers heard so far")
        return [int(answers[_sample(row)]) for row in rows]

    def _heard(self) -> dict[SampleId, Label]:
        self._cursor = self._service.poll(DATASET, self._cursor, actor=ACTOR).cursor
        return {answer.sample: answer.label for answer in self._service.confirmed(DATASET)}

    def _picture(self, row: int) -> Path:
        from PIL import Image

        path = self._folder / f"{row}.png"
        Image.fromarray(self._images[row]).save(path)
        return path


@contextmanager
def people_in_label_studio() -> Iterator[PeopleInLabelStudio]:
    """A Label Studio of their own, over a temporary home."""
    with TemporaryDirectory(prefix="trainplat-benchmark-") as folder:
        home = Home(Path(folder) / "home")
        with label_studio(home):
            yield PeopleInLabelStudio(LabelingService(home, home.database()), Path(folder))


def _sample(row: int) -> SampleId:
    return SampleId(f"{row:04}")
