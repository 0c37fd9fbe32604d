"""What is being done to the store: a row before it begins, gone when it is done.

A row whose holder lives keeps the collector away from everything younger than itself; one whose holder is
dead tells what was left half-done. What this process has closed is over, even where its row could not be
taken away: a service that lives for weeks would keep itself from a folder until it ends.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex

from resources.database.engine import Database
from resources.database.plain import Plain, moment
from resources.errors import TrainplatError
from resources.holder import Holder

ELSEWHERE_FOR = timedelta(hours=24)
"""For so long somebody on another machine, whom nobody here can see, counts as living."""


_closed: set[str] = set()
"""What this process has closed and whose row is there still."""


@dataclass(frozen=True)
class Intent:
    """Something that somebody is about to do."""

    id: str
    kind: str
    subject: str
    holder: Holder
    began_at: datetime

    def is_over(self, now: datetime) -> bool:
        """Whether nobody is doing it any more."""
        if self.id in _closed:
            return True
        dead = self.holder.is_dead()
        return now - self.began_at > ELSEWHERE_FOR if dead is None else dead


def begin(rows: Plain, kind: str, subject: str, now: datetime) -> Intent:
    """Say what is about to be done."""
    intent = Intent(token_hex(8), kind, subject, Holder.current(), now)
    rows.run(
        "INSERT INTO data_journal (id, kind, subject, host, pid, process_started, began_at) "
        "VALUES (:id, :kind, :subject, :host, :pid, :started, :began_at)",
        id=intent.id,
        kind=kind,
        subject=subject,
        host=intent.holder.host,
        pid=intent.holder.pid,
        started=intent.holder.started,
        began_at=now,
    )
    return intent


def end(rows: Plain, intent: Intent) -> None:
    """Say that it is done, in the transaction that makes it so."""
    rows.run("DELETE FROM data_journal WHERE id = :id", id=intent.id)


def close(database: Database, intent: Intent) -> None:
    """Say that it is done, or given up. A database that cannot be written now fails nothing by that."""
    _closed.add(intent.id)
    with suppress(TrainplatError):
        with database.write_plainly() as rows:
            end(rows, intent)
        _closed.discard(intent.id)


def intents(rows: Plain) -> list[Intent]:
    """All that is written down, oldest first."""
    found = rows.rows(
        "SELECT id, kind, subject, host, pid, process_started, began_at FROM data_journal "
        "ORDER BY began_at, id"
    )
    return [Intent(row[0], row[1], row[2], Holder(row[3], row[4], row[5]), moment(row[6])) for row in found]
