"""Reading and writing tasks and annotations in Label Studio."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

from resources.errors import NotFound
from resources.kinds import Kind
from resources.labeling.label_studio.connection import Connection
from resources.labeling.label_studio.kinds.catalogue import FORMS
from resources.labeling.label_studio.kinds.form import Form
from resources.labeling.label_studio.values import (
    Annotation,
    AnnotationId,
    Counts,
    NewTask,
    Page,
    ProjectId,
    Task,
    TaskId,
    TaskSummary,
)
from resources.terms import Label, SampleId

if TYPE_CHECKING:
    import httpx

PAGE_SIZE = 500
"""Tasks on one page of summaries: 0.2 s in a project of 10,000."""

DETAIL_SIZE = 100
"""Tasks fetched with their annotations in one request."""

BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
"""A moment before every change."""

_HIGHEST = 2**63 - 1
"""Above every id."""

_SUMMARY = "id,updated_at,total_annotations,cancelled_annotations,data"
_DETAIL = f"{_SUMMARY},annotations,result,was_cancelled,completed_by,ground_truth"

_Item = TypeVar("_Item")


class LabelStudioClient:
    """Tasks of one Label Studio. Every call may raise what :class:`Connection` raises."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def counts(self, project: ProjectId) -> Counts:
        """How many tasks and annotations ``project`` holds now. Raises NotFound when it was deleted.

        The rows themselves, counted: the sum over the tasks' own counters, which a listing of tasks tells,
        misses an annotation whose task a killed Label Studio left as it was.
        """
        params = {"include": "id,task_number,total_annotations_number,skipped_annotations_number"}
        body = self.connection.get(f"/api/projects/{project}/", params).json()
        submitted, skipped = body["total_annotations_number"], body["skipped_annotations_number"]
        return Counts(int(body["task_number"]), int(submitted) + int(skipped))

    def changed_since(
        self, project: ProjectId, since: datetime, *, page: int = 1, size: int = PAGE_SIZE
    ) -> Page:
        """Tasks that changed at ``since`` or later, oldest change first: one page, empty past the end."""
        # The fraction of a second is required: without it Label Studio answers 500.
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        condition = _condition("updated_at", "greater_or_equal", "Datetime", moment)
        return self._page(project, condition, "updated_at", page=page, size=size)

    def after(self, project: ProjectId, task: TaskId, *, size: int = PAGE_SIZE) -> Page:
        """The ``size`` tasks with the lowest ids above ``task``."""
        return self._page(project, _condition("id", "greater", "Number", task), "id", page=1, size=size)

    def before(self, project: ProjectId, task: TaskId | None, *, size: int = PAGE_SIZE) -> Page:
        """The ``size`` tasks with the highest ids below ``task``, or of all, the highest first."""
        below = _HIGHEST if task is None else task
        return self._page(project, _condition("id", "less", "Number", below), "-id", page=1, size=size)

    def tasks(self, project: ProjectId, ids: Iterable[TaskId], kind: Kind = Kind.IMAGE_CLASSES) -> list[Task]:
        """Those of ``ids`` that exist, with their annotations, which are answers of ``kind``."""
        found: list[Task] = []
        for part in _slices(ids):
            condition = _condition("id", "in_list", "List", part)
            answer = self._listed(
                project, condition, "id", page=1, size=len(part), fields="all", include=_DETAIL
            )
            found.extend(_task(row, FORMS[kind]) for row in answer.json()["tasks"])
        return found

    def import_tasks(self, project: ProjectId, tasks: Sequence[NewTask]) -> list[TaskId]:
        """Make ``tasks`` in their order, each with its prediction. Returns their ids, if it tells them.

        Not idempotent: look with :meth:`before` first. They get higher ids than all tasks there are, which
        may be ids of newest ones that were deleted.
        """
        bodies: Any = [_import_body(task) for task in tasks]
        told = self.connection.with_sdk(
            lambda sdk: sdk.projects.import_tasks(project, request=bodies, return_task_ids=True)
        )
        ids = getattr(told, "task_ids", None) or ()
        return [TaskId(int(task)) for task in ids]

    def delete_task(self, task: TaskId) -> None:
        """Delete one task and its annotations."""
        self.connection.delete(f"/api/tasks/{task}/")

    def annotate(
        self, task: TaskId, labels: Sequence[Label], kind: Kind = Kind.IMAGE_CLASSES
    ) -> AnnotationId:
        """Submit an annotation as a person would: with one label it is a usable answer."""
        result: Any = [region for label in labels for region in FORMS[kind].regions(label)]
        made = self.connection.with_sdk(lambda sdk: sdk.annotations.create(int(task), result=result))
        return AnnotationId(int(made.id or 0))

    def skip(self, task: TaskId) -> AnnotationId:
        """Skip a task as a person would."""
        made = self.connection.with_sdk(
            lambda sdk: sdk.annotations.create(int(task), result=[], was_cancelled=True)
        )
        return AnnotationId(int(made.id or 0))

    def _page(
        self,
        project: ProjectId,
        condition: dict[str, Any],
        order: str,
        *,
        page: int = 1,
        size: int = PAGE_SIZE,
    ) -> Page:
        try:
            answer = self._listed(
                project, condition, order, page=page, size=size, fields="task_only", include=_SUMMARY
            )
        except NotFound as problem:
            if page > 1 and "Invalid page" in problem.problem:
                return Page((), BEFORE_ALL)
            raise
        tasks = tuple(_summary(row) for row in answer.json()["tasks"])
        return Page(tasks, parsedate_to_datetime(answer.headers["date"]).astimezone(UTC))

    def _listed(
        self,
        project: ProjectId,
        condition: dict[str, Any],
        order: str,
        *,
        page: int,
        size: int,
        fields: str,
        include: str,
    ) -> "httpx.Response":
        query = {"filters": {"conjunction": "and", "items": [condition]}, "ordering": [_ordering(order)]}
        params = {
            "project": project,
            "page": page,
            "page_size": size,
            "fields": fields,
            "include": include,
            "resolve_uri": "false",
            "query": json.dumps(query),
        }
        return self.connection.get("/api/tasks", params)


def _slices(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    every = list(items)
    return (every[start : start + DETAIL_SIZE] for start in range(0, len(every), DETAIL_SIZE))


def _ordering(order: str) -> str:
    """``-id`` is the highest id first."""
    return f"-tasks:{order.removeprefix('-')}" if order.startswith("-") else f"tasks:{order}"


def _condition(column: str, operator: str, kind: str, value: Any) -> dict[str, Any]:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}


def _summary(row: dict[str, Any]) -> TaskSummary:
    data = row["data"] if isinstance(row["data"], dict) else {}
    sample, question = data.get("sample"), data.get("question")
    return TaskSummary(
        id=TaskId(int(row["id"])),
        sample=SampleId(sample) if isinstance(sample, str) else None,
        question=question if isinstance(question, str) else None,
        updated_at=_moment(row["updated_at"]),
        annotations=int(row["total_annotations"]),
        skips=int(row["cancelled_annotations"]),
    )


def _task(row: dict[str, Any], form: Form) -> Task:
    data = row["data"] if isinstance(row["data"], dict) else {}
    annotations = (
        Annotation(
            id=AnnotationId(int(given["id"])),
            labels=form.answers(given["result"], data),
            skipped=bool(given["was_cancelled"]),
            at=_moment(given["updated_at"]),
            by=_who(given.get("completed_by")),
            ground_truth=bool(given.get("ground_truth")),
        )
        for given in row["annotations"]
    )
    return Task(_summary(row), tuple(sorted(annotations, key=lambda annotation: annotation.id)))


def _import_body(task: NewTask) -> dict[str, Any]:
    form = FORMS[task.kind]
    return {
        "data": {
            form.shown: task.shown,
            "sample": task.sample,
            "question": task.question,
            "why": task.why,
            "note": task.note,
        },
        "predictions": [
            {
                "model_version": task.model_version,
                "score": task.score,
                "result": form.regions(task.guess),
            }
        ],
    }


def _who(told: Any) -> int | None:
    """A user, as a number or as an object with one."""
    number = told.get("id") if isinstance(told, dict) else told
    return number if isinstance(number, int) else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
