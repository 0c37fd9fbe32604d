"""Evaluations for everyone above: keep what a model said, and find it again."""

from datetime import datetime
from pathlib import Path

from resources.clock import Clock, utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.errors import BadInput
from resources.files import write_atomically
from resources.home import Home
from resources.registry.evaluations import store
from resources.registry.evaluations.files import from_bytes, path_of, scores_from_bytes, to_bytes
from resources.registry.evaluations.model import Measurement, SampleScores, TestAnswers
from resources.terms import Actor, DatasetName


class EvaluationService:
    """The measurements and answers of one home. Every act can be repeated."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now) -> None:
        self.home = home
        self.database = database
        self.clock = clock

    def keep(self, answers: TestAnswers, measurement: Measurement, actor: Actor) -> None:
        """Keep both; they take the place of what was kept of this model and test set.

        The file comes first, so that a measurement has its answers. A kill between the two leaves a file
        that the next try writes again.
        """
        _refuse_if_of_others(answers, measurement)
        path = self.path(answers.dataset, answers.number, answers.test_set)
        write_atomically(path, to_bytes(answers))
        with self.database.write() as connection:
            store.put_measurement(connection, measurement)
            subject = f"models:/{measurement.dataset}/{measurement.number}"
            told = f"{measurement.measure} {measurement.value:.4f} of {measurement.test_count} samples"
            detail = f"{told}, test set {measurement.test_set[:16]}"
            record(connection, AuditRow(self.clock(), actor, "registry.measure", subject, detail))

    def measurements(self, dataset: DatasetName) -> list[Measurement]:
        """All of a data set, by number and then by time; from our tables, without MLflow and files."""
        with self.database.read() as connection:
            return store.measurements_of(connection, dataset)

    def state(self, dataset: DatasetName) -> tuple[int, datetime | None]:
        """How many measurements there are, and when the newest was made: tells whether one came."""
        with self.database.read() as connection:
            return store.state_of(connection, dataset)

    def measurement(
        self, dataset: DatasetName, number: int, test_set: str | None = None
    ) -> Measurement | None:
        """That of a model on a test set, or the newest; None for one that was never measured."""
        with self.database.read() as connection:
            found = store.measurements_of(connection, dataset, number)
        fitting = [one for one in found if test_set in (None, one.test_set)]
        return max(fitting, key=lambda one: one.measured_at, default=None)

    def answers(self, dataset: DatasetName, number: int, test_set: str | None = None) -> TestAnswers | None:
        """What a model said on a test set, or on the newest it was measured on; None where nothing is kept.

        Raises :class:`BadInput` for a file that is damaged.
        """
        measured = self.measurement(dataset, number, test_set)
        return None if measured is None else self.answers_behind(measured)

    def answers_behind(self, measured: Measurement) -> TestAnswers | None:
        """What the model said when it was measured; None where the file is gone.

        Raises :class:`BadInput` for a file that is damaged.
        """
        content, name = self._content(measured)
        return None if content is None else from_bytes(content, name)

    def scores_behind(self, measured: Measurement) -> SampleScores | None:
        """Of the same only how good each answer was, which is read faster."""
        content, name = self._content(measured)
        return None if content is None else scores_from_bytes(content, name)

    def _content(self, measured: Measurement) -> tuple[bytes | None, str]:
        path = self.path(measured.dataset, measured.number, measured.test_set)
        try:
            return path.read_bytes(), str(path)
        except FileNotFoundError:
            return None, str(path)

    def has(self, dataset: DatasetName, number: int, test_set: str) -> bool:
        """Whether what a model said on a test set is kept, whole."""
        with self.database.read() as connection:
            found = store.has_measurement(connection, dataset, number, test_set)
        return found and self.path(dataset, number, test_set).exists()

    def path(self, dataset: DatasetName, number: int, test_set: str) -> Path:
        """Where the answers lie."""
        return path_of(self.home, dataset, number, test_set)


def _refuse_if_of_others(answers: TestAnswers, measurement: Measurement) -> None:
    said = (answers.dataset, answers.number, answers.test_set, len(answers.sample_ids))
    told = (measurement.dataset, measurement.number, measurement.test_set, measurement.test_count)
    if said != told:
        raise BadInput(
            f"the answers are of {said[0]} {said[1]} on {said[3]} samples of {said[2][:16]}, the measurement "
            f"of {told[0]} {told[1]} on {told[3]} of {told[2][:16]}; expected one model and test set",
            "Give both of the same measurement.",
        )
