"""One holder at a time of a named role, such as who decides about GPUs; a standby takes over by itself.

A role is a row: its holder, until when it is held, and a token that grows by one with each change of holder.
Whoever wrote under an older token is told so in the transaction of the write, which is taken back
(:meth:`Leader.fenced`). So a holder that was asleep, or whose clock is wrong, changes nothing, whatever it
believes of itself.

Which clock the time is read from:

- PostgreSQL: the server's own; those of the machines that use it do not matter. Set forward, it ends a lease
  early: the standby takes over, and the token keeps the old holder out. Set back, it would lengthen the lease
  of a dead holder: so a standby also takes over once it has itself seen no sign of life for as long as the
  lease lasts, by a clock of its own that nobody can set.
- SQLite: the time since the machine's start, which all its processes share, which goes on while it sleeps,
  and which nobody can set. A lease from before a restart of the machine is over.
"""

import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Integer,
    Row,
    String,
    Table,
    extract,
    func,
    insert,
    select,
    update,
)

from resources.clock import utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.database.metadata import METADATA
from resources.errors import BadInput, Conflict
from resources.process import ProcessIdentity
from resources.terms import Actor

LEADERSHIPS = Table(
    "leaderships",
    METADATA,
    Column("name", String(100), primary_key=True),
    Column("holder", String(200)),  # NULL: nobody
    Column("token", Integer, nullable=False),
    Column("clock", String(64), nullable=False),  # which one expires_s is read from
    Column("expires_s", Float, nullable=False),
    Column("lease_s", Float, nullable=False),
    Column("renewals", Integer, nullable=False),  # a sign of life for those who do not trust the clock
)


@dataclass(frozen=True)
class Reading:
    """What a clock says."""

    clock: str
    """Which clock; times of two clocks cannot be compared."""
    now_s: float


ReadClock = Callable[[Connection], Reading]


class Superseded(Conflict):
    """Somebody else has the role by now. What was to be written is not."""


@dataclass(frozen=True)
class Leader:
    """Proof of having had the role at some time; :meth:`fenced` says whether that is still so."""

    name: str
    holder: str
    token: int
    """Grows by one with each change of holder."""

    def fenced(self, connection: Connection) -> None:
        """Raise :class:`Superseded`, which takes the transaction back, where somebody else has the role.

        To be called inside ``Database.write()``: then nobody can take the role before the transaction ends.
        """
        found = _row(connection, self.name)
        if found is None or (found.holder, found.token) != (self.holder, self.token):
            raise Superseded(
                f"{self.holder} is {self.name} no more: its token is {self.token}, the newest one is "
                f"{'none' if found is None else found.token}, of {_who(found)}",
                "Nothing was written. It goes on as a standby, and takes over when the other one is gone.",
            )


@dataclass(frozen=True)
class _Seen:
    """The last sign of life of a holder, and when it was seen first."""

    sign: tuple[str, int, int]
    at_s: float


class Leadership:
    """One candidate for the role ``name``. Call :meth:`acquire` every third of ``lease_s`` or more often.

    It makes a leader of a standby, and is the sign of life of a leader.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        lease_s: float,
        *,
        brief: bool = False,
        read_clock: ReadClock | None = None,
        own_clock_s: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
    ) -> None:
        if not lease_s > 0:
            raise BadInput(f"the lease of {name} is {lease_s} s; expected more than 0", "Give a longer one.")
        self.name = name
        self.lease_s = lease_s
        self._brief = brief
        """Whether it is taken for one piece of work each time: then the audit is told of losses only."""
        self._database = database
        self._read_clock = read_clock or _read_clock
        self._own_clock_s = own_clock_s
        self._seen: _Seen | None = None
        self._process = os.getpid()
        self._holder = _new_holder()

    @property
    def holder(self) -> str:
        """Who this candidate is: machine, process, and a random part. A forked child is another one."""
        if self._process != os.getpid():
            self._process, self._holder, self._seen = os.getpid(), _new_holder(), None
        return self._holder

    def acquire(self) -> Leader | None:
        """Take the role where it is free or its lease is over; renew it where it is ours. None: not now."""
        holder = self.holder
        with self._database.write() as connection:
            reading, found = self._read_clock(connection), _row(connection, self.name)
            if found is None:
                connection.execute(insert(LEADERSHIPS).values(name=self.name, **self._lease(reading, 1, 0)))
                if not self._brief:
                    self._note(connection, 1, None)
                return Leader(self.name, holder, 1)
            ours = found.holder == holder
            if not ours and not self._is_over(found, reading):
                return None
            token = found.token if ours else found.token + 1
            values = self._lease(reading, token, found.renewals + 1)
            connection.execute(update(LEADERSHIPS).where(LEADERSHIPS.c.name == self.name).values(**values))
            if not ours and (found.lease_s or not self._brief):
                self._note(connection, token, found.holder)
        return Leader(self.name, holder, token)

    def renew(self, leader: Leader) -> None:
        """Make the lease as long as it was. Raises :class:`Superseded` where the role is not ours."""
        with self._database.write() as connection:
            leader.fenced(connection)
            reading = self._read_clock(connection)
            connection.execute(
                update(LEADERSHIPS)
                .where(LEADERSHIPS.c.name == self.name)
                .values(
                    clock=reading.clock,
                    expires_s=reading.now_s + self.lease_s,
                    lease_s=self.lease_s,
                    renewals=LEADERSHIPS.c.renewals + 1,
                )
            )

    def hand_back(self, connection: Connection, leader: Leader) -> None:
        """Let whoever asks next have the role, in the caller's transaction, which is its last act.

        For a role that is taken for each piece of work. It stays known who had it last, and no change of
        hands is told to the audit.
        """
        connection.execute(
            update(LEADERSHIPS)
            .where(
                LEADERSHIPS.c.name == self.name,
                LEADERSHIPS.c.holder == leader.holder,
                LEADERSHIPS.c.token == leader.token,
            )
            .values(lease_s=0.0)
        )

    def release(self) -> None:
        """Give the role back, so that a standby takes over at once. Of one that is not ours, nothing."""
        with self._database.write() as connection:
            given = connection.execute(
                update(LEADERSHIPS)
                .where(LEADERSHIPS.c.name == self.name, LEADERSHIPS.c.holder == self.holder)
                .values(holder=None)
            )
            if given.rowcount:
                row = AuditRow(utc_now(), _actor(self.holder), "leadership.release", self.name, "")
                record(connection, row)

    def leader(self) -> Leader | None:
        """Who has the role, this candidate or another, whether its lease is over or not; None: nobody."""
        with self._database.read() as connection:
            found = _row(connection, self.name)
        if found is None or found.holder is None:
            return None
        return Leader(self.name, found.holder, found.token)

    def _is_over(self, found: Row[Any], reading: Reading) -> bool:
        if found.holder is None or not found.lease_s or _is_dead(found.holder):
            return True
        if found.clock != reading.clock or reading.now_s >= found.expires_s:
            return True
        sign, now_s = (found.holder, found.token, found.renewals), self._own_clock_s()
        if self._seen is None or self._seen.sign != sign:
            self._seen = _Seen(sign, now_s)
        return now_s - self._seen.at_s >= float(found.lease_s)

    def _lease(self, reading: Reading, token: int, renewals: int) -> dict[str, Any]:
        return {
            "holder": self.holder,
            "token": token,
            "clock": reading.clock,
            "expires_s": reading.now_s + self.lease_s,
            "lease_s": self.lease_s,
            "renewals": renewals,
        }

    def _note(self, connection: Connection, token: int, before: str | None) -> None:
        detail = f"token {token}, after {before or 'nobody'}"
        record(connection, AuditRow(utc_now(), _actor(self.holder), "leadership.take", self.name, detail))


def holder_of(connection: Connection, name: str) -> str | None:
    """Who has the role ``name`` or had it last; None where nobody did, or it was given back."""
    found = _row(connection, name)
    return None if found is None else found.holder


def _new_holder() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def _is_dead(holder: str) -> bool:
    """Whether a holder is a process of this machine that is gone. If it is not after all, it is fenced."""
    host, pid, _ = holder.rsplit(":", 2)
    return host == socket.gethostname() and ProcessIdentity.of(int(pid)) is None


def _actor(holder: str) -> Actor:
    return Actor(f"process:{holder}"[:200])


def _who(found: Row[Any] | None) -> str:
    return "nobody" if found is None or found.holder is None else str(found.holder)


def _row(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(select(LEADERSHIPS).where(LEADERSHIPS.c.name == name)).one_or_none()


def _read_clock(connection: Connection) -> Reading:
    if connection.dialect.name == "sqlite":
        start = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return Reading(start, time.clock_gettime(time.CLOCK_BOOTTIME))
    # Not now(), which is the time when the transaction began to wait for the one before.
    asked = select(extract("epoch", func.clock_timestamp()))
    return Reading("server", float(connection.execute(asked).scalar_one()))
