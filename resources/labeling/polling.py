"""Polling: what changed since the last time, read to the end or to the deadline; and the sweep beside it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from resources.errors import BadInput
from resources.labeling import store
from resources.labeling.confirming import let_go, take_in
from resources.labeling.details import has_changed, with_annotations
from resources.labeling.label_studio.client import BEFORE_ALL, DETAIL_SIZE, PAGE_SIZE
from resources.labeling.label_studio.values import Counts, TaskId, TaskSummary
from resources.labeling.reading import Reading
from resources.labeling.store import Sweep

OVERLAP = timedelta(seconds=60)
"""A change may be committed this much later than the moment it carries; so far back each poll looks again."""

SWEEP_EVERY = timedelta(days=1)
DAILY = "daily"
"""The reason of a sweep that nothing asked for."""

HINTS_AT_ONCE = 500

TASKS_DELETED = "TASKS_DELETED"


@dataclass(frozen=True)
class Cursor:
    """Where polling goes on."""

    since: datetime
    """Every change before this moment has been seen."""
    target: datetime | None = None
    """What ``since`` becomes when the pass that is under way reaches its end; None between passes."""
    page: int = 1
    """The page to go on with; more than 1 only where one page is full of one moment."""

    @classmethod
    def parse(cls, text: str | None) -> "Cursor":
        """The cursor that :meth:`__str__` wrote; None is the beginning. Raises BadInput for another text."""
        if not text:
            return cls(BEFORE_ALL)
        try:
            given = json.loads(text)
            target = given.get("target")
            return cls(_moment(given["since"]), target and _moment(target), int(given.get("page", 1)))
        except (ValueError, KeyError, TypeError, AttributeError) as problem:
            raise BadInput(
                f"the cursor {text!r} is none that this sensor wrote",
                "Reset the sensor's cursor in the Dagster UI: everything is read once more, nothing is lost.",
            ) from problem

    def __str__(self) -> str:
        fields: dict[str, object] = {"since": self.since.isoformat()}
        if self.target is not None:
            fields |= {"target": self.target.isoformat(), "page": self.page}
        return json.dumps(fields)


@dataclass(frozen=True)
class Gathered:
    """What one poll did."""

    cursor: Cursor
    seen: int = 0
    fetched: int = 0
    new_labels: int = 0
    sweeping: bool = False


class Poller:
    """One poll of one project. Killed at any moment, the next one does what is left: rows are only replaced.

    The cursor moves with the server's clock, not with the newest change seen: else the tasks of one big
    import would be listed again and again for as long as nothing newer happens.
    """

    def __init__(self, reading: Reading, deadline: datetime | None) -> None:
        self._reading, self._known = reading, reading.known
        self._deadline = deadline
        self._seen = self._fetched = self._new_labels = 0

    def poll(self, cursor: Cursor) -> Gathered:
        """Read changes from ``cursor`` on, follow hints, compare counts, and sweep where they differ."""
        cursor = self._changes(cursor)
        if cursor.target is None:
            self._follow_hints()
            self._start_sweep_if_needed(self._mismatch(cursor))
        sweeping = self._sweep()
        return Gathered(cursor, self._seen, self._fetched, self._new_labels, sweeping)

    def _out_of_time(self) -> bool:
        return self._deadline is not None and self._reading.clock() >= self._deadline

    def _changes(self, cursor: Cursor) -> Cursor:
        while True:
            listed = self._reading.client.changed_since(
                self._known.id, cursor.since, page=cursor.page, size=PAGE_SIZE
            )
            page = listed.tasks
            target = cursor.target or max(cursor.since, listed.server_time - OVERLAP)
            cursor = replace(cursor, target=target)
            if not self._take_in(page):
                return cursor
            if len(page) < PAGE_SIZE:
                return Cursor(max(cursor.since, target))
            # By moment and not by page: a task that changes meanwhile moves to the end, and a page number
            # would then jump over another one.
            last = page[-1].updated_at
            moved = last > cursor.since
            cursor = replace(cursor, since=last, page=1) if moved else replace(cursor, page=cursor.page + 1)
            if self._out_of_time():
                return cursor

    def _take_in(self, page: Sequence[TaskSummary], *, doubted: bool = False) -> bool:
        """Keep those of ``page`` that are not known as they are, and judge their samples anew.

        A Label Studio that is killed between an annotation and its task leaves the task's moment, or its
        count, as it was. Where the counts are ``doubted``, tasks that count no annotation are looked up all
        the same. Returns False when the time was over before all of them; what was kept needs no second look.
        """
        self._seen += len(page)
        before = self._reading.seen(page)
        changed = [
            task
            for task in page
            if has_changed(task, before.get(task.id)) or (doubted and task.annotations + task.skips == 0)
        ]
        for start in range(0, len(changed), DETAIL_SIZE):
            if start > 0 and self._out_of_time():
                return False
            part = changed[start : start + DETAIL_SIZE]
            tasks, fetched = with_annotations(self._reading, part, before, doubted=doubted)
            self._fetched += fetched
            with self._reading.writing() as writing:
                self._new_labels += take_in(writing, tasks)
        return True

    def _let_go(self, tasks: Sequence[TaskId]) -> None:
        if tasks:
            with self._reading.writing() as writing:
                let_go(writing, tasks)

    def _follow_hints(self) -> None:
        """Look at what web hooks told. What they say is never believed, only looked up."""
        with self._reading.database.read() as connection:
            hints = store.hints(connection, self._known.id, HINTS_AT_ONCE)
        if not hints:
            return
        named = sorted({task for hint in hints if hint.action == TASKS_DELETED for task in hint.tasks})
        with self._reading.database.read() as connection:
            before = store.seen_tasks(connection, self._known.id, named)
        suspects = [task for task in named if task in before and before[task].live][:PAGE_SIZE]
        if suspects:
            alive = {task.summary.id for task in self._reading.client.tasks(self._known.id, suspects)}
            self._let_go([task for task in suspects if task not in alive])
        with self._reading.database.write() as connection:
            store.drop_hints(connection, [hint.id for hint in hints])

    def _mismatch(self, cursor: Cursor) -> str | None:
        """How the counts differ, unless that is only what people did during this poll."""
        if self._difference(self._reading.client.counts(self._known.id)) is None:
            return None
        self._changes(cursor)
        return self._difference(self._reading.client.counts(self._known.id))

    def _difference(self, counts: Counts) -> str | None:
        with self._reading.database.read() as connection:
            tasks, annotations = store.known_counts(connection, self._known.id)
        if (tasks, annotations) == (counts.tasks, counts.annotations):
            return None
        return (
            f"{tasks} tasks with {annotations} annotations are known, "
            f"Label Studio has {counts.tasks} with {counts.annotations}"
        )

    def _start_sweep_if_needed(self, reason: str | None) -> None:
        with self._reading.database.read() as connection:
            sweep = store.sweep_of(connection, self._known.dataset)
        if sweep is None or sweep.after is not None:
            return
        now = self._reading.clock()
        if reason == sweep.reason and now - sweep.finished_at < SWEEP_EVERY:
            return  # a sweep just looked at exactly this and could not mend it: once a day is enough
        if reason is None and now - sweep.finished_at < SWEEP_EVERY:
            return
        with self._reading.writing() as writing:
            sweep = Sweep(TaskId(0), reason or DAILY, now)
            store.put_sweep(writing.connection, self._known.dataset, sweep)
            subject = f"{self._known.dataset} project {self._known.id}"
            writing.audit("labeling.sweep", subject, sweep.reason)

    def _sweep(self) -> bool:
        """Go on with the sweep that is under way. Returns whether some of it is left."""
        with self._reading.database.read() as connection:
            sweep = store.sweep_of(connection, self._known.dataset)
        after = None if sweep is None else sweep.after
        doubted = sweep is not None and after is not None and self._doubts(sweep)
        # What is looked up in doubt is looked up each time: a slice that a tick cannot end would never end.
        size = min(PAGE_SIZE, DETAIL_SIZE) if doubted else PAGE_SIZE
        while sweep is not None and after is not None and not self._out_of_time():
            page = self._reading.client.after(self._known.id, after, size=size).tasks
            last = page[-1].id if len(page) == size else None
            with self._reading.database.read() as connection:
                known = store.living_between(connection, self._known.id, after, last)
            if not self._take_in(page, doubted=doubted):
                return True
            self._let_go(sorted(known - {task.id for task in page}))
            after = last
            with self._reading.writing() as writing:
                store.put_sweep(
                    writing.connection, self._known.dataset, Sweep(after, sweep.reason, writing.now)
                )
        return after is not None

    def _doubts(self, sweep: Sweep) -> bool:
        """Whether to look behind the counts: there are annotations that nobody knows, or it is daily."""
        if sweep.reason == DAILY:
            return True
        there = self._reading.client.counts(self._known.id).annotations
        with self._reading.database.read() as connection:
            return there > store.known_counts(connection, self._known.id)[1]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment
