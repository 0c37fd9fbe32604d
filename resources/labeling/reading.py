"""Reading: which project of Label Studio is read into which database, by which clock and for whom."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from resources.clock import Clock
from resources.database.engine import Database
from resources.labeling import store
from resources.labeling.confirming import Writing
from resources.labeling.label_studio.client import LabelStudioClient
from resources.labeling.label_studio.values import TaskId, TaskSummary
from resources.labeling.store import KnownProject, SeenTask
from resources.terms import Actor


@dataclass(frozen=True)
class Reading:
    """What everything that takes in a project's tasks begins with."""

    database: Database
    client: LabelStudioClient
    clock: Clock
    known: KnownProject
    actor: Actor

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """One transaction, which is taken back where what is done in it raises."""
        with self.database.write() as connection:
            yield Writing(connection, self.known, self.clock(), self.actor)

    def seen(self, page: Sequence[TaskSummary]) -> dict[TaskId, SeenTask]:
        """Those of ``page`` that are known, as they were last seen."""
        with self.database.read() as connection:
            return store.seen_tasks(connection, self.known.id, [task.id for task in page])
