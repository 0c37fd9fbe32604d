"""Reconciling: every task of a project read to the end, counted, and set against what is known.

The sensor's polls do without: they follow what changed and compare counts. This is for whoever wants to know
for sure, and to see what would change before it does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from resources.errors import Conflict
from resources.labeling import store
from resources.labeling.confirming import Writing, confirm, report_strangers
from resources.labeling.details import has_changed, with_annotations
from resources.labeling.label_studio.client import PAGE_SIZE
from resources.labeling.label_studio.values import Counts, ProjectId, Task, TaskId, TaskSummary
from resources.labeling.reading import Reading
from resources.labeling.store import Sweep
from resources.terms import DatasetName, Label, SampleId

BY_HAND = "by hand"
"""The reason of a sweep that a person began; whoever goes on with it goes on from its cursor."""

Progress = Callable[[int, int], None]
"""Is told how many tasks were read, and how many Label Studio says there are."""


@dataclass(frozen=True)
class LabelChange:
    """A sample whose confirmed label is another one now, or would be."""

    sample: SampleId
    before: Label | None
    after: Label | None


@dataclass(frozen=True)
class Reconciliation:
    """What a full look through a project found."""

    dataset: DatasetName
    project: ProjectId
    dry_run: bool
    resumed_after: TaskId
    """The task behind which it went on; 0 where it read all of them."""
    told: Counts
    """How much Label Studio says the project holds."""
    read: int
    """Tasks that were read."""
    annotations: int
    new: int
    """Tasks that were not known."""
    changed: int
    """Tasks that were known otherwise."""
    gone: int
    """Tasks that were known and are not there any more."""
    strangers: int
    """Tasks that name no sample that was asked about."""
    twice: tuple[SampleId, ...]
    """Samples with more than one task of the same question."""
    labels: tuple[LabelChange, ...]

    @property
    def changes(self) -> int:
        """How many tasks were, or would be, written anew."""
        return self.new + self.changed + self.gone


@dataclass
class _Found:
    read: int = 0
    annotations: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    strangers: int = 0
    twice: set[SampleId] = field(default_factory=set)
    seen: set[tuple[SampleId, str]] = field(default_factory=set)
    labels: list[LabelChange] = field(default_factory=list)


class _TakeBack(Exception):
    """Ends a transaction whose changes were only to be counted."""


class Reconciler:
    """One full look. Killed at any moment, the next one goes on where this one was: rows are only replaced.

    The identity of a task is the sample that its data names, which is the hash of the sample's content. A dry
    run does the same in transactions that are taken back, page by page.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading, self._known = reading, reading.known

    def run(self, *, dry_run: bool, progress: Progress | None = None) -> Reconciliation:
        """Read every task. Raises :class:`Conflict` when fewer or more came than Label Studio tells."""
        began = after = TaskId(0) if dry_run else self._resumed()
        found = _Found()
        told = self._reading.client.counts(self._known.id)
        while True:
            page = self._reading.client.after(self._known.id, after, size=PAGE_SIZE).tasks
            last = page[-1].id if len(page) == PAGE_SIZE else None
            self._take_in(page, after, last, found, dry_run=dry_run)
            if progress:
                progress(found.read, told.tasks)
            if last is None:
                break
            after = last
            self._remember(after, dry_run=dry_run)
        self._remember(None, dry_run=dry_run)
        told = self._checked(told, found, began)
        return Reconciliation(
            self._known.dataset,
            self._known.id,
            dry_run,
            began,
            told,
            found.read,
            found.annotations,
            found.new,
            found.changed,
            found.gone,
            found.strangers,
            tuple(sorted(found.twice)),
            tuple(found.labels),
        )

    def _resumed(self) -> TaskId:
        with self._reading.database.read() as connection:
            sweep = store.sweep_of(connection, self._known.dataset)
        is_ours = sweep is not None and sweep.reason == BY_HAND and sweep.after is not None
        return sweep.after or TaskId(0) if is_ours and sweep is not None else TaskId(0)

    def _remember(self, after: TaskId | None, *, dry_run: bool) -> None:
        if dry_run:
            return
        with self._reading.writing() as writing:
            sweep = Sweep(after, BY_HAND, writing.now)
            store.put_sweep(writing.connection, self._known.dataset, sweep)

    def _take_in(
        self,
        page: Sequence[TaskSummary],
        after: TaskId,
        last: TaskId | None,
        found: _Found,
        *,
        dry_run: bool,
    ) -> None:
        with self._reading.database.read() as connection:
            before = store.seen_tasks(connection, self._known.id, [task.id for task in page])
            living = store.living_between(connection, self._known.id, after, last)
        gone = sorted(living - {task.id for task in page})
        # Whatever is counted is read, changed or not: a full look trusts no moment and no counter of a task.
        tasks, _ = with_annotations(self._reading, page, before)
        found.read += len(page)
        found.annotations += sum(len(task.annotations) for task in tasks)
        found.new += sum(task.id not in before for task in page)
        found.changed += sum(
            task.summary.id in before and self._differs(task, before[task.summary.id]) for task in tasks
        )
        found.gone += len(gone)
        self._name(page, found)
        try:
            with self._reading.writing() as writing:
                found.labels += _write(writing, tasks, gone)
                if dry_run:
                    raise _TakeBack
        except _TakeBack:
            pass

    def _differs(self, task: Task, seen: store.SeenTask) -> bool:
        summary, given = task.summary, len(task.annotations)
        return has_changed(summary, seen) or seen.annotations != given

    def _name(self, page: Sequence[TaskSummary], found: _Found) -> None:
        samples = [task.sample for task in page if task.sample]
        with self._reading.database.read() as connection:
            asked = store.asked_among(connection, self._known.dataset, samples)
        for task in page:
            if task.sample is None or task.sample not in asked:
                found.strangers += 1
                continue
            identity = (task.sample, task.question or "")
            if identity in found.seen:
                found.twice.add(task.sample)
            found.seen.add(identity)

    def _checked(self, told: Counts, found: _Found, began: TaskId) -> Counts:
        """The counts once more: people may have worked on while the pages were read."""
        now = self._reading.client.counts(self._known.id)
        if began or found.read in (told.tasks, now.tasks) or told != now:
            return now
        raise Conflict(
            f"Label Studio tells {now.tasks} tasks in project {self._known.id} of {self._known.dataset}, and "
            f"{found.read} came, page by page to the end",
            "Run it again; if the numbers stay, see Label Studio's log: it leaves tasks out of its pages.",
        )


def _write(writing: Writing, tasks: Sequence[Task], gone: Sequence[TaskId]) -> list[LabelChange]:
    """Take in one page; returns the labels that are other ones now."""
    connection, known = writing.connection, writing.known
    samples = {task.summary.sample for task in tasks if task.summary.sample}
    samples |= store.mark_gone(connection, known.id, gone)
    before = store.labels_of(connection, known.dataset, sorted(samples))
    store.put_tasks(connection, known, tasks)
    confirm(writing, samples)
    report_strangers(writing, [*(task.summary.id for task in tasks), *gone])
    after = store.labels_of(connection, known.dataset, sorted(samples))
    return [
        LabelChange(sample, before.get(sample), after.get(sample))
        for sample in sorted(samples)
        if before.get(sample) != after.get(sample)
    ]
