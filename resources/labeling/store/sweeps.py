"""Where the full look through a project stands."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from resources.labeling.label_studio.values import TaskId
from resources.labeling.tables import SWEEPS
from resources.terms import DatasetName


@dataclass(frozen=True)
class Sweep:
    """The full look through a project, in slices."""

    after: TaskId | None
    """Where the next slice begins; None when no sweep is under way."""
    reason: str
    """Why the last one was started."""
    finished_at: datetime


def sweep_of(connection: Connection, dataset: DatasetName) -> Sweep | None:
    """Where the full look stands."""
    row = connection.execute(select(SWEEPS).where(SWEEPS.c.dataset == dataset)).first()
    if row is None:
        return None
    return Sweep(None if row.after_task is None else TaskId(row.after_task), row.reason, row.finished_at)


def put_sweep(connection: Connection, dataset: DatasetName, sweep: Sweep) -> None:
    """Keep where the full look stands."""
    connection.execute(delete(SWEEPS).where(SWEEPS.c.dataset == dataset))
    connection.execute(
        insert(SWEEPS).values(
            dataset=dataset, after_task=sweep.after, reason=sweep.reason, finished_at=sweep.finished_at
        )
    )
