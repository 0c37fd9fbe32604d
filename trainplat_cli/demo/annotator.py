"""The person of the demo: answers open questions in Label Studio, with the true labels."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from resources.data.service import DataService
from resources.errors import NotFound
from resources.labeling.label_studio.values import TaskId
from resources.labeling.model import AskedQuestion
from resources.labeling.service import LabelingService
from resources.terms import Label, SampleId, VersionKey
from trainplat_cli.demo.model import DATASET

THREADS = 4


class Annotator:
    """Answers through Label Studio's own API, as the page does. It looks nothing up in our tables but what
    is asked: what happens next is for the sensors.
    """

    def __init__(self, labeling: LabelingService, data: DataService) -> None:
        self._labeling = labeling
        self._data = data
        self._truth: Mapping[SampleId, Label] = {}
        self._answered: set[TaskId] = set()

    def waiting(self, versions: Sequence[VersionKey]) -> list[AskedQuestion]:
        """The questions of these versions that are in Label Studio and that it has not answered."""
        return [
            question
            for question in self._labeling.questions_open(DATASET)
            if question.version in versions
            and question.task is not None
            and question.task not in self._answered
        ]

    def answer(self, questions: Sequence[AskedQuestion]) -> int:
        """Answer them, a few at a time. Returns how many. Raises Unavailable when Label Studio does not
        answer; what was answered by then stays answered.
        """
        if not self._truth:
            self._truth = self._data.true_labels(DATASET)
        with ThreadPoolExecutor(THREADS, thread_name_prefix="annotator") as threads:
            return sum(threads.map(self._answer_one, questions))

    def _answer_one(self, question: AskedQuestion) -> int:
        task = question.task
        if task is None:
            return 0
        client = self._labeling.client
        try:
            # A demo that was killed may have answered it; a second answer would be a second opinion.
            if client.connection.get(f"/api/tasks/{task}/annotations/").json():
                self._answered.add(task)
                return 0
            client.annotate(task, [self._truth[question.sample]])
        except NotFound:
            pass  # deleted meanwhile: the sensor finds out
        self._answered.add(task)
        return 1
