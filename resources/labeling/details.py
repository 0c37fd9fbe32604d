"""From a listing of tasks to the tasks with what people gave."""

from collections.abc import Mapping, Sequence

from resources.labeling.label_studio.values import Task, TaskId, TaskSummary
from resources.labeling.reading import Reading
from resources.labeling.store import SeenTask


def has_changed(listed: TaskSummary, seen: SeenTask | None) -> bool:
    """Whether a task is listed otherwise than it was ``seen``: by its moment, count or sample."""
    return seen != SeenTask(listed.updated_at, True, listed.annotations + listed.skips, listed.sample)


def with_annotations(
    reading: Reading,
    listed: Sequence[TaskSummary],
    seen: Mapping[TaskId, SeenTask],
    *,
    doubted: bool = False,
) -> tuple[list[Task], int]:
    """The listed tasks with their annotations, and how many had to be looked up one by one.

    Looked up is what counts an annotation, and what was seen with one before: a Label Studio that is killed
    between an annotation and its task leaves the task's count as it was. ``doubted``: look all of them up.
    """

    def may_have_some(task: TaskSummary) -> bool:
        before = seen.get(task.id)
        return doubted or task.annotations + task.skips > 0 or (before is not None and before.annotations > 0)

    answered = [task.id for task in listed if may_have_some(task)]
    looked_up = set(answered)
    untouched = [Task(task, ()) for task in listed if task.id not in looked_up]
    known = reading.known
    fetched = reading.client.tasks(known.id, answered, known.kind) if answered else []
    return [*fetched, *untouched], len(answered)
