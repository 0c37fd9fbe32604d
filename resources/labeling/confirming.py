"""Confirming: judge samples anew and write what changed, with an audit row for each change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from resources.asking import Why
from resources.database.audit import AuditRow, record
from resources.labeling import store
from resources.labeling.answers import Choice, judge
from resources.labeling.label_studio.values import AnnotationId, Task, TaskId
from resources.labeling.model import Finding, Problem, ProblemKind, QuestionState
from resources.labeling.problems import describe
from resources.labeling.reviews import store as reviews
from resources.labeling.reviews.model import ReviewState
from resources.labeling.store import KnownProject
from resources.labeling.tables import CONFIRMED, PROBLEMS, QUESTIONS, TASKS
from resources.terms import Actor, DatasetName, SampleId


@dataclass(frozen=True)
class Writing:
    """Into which transaction, about which project, when and for whom."""

    connection: Connection
    known: KnownProject
    now: datetime
    actor: Actor

    def audit(self, action: str, subject: str, detail: str) -> None:
        """Write an audit row in the same transaction."""
        record(self.connection, AuditRow(self.now, self.actor, action, subject, detail))


def take_in(writing: Writing, tasks: Sequence[Task]) -> int:
    """Keep ``tasks`` as they are now, and judge anew. Returns how many labels became confirmed."""
    store.put_tasks(writing.connection, writing.known, tasks)
    confirmed = confirm(writing, (task.summary.sample for task in tasks if task.summary.sample))
    report_strangers(writing, [task.summary.id for task in tasks])
    return confirmed


def let_go(writing: Writing, tasks: Sequence[TaskId]) -> None:
    """Note that ``tasks`` were deleted, and judge what they were about anew."""
    confirm(writing, store.mark_gone(writing.connection, writing.known.id, tasks))
    report_strangers(writing, tasks)


def confirm(writing: Writing, samples: Iterable[SampleId]) -> int:
    """Judge ``samples`` anew. Returns how many labels became confirmed. Doing it again changes nothing."""
    confirmed = 0
    rules = reviews.rules_of(writing.connection, writing.known.dataset)
    for part in store.slices(sorted(set(samples))):
        asked = _asked(writing, part)
        tasks = store.tasks_of_samples(writing.connection, writing.known.dataset, part)
        latest = _latest(writing, part)
        problems = _open_problems(writing, part)
        returned = reviews.earlier_of(writing.connection, writing.known.dataset, part)
        for sample in part:
            if sample not in asked:
                continue
            stands, earlier = returned.get(sample, (None, None))
            state, why = asked[sample]
            # What was confirmed by fewer, before more were asked, stays.
            waits_for = 1 if state is QuestionState.ANSWERED else rules.people
            verdict = judge(
                tasks.get(sample, []),
                frozenset(writing.known.classes),
                earlier=earlier,
                least_agreement=rules.least_agreement,
                people=waits_for,
                kind=writing.known.kind,
            )
            if stands is ReviewState.RETURNED and verdict.state is not QuestionState.IN_REVIEW:
                _settle(writing, sample, verdict.choice)
            if verdict.state is not state:
                _put_state(writing, sample, verdict.state)
            if why is not Why.KNOWN:
                confirmed += _put_choice(writing, sample, verdict.choice, latest.get(sample))
            _replace(writing, sample, problems.get(sample, []), verdict.findings)
    return confirmed


def report_strangers(writing: Writing, tasks: Sequence[TaskId]) -> None:
    """Report, among ``tasks``, answered ones of samples that were never asked; and drop what is mended."""
    asked = select(QUESTIONS.c.sample).where(QUESTIONS.c.dataset == writing.known.dataset)
    reported = select(PROBLEMS.c.task).where(
        PROBLEMS.c.dataset == writing.known.dataset,
        PROBLEMS.c.kind == ProblemKind.UNKNOWN_SAMPLE,
        PROBLEMS.c.resolved_at.is_(None),
    )
    unknown = TASKS.c.sample.is_(None) | TASKS.c.sample.not_in(asked)
    for part in store.slices(tasks):
        rows = writing.connection.execute(
            select(
                TASKS.c.task, TASKS.c.sample, TASKS.c.annotations, TASKS.c.live, unknown.label("unknown")
            ).where(
                TASKS.c.project == writing.known.id,
                TASKS.c.task.in_(part),
                unknown | TASKS.c.task.in_(reported),
            )
        ).all()
        for row in rows:
            given = store.annotations_in(row.annotations)
            strange = row.live and row.unknown and not all(one.skipped for one in given)
            finding = Finding(ProblemKind.UNKNOWN_SAMPLE, TaskId(row.task), None, row.sample or "")
            known = _open_rows(writing, PROBLEMS.c.task == row.task, PROBLEMS.c.kind == finding.kind)
            _replace(writing, row.sample, known, [finding] if strange else [])


def open_problems(connection: Connection, dataset: DatasetName, limit: int) -> tuple[list[Problem], int]:
    """The newest open problems, those that keep a question open first; and how many there are in all."""
    known = store.project_of(connection, dataset)
    if known is None:
        return [], 0
    unresolved = (PROBLEMS.c.dataset == dataset) & PROBLEMS.c.resolved_at.is_(None)
    waiting = (QuestionState.OPEN, QuestionState.IN_REVIEW)
    blocks = func.coalesce(QUESTIONS.c.state.in_(waiting), False)
    rows = connection.execute(
        select(PROBLEMS, blocks.label("blocks"))
        .select_from(
            PROBLEMS.outerjoin(
                QUESTIONS,
                (QUESTIONS.c.dataset == PROBLEMS.c.dataset) & (QUESTIONS.c.sample == PROBLEMS.c.sample),
            )
        )
        .where(unresolved)
        .order_by(blocks.desc(), PROBLEMS.c.opened_at.desc(), PROBLEMS.c.id.desc())
        .limit(limit)
    )
    found = [
        describe(
            dataset,
            None if row.sample is None else SampleId(row.sample),
            _finding(row),
            row.opened_at,
            known.classes,
            blocks=bool(row.blocks),
        )
        for row in rows
    ]
    total = connection.execute(select(func.count()).select_from(PROBLEMS).where(unresolved)).scalar_one()
    return found, int(total)


def _asked(writing: Writing, samples: Sequence[SampleId]) -> dict[SampleId, tuple[QuestionState, Why]]:
    rows = writing.connection.execute(
        select(QUESTIONS.c.sample, QUESTIONS.c.state, QUESTIONS.c.why).where(
            QUESTIONS.c.dataset == writing.known.dataset, QUESTIONS.c.sample.in_(samples)
        )
    )
    return {SampleId(row.sample): (QuestionState(row.state), Why(row.why)) for row in rows}


def _latest(writing: Writing, samples: Sequence[SampleId]) -> dict[SampleId, Row[Any]]:
    rows = writing.connection.execute(
        select(CONFIRMED)
        .where(CONFIRMED.c.dataset == writing.known.dataset, CONFIRMED.c.sample.in_(samples))
        .order_by(CONFIRMED.c.revision)
    )
    return {SampleId(row.sample): row for row in rows}


def _settle(writing: Writing, sample: SampleId, choice: Choice | None) -> None:
    label = None if choice is None else choice.label
    reviews.put_settled(writing.connection, writing.known.dataset, sample, label, writing.now)
    told = "nobody could tell" if label is None else f"{label}, finally"
    writing.audit("labeling.settle", f"{writing.known.dataset} {sample}", told)


def _put_state(writing: Writing, sample: SampleId, state: QuestionState) -> None:
    writing.connection.execute(
        update(QUESTIONS)
        .where(QUESTIONS.c.dataset == writing.known.dataset, QUESTIONS.c.sample == sample)
        .values(state=state)
    )
    writing.audit("labeling.question", f"{writing.known.dataset} {sample}", f"is {state}")


def _put_choice(writing: Writing, sample: SampleId, choice: Choice | None, latest: Row[Any] | None) -> int:
    subject = f"{writing.known.dataset} {sample}"
    if choice is None:
        if latest is not None and not latest.withdrawn:
            _set_withdrawn(writing, latest.ref, withdrawn=True)
            writing.audit("labeling.withdraw", subject, f"{latest.label} ({latest.ref})")
        return 0
    if latest is not None and latest.label == choice.label:
        if not latest.withdrawn:
            return 0
        # The same label again is the same confirmed label: a version that took it needs no correction.
        _set_withdrawn(writing, latest.ref, withdrawn=False)
        writing.audit("labeling.confirm", subject, f"{latest.label} again ({latest.ref})")
        return 1
    revision = 1 if latest is None else latest.revision + 1
    ref = f"{writing.known.dataset}/{sample}/{revision}"
    writing.connection.execute(
        insert(CONFIRMED).values(
            ref=ref,
            dataset=writing.known.dataset,
            sample=sample,
            revision=revision,
            label=choice.label,
            task=choice.task,
            annotation=choice.annotation,
            at=choice.at,
            withdrawn=False,
        )
    )
    writing.audit("labeling.confirm", subject, f"{choice.label} by annotation {choice.annotation} ({ref})")
    return 1


def _set_withdrawn(writing: Writing, ref: str, *, withdrawn: bool) -> None:
    writing.connection.execute(update(CONFIRMED).where(CONFIRMED.c.ref == ref).values(withdrawn=withdrawn))


def _open_problems(writing: Writing, samples: Sequence[SampleId]) -> dict[str, list[Row[Any]]]:
    """The open problems of each of ``samples`` that has any."""
    found: dict[str, list[Row[Any]]] = {}
    for row in _open_rows(
        writing, PROBLEMS.c.sample.in_(samples), PROBLEMS.c.kind != ProblemKind.UNKNOWN_SAMPLE
    ):
        found.setdefault(row.sample, []).append(row)
    return found


def _open_rows(writing: Writing, *conditions: Any) -> list[Row[Any]]:
    statement = select(PROBLEMS).where(
        PROBLEMS.c.dataset == writing.known.dataset, PROBLEMS.c.resolved_at.is_(None), *conditions
    )
    return list(writing.connection.execute(statement))


def _replace(
    writing: Writing, sample: str | None, known: Sequence[Row[Any]], findings: Sequence[Finding]
) -> None:
    """Open what is new among ``findings``, resolve what is no longer there."""
    subject = f"{writing.known.dataset} {sample or 'no sample'}"
    before = {_finding(row): row for row in known}
    for finding in findings:
        if finding in before:
            continue
        writing.connection.execute(
            insert(PROBLEMS).values(
                dataset=writing.known.dataset,
                sample=sample,
                kind=finding.kind,
                task=finding.task,
                annotation=finding.annotation,
                detail=finding.detail,
                opened_at=writing.now,
            )
        )
        writing.audit("labeling.problem", subject, f"{finding.kind} in task {finding.task}")
    for finding, row in before.items():
        if finding in findings:
            continue
        writing.connection.execute(
            update(PROBLEMS).where(PROBLEMS.c.id == row.id).values(resolved_at=writing.now)
        )
        writing.audit("labeling.resolve", subject, f"{finding.kind} in task {finding.task}")


def _finding(row: Row[Any]) -> Finding:
    annotation = None if row.annotation is None else AnnotationId(row.annotation)
    return Finding(ProblemKind(row.kind), TaskId(row.task), annotation, row.detail)
