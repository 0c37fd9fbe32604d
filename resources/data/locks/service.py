"""Version locks for everyone above: read, write, renew, release, list.

Optimistic: readers never wait, and a second writer gets a branch from the same version instead of waiting.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from secrets import token_hex

from resources.clock import Clock, utc_now
from resources.data.locks import store
from resources.data.locks.deciding import Line, OnBranch, Refusal, decide
from resources.data.locks.errors import Locked
from resources.data.locks.model import MAIN_LINE, LockKind, LockState, VersionLock
from resources.data.versions import store as versions
from resources.data.versions.audit import audit
from resources.data.versions.committing import new_branch
from resources.data.versions.handing import refuse_unusable
from resources.data.versions.model import Branch, BranchState, Version
from resources.data.versions.refs import branch_of, resolve
from resources.database.engine import Database
from resources.database.plain import Plain
from resources.errors import BadInput, Conflict, NotFound
from resources.holder import Holder
from resources.terms import Actor, DatasetName, VersionKey

FOR = timedelta(hours=24)
"""How long a lock lasts unless it is renewed or its process ends before."""
LONGEST_PURPOSE = 300


@dataclass(frozen=True)
class Asked:
    """Who asks for a lock, and for what."""

    owner: Actor
    user: str
    purpose: str
    priority: int = 0
    can_branch: bool = True
    """False: without the line itself there is nothing to do, so that it is refused."""
    for_time: timedelta = FOR
    with_process: bool = True
    """Whether it ends with the process that asks."""


@dataclass(frozen=True)
class Granted:
    """A lock to write."""

    lock: VersionLock
    branch: Branch | None
    """Where to commit; None for the line that was asked for."""
    because_of: VersionLock | None
    """Who has that line."""


class LockService:
    """The version locks of one home. Every act can be repeated; what the dead held is free again."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self.database, self.clock = database, clock

    def read(self, dataset: DatasetName, ref: str, asked: Asked, *, own: bool = False) -> VersionLock:
        """Keep a version as it is while it is used. Waits for nobody.

        The owner of a lock whose process died, or who asks again, has the same one again; with ``own`` it is
        another one, which is given back by itself. Raises :class:`UnknownRef`, and :class:`UnusableVersion`
        for a version that was erased.
        """
        now = self.clock()
        with self.database.write_plainly() as rows:
            self._forget_dead(rows, asked.owner, now)
            version = resolve(rows, dataset, ref)
            refuse_unusable(version)
            made = self._made(version, LockKind.READ, version.branch or MAIN_LINE, asked, now)
            made = replace(made, state=LockState.HELD)
            before = None if own else self._same(rows, made, now)
            if before is not None:
                made = replace(made, id=before.id, asked_at=before.asked_at)
            store.keep(rows, made)
            audit(rows, now, asked.owner, "data.lock", f"{dataset} {version.key}", f"read: {asked.purpose}")
        return made

    def write(self, dataset: DatasetName, ref: str, asked: Asked) -> Granted:
        """Be the one who makes the next version after ``ref``, on its line or else on a branch from it.

        Of several who ask at once priority and time decide. Raises :class:`Locked` for who cannot branch: it
        names the holder and when the lock expires.
        """
        now = self.clock()
        with self.database.write_plainly() as rows:
            self._forget_dead(rows, asked.owner, now)
            version = resolve(rows, dataset, ref)
            refuse_unusable(version)
            line = _open_line(rows, dataset, branch_of(rows, dataset, ref))
            ask = self._made(version, LockKind.WRITE, line, asked, now)
            store.keep(rows, ask)
        # Written down first: whoever asked at the same time is seen by the one who decides.
        with self.database.write_plainly() as rows:
            because_of = self._decide(rows, dataset, line, self.clock()).get(ask.id)
            done = store.lock(rows, ask.id)
            if done is None:
                raise Conflict(
                    f"the wish for a lock on {dataset} {version.key} was gone before it was decided",
                    "Ask again.",
                )
            if done.state is LockState.REFUSED:
                store.drop(rows, done.id)
        if done.state is LockState.REFUSED:
            raise self._refusal(done, because_of or self._writer(done))
        if done.line == line:
            return Granted(done, None, None)
        with self.database.read_plainly() as rows:
            return Granted(done, versions.branch(rows, dataset, done.line), because_of or self._writer(ask))

    def renew(self, held: VersionLock, for_time: timedelta = FOR) -> VersionLock:
        """Hold it for longer. Raises Conflict for one that is over, and was perhaps given to another."""
        now = self.clock()
        with self.database.write_plainly() as rows:
            found = store.lock(rows, held.id)
            if found is None or found.is_over(now):
                raise Conflict(
                    f"the lock of {held.owner} on {held.dataset} {held.key} has expired", "Lock it again."
                )
            renewed = replace(found, until=now + for_time)
            store.keep(rows, renewed)
        return renewed

    def release(self, held: VersionLock, actor: Actor) -> bool:
        """Give a lock back. False where it was not held any more."""
        now = self.clock()
        with self.database.write_plainly() as rows:
            found = store.lock(rows, held.id)
            if found is None:
                return False
            store.drop(rows, held.id)
            subject = f"{found.dataset} {found.key}"
            audit(rows, now, actor, "data.unlock", subject, f"{found.kind.value} of {found.owner}")
        return True

    def release_of(self, dataset: DatasetName, ref: str, owner: Actor, actor: Actor) -> list[VersionLock]:
        """Give back what an owner holds on a version. Raises NotFound where he holds nothing."""
        with self.database.read_plainly() as rows:
            key = resolve(rows, dataset, ref).key
        found = [one for one in self.locks(dataset) if (one.key, one.owner) == (key, owner)]
        if not found:
            raise NotFound(
                f"{owner} holds no lock on {dataset} {key}",
                f"`trainplat data locks {dataset}` lists who holds what.",
            )
        for one in found:
            self.release(one, actor)
        return found

    def locks(self, dataset: DatasetName | None = None) -> list[VersionLock]:
        """All locks of those who live, the oldest first."""
        with self.database.read_plainly() as rows:
            found = store.locks(rows, dataset, self.clock())
        return [one for one in found if one.state is LockState.HELD]

    @contextmanager
    def reading(self, dataset: DatasetName, ref: str, asked: Asked) -> Iterator["Holding"]:
        """Hold a version for a block; a block within another one gives back what is its own."""
        holding = Holding(self, self.read(dataset, ref, asked, own=True), asked)
        try:
            yield holding
        finally:
            self.release(holding.lock, asked.owner)

    def _made(self, version: Version, kind: LockKind, line: str, asked: Asked, now: datetime) -> VersionLock:
        if asked.for_time <= timedelta():
            raise BadInput(
                f"a lock for {asked.for_time.total_seconds():.0f} s is none", "Give a time above 0."
            )
        return VersionLock(
            id=token_hex(8),
            dataset=version.dataset,
            key=version.key,
            kind=kind,
            line=line,
            state=LockState.ASKED,
            owner=asked.owner,
            user=asked.user,
            purpose=asked.purpose[:LONGEST_PURPOSE],
            priority=asked.priority,
            can_branch=asked.can_branch,
            holder=Holder.current() if asked.with_process else None,
            asked_at=now,
            until=now + asked.for_time,
            asked_line=line,
        )

    def _same(self, rows: Plain, made: VersionLock, now: datetime) -> VersionLock | None:
        """What the owner holds already, in this process."""
        for one in store.held_on(rows, made.dataset, made.key, now):
            if (one.kind, one.owner, one.holder) == (made.kind, made.owner, made.holder):
                return one
        return None

    def _forget_dead(self, rows: Plain, actor: Actor, now: datetime) -> None:
        for one in store.drop_those_over(rows, now):
            detail = f"{one.kind.value} of {one.owner}: its holder is gone, or its time is over"
            audit(rows, now, actor, "data.lock_expired", f"{one.dataset} {one.key}", detail)

    def _decide(
        self, rows: Plain, dataset: DatasetName, line: str, now: datetime
    ) -> dict[str, VersionLock | None]:
        """Answer all who ask for a line now; for each that did not get it because of whom."""
        on_line = [
            one for one in store.locks(rows, dataset, now) if (one.kind, one.line) == (LockKind.WRITE, line)
        ]
        asks = [one for one in on_line if one.state is LockState.ASKED]
        held = [one for one in on_line if one.state is LockState.HELD]
        because: dict[str, VersionLock | None] = {}
        for answer in decide(asks, held, _head(rows, dataset, line)):
            ask = answer.ask
            if isinstance(answer, Line):
                for one in held:  # the owner's own lock from before
                    store.drop(rows, one.id)
                store.keep(rows, replace(ask, state=LockState.HELD))
                told = f"write: {ask.purpose}"
            elif isinstance(answer, OnBranch):
                base = resolve(rows, dataset, ask.key)
                branch = new_branch(rows, base, ask.user, now)
                store.keep(rows, replace(ask, state=LockState.HELD, line=branch.name))
                told = f"write on {branch.name}: {ask.purpose}"
            else:
                store.keep(rows, replace(ask, state=LockState.REFUSED))
                told = f"refused: {ask.purpose}"
            if isinstance(answer, OnBranch | Refusal):
                because[ask.id] = answer.because_of
            audit(rows, now, ask.owner, "data.lock", f"{dataset} {ask.key}", told)
        return because

    def _writer(self, ask: VersionLock) -> VersionLock | None:
        with self.database.read_plainly() as rows:
            return store.writer_of(rows, ask.dataset, ask.line, self.clock(), beside=ask.owner)

    def _refusal(self, ask: VersionLock, by: VersionLock | None) -> Conflict:
        what = f"{ask.dataset} {ask.key} cannot be written after by {ask.owner}"
        if by is not None:
            return Locked(what, [by])
        return Conflict(
            f"{what}: its line went on from it, or its pipeline makes the next version",
            f"Take the newest version; `trainplat data log {ask.dataset}` lists them.",
        )


class Holding:
    """A version that is held as long as its holder says now and then that he is there."""

    def __init__(self, service: LockService, lock: VersionLock, asked: Asked) -> None:
        self._service, self._asked, self.lock = service, asked, lock

    def touch(self) -> None:
        """Say so: a lock of which half the time is over is held for longer, one that is over anew."""
        if self._service.clock() <= self.lock.until - self._asked.for_time / 2:
            return
        try:
            self.lock = self._service.renew(self.lock, self._asked.for_time)
        except Conflict:
            self.lock = self._service.read(self.lock.dataset, self.lock.key, self._asked, own=True)


def _open_line(rows: Plain, dataset: DatasetName, branch: str | None) -> str:
    if branch is None:
        return MAIN_LINE
    found = versions.branch(rows, dataset, branch)
    if found is None or found.state is not BranchState.OPEN:
        raise Conflict(
            f"branch {branch} of {dataset} is not open", f"`trainplat data branch {dataset}` lists them."
        )
    return branch


def _head(rows: Plain, dataset: DatasetName, line: str) -> VersionKey | None:
    if line != MAIN_LINE:
        branch = versions.branch(rows, dataset, line)
        return None if branch is None else branch.head
    if versions.planned(rows, dataset) is not None:
        return None
    head = versions.main_head(rows, dataset)
    return None if head is None else head.key
