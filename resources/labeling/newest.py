"""The newest tasks: what is in Label Studio and not known yet, read from the newest down.

Label Studio finds tasks by what is in their data only by looking at each of them, so asking for every sample
grows with the square. Newer tasks have higher numbers: what an import made, answered or not, is on top.
"""

from collections.abc import Iterable, Mapping, Sequence

from resources.labeling import store
from resources.labeling.confirming import confirm, report_strangers, take_in
from resources.labeling.details import has_changed, with_annotations
from resources.labeling.label_studio.client import BEFORE_ALL, PAGE_SIZE
from resources.labeling.label_studio.values import NewTask, Task, TaskId, TaskSummary
from resources.labeling.reading import Reading
from resources.labeling.store import SeenTask
from resources.terms import SampleId


class Newest:
    """Takes in tasks of one project that nobody told us about. Done again, it changes nothing."""

    def __init__(self, reading: Reading) -> None:
        self._reading, self._known = reading, reading.known

    def catch_up(self) -> None:
        """Know every task that Label Studio has.

        An import whose answer was lost lies on top: reading ends at the first page that brings nothing new.
        Only where Label Studio still counts more tasks than are known, all of them are read.
        """
        self._read_down(to_the_end=False)
        with self._reading.database.read() as connection:
            known, _ = store.known_counts(connection, self._known.id)
        if self._reading.client.counts(self._known.id).tasks > known:
            self._read_down(to_the_end=True)

    def take_in_imported(self, tasks: Sequence[NewTask], ids: Sequence[TaskId]) -> None:
        """Know the tasks that an import just made, by the ``ids`` that it told.

        Listing them costs Label Studio a fourth of what making them does. When they changed is not told: the
        next poll takes that in.
        """
        if len(ids) != len(tasks):
            self._read_down(to_the_end=False)
            return
        made = {
            task_id: Task(TaskSummary(task_id, task.sample, task.question, BEFORE_ALL, 0, 0), ())
            for task_id, task in zip(ids, tasks, strict=True)
        }
        with self._reading.writing() as writing:
            # A poll may have been quicker, and has seen more.
            seen = store.seen_tasks(writing.connection, writing.known.id, ids)
            take_in(writing, [task for task in made.values() if _is_new(task.summary, seen)])

    def judge(self, samples: Iterable[SampleId]) -> None:
        """Judge samples by their known tasks: one that was not asked before may have an answer already."""
        with self._reading.writing() as writing:
            placed = store.placed_among(writing.connection, writing.known.dataset, list(samples))
            confirm(writing, placed)
            report_strangers(writing, sorted(task for tasks in placed.values() for task in tasks))

    def _read_down(self, *, to_the_end: bool) -> None:
        below: TaskId | None = None
        while True:
            page = self._reading.client.before(self._known.id, below, size=PAGE_SIZE).tasks
            brought = self._take_in(page)
            if len(page) < PAGE_SIZE or not (brought or to_the_end):
                return
            below = page[-1].id

    def _take_in(self, page: Sequence[TaskSummary]) -> int:
        """Keep those of ``page`` that are not known as they are; returns how many were not known at all."""
        before = self._reading.seen(page)
        changed = [task for task in page if has_changed(task, before.get(task.id))]
        if changed:
            tasks, _ = with_annotations(self._reading, changed, before)
            with self._reading.writing() as writing:
                take_in(writing, tasks)
        return sum(_is_new(task, before) for task in page)


def _is_new(task: TaskSummary, seen: Mapping[TaskId, SeenTask]) -> bool:
    """Whether a task is not known; one with a number that was used again is not."""
    before = seen.get(task.id)
    return before is None or not before.live or before.sample != task.sample
