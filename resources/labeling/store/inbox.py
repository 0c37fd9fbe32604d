"""What web hooks said, until somebody looks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from resources.labeling.label_studio.values import ProjectId, TaskId
from resources.labeling.store.slicing import slices
from resources.labeling.tables import INBOX


@dataclass(frozen=True)
class Hint:
    """What one web hook said."""

    id: int
    action: str
    tasks: tuple[TaskId, ...]


def put_hint(
    connection: Connection, project: ProjectId, action: str, tasks: Sequence[TaskId], now: datetime
) -> None:
    """Keep what a web hook said, once: what waits already is not kept again, however often it is sent."""
    told = json.dumps(list(tasks))
    same = (INBOX.c.project == project, INBOX.c.action == action, INBOX.c.tasks == told)
    if connection.execute(select(INBOX.c.id).where(*same).limit(1)).first() is not None:
        return
    connection.execute(insert(INBOX).values(received_at=now, project=project, action=action, tasks=told))


def hints(connection: Connection, project: ProjectId, limit: int) -> list[Hint]:
    """The oldest hints that nobody looked at yet."""
    rows = connection.execute(
        select(INBOX).where(INBOX.c.project == project).order_by(INBOX.c.id).limit(limit)
    )
    return [Hint(row.id, row.action, tuple(json.loads(row.tasks))) for row in rows]


def drop_hints(connection: Connection, ids: Sequence[int]) -> None:
    """Forget hints that were looked at."""
    for part in slices(ids):
        connection.execute(delete(INBOX).where(INBOX.c.id.in_(part)))
