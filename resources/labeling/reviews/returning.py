"""Returning: a doubted answer leaves the confirmed pool and waits for a second look, in one transaction."""

from collections.abc import Sequence

from sqlalchemy import select

from resources.labeling import store
from resources.labeling.confirming import Writing, confirm
from resources.labeling.model import ProblemKind
from resources.labeling.reviews import store as rows
from resources.labeling.reviews.model import Doubted, Reason, ReviewState
from resources.labeling.tables import PROBLEMS
from resources.terms import Label, SampleId


def look_again(writing: Writing, doubted: Sequence[Doubted]) -> int:
    """Send answers back. Returns how many: none that a person looked at again, nor a known one."""
    dataset = writing.known.dataset
    states = rows.states_of(writing.connection, dataset)
    fresh = {
        one.sample: one for one in doubted if states.get(one.sample, ReviewState.PASSED) is ReviewState.PASSED
    }
    tasks = store.tasks_of_samples(writing.connection, dataset, list(fresh))
    returned = 0
    for sample, one in fresh.items():
        given = [annotation for task in tasks.get(sample, []) for annotation in task.annotations]
        if not given or any(annotation.ground_truth for annotation in given):
            continue
        earlier = frozenset((annotation.id, annotation.at) for annotation in given)
        rows.put_returned(writing.connection, dataset, one, earlier, writing.now)
        writing.audit("labeling.return", f"{dataset} {sample}", f"{one.label}: {one.reason}")
        returned += 1
    confirm(writing, fresh)
    return returned


def disagreements(writing: Writing) -> list[Doubted]:
    """What people answered differently, as their open problems tell."""
    found = writing.connection.execute(
        select(PROBLEMS.c.sample, PROBLEMS.c.detail).where(
            PROBLEMS.c.dataset == writing.known.dataset,
            PROBLEMS.c.kind == ProblemKind.DIFFERENT_ANSWERS,
            PROBLEMS.c.resolved_at.is_(None),
            PROBLEMS.c.sample.is_not(None),
        )
    )
    return [Doubted(SampleId(row.sample), Label(row.detail), Reason.DISAGREEMENT) for row in found]
