"""Collecting what nobody needs, in two phases, beside any number of writers.

1. An object that no version needs, and that is older than the grace period and than everybody who is at
   work, is condemned: written down, and left where it is.
2. One that was condemned a grace period ago and is still not needed is swept: renamed into the trash.
3. What has lain in the trash for a grace period is gone.

A commit that finds an object in the store counts on it without holding it. So a sweep writes itself down
first and is counted when it ends, and a commit that meets either looks again at all that it counts on, under
the write lock under which sweeps rename. See docs/decisions/0020-collecting.md.
"""

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from resources.clock import Clock
from resources.data.collecting.needed import Needed
from resources.data.storage.giving import draft_of
from resources.data.storage.objects import ObjectStore
from resources.data.storage.ready import remove_set_aside
from resources.data.storage.repository import LOCK_FILE
from resources.data.storage.worktree import Progress
from resources.data.versions import journal, sweeps
from resources.data.versions.audit import audit
from resources.data.versions.path_texts import path_of
from resources.database.engine import Database
from resources.database.plain import Plain, moment
from resources.terms import Actor

AT_ONCE = 500
"""So many objects are swept in one transaction: writers wait for it."""
GRACE = timedelta(hours=24)
ERASE = "erase"
"""The kind of intent that only its own end may end: bytes that were to go for good must go."""


@dataclass
class Collected:
    """What a collection did, or would do."""

    needed: int = 0
    """Objects that versions need."""
    condemned: int = 0
    """Objects that nobody needs and that wait for the end of the grace period."""
    swept: int = 0
    """Objects that went into the trash."""
    swept_bytes: int = 0
    gone: int = 0
    """Objects that left the trash for good."""
    gone_bytes: int = 0
    packs_gone: int = 0
    """Packs of colder tiers in which nothing was needed any more."""
    packs_problem: str | None = None
    """Why the packs could not be looked after."""
    held_up_by: list[str] = field(default_factory=list)
    """Data sets whose next version was being made: nothing was swept beside that."""
    recovered: list[str] = field(default_factory=list)
    """What was begun by somebody who died, and was cleaned up."""


class Collector:
    """One collection."""

    def __init__(
        self, database: Database, objects: ObjectStore, data: Path, clock: Clock, grace: timedelta = GRACE
    ) -> None:
        self._database, self._objects, self._clock, self._grace = database, objects, clock, grace
        self._data, self._needed = data, Needed(objects, data)
        self.done = Collected()

    def preview(self) -> Collected:
        """What a collection would do now; nothing is changed."""
        with self._database.read_plainly() as rows:
            needed = self._needed.names(rows)
            due = self._due(rows)
        self.done.needed = len(needed)
        for name, status in self._unneeded(needed, self._oldest_at_work()):
            if name in due:
                self.done.swept += 1
                self.done.swept_bytes += status.st_size
            else:
                self.done.condemned += 1
        return self.done

    def run(self, actor: Actor, progress: Progress) -> Collected:
        """Do it. Can be killed at any moment and run again."""
        self._recover()
        with self._database.read_plainly() as rows:
            needed = self._needed.names(rows)
        self.done.needed = len(needed)
        self._condemn([name for name, _ in self._unneeded(needed, self._oldest_at_work())])
        with self._database.read_plainly() as rows:
            due = self._due(rows)
        if due:
            with self._nothing_made() as is_quiet:
                if is_quiet:
                    self._sweep(sorted(due), actor, progress)
        self._empty_trash(progress)
        remove_set_aside(self._objects)
        return self.done

    def _oldest_at_work(self) -> float:
        """The moment, in seconds since the epoch, that objects must be older than."""
        now = self._clock()
        with self._database.read_plainly() as rows:
            began = [one.began_at for one in journal.intents(rows) if not one.is_over(now)]
        return min([now - self._grace, *began]).timestamp()

    def _unneeded(self, needed: set[str], before: float) -> Iterator[tuple[str, os.stat_result]]:
        """Objects that nobody needs and that are old enough. By ctime: nobody can set it."""
        for name, path in self._objects.all():
            if name in needed:
                continue
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            if status.st_ctime <= before:
                yield name, status

    def _condemn(self, names: Sequence[str]) -> None:
        """Write down what is not needed now, and forget what was and is needed again."""
        now = self._clock()
        with self._database.write_plainly() as rows:
            before = {row[0] for row in rows.rows("SELECT name FROM data_condemned")}
            rows.run_many(
                "DELETE FROM data_condemned WHERE name = :name",
                [{"name": name} for name in sorted(before.difference(names))],
            )
            rows.run_many(
                "INSERT INTO data_condemned (name, since) VALUES (:name, :now)",
                [{"name": name, "now": now} for name in names if name not in before],
            )
        self.done.condemned = len(names)

    def _due(self, rows: Plain) -> set[str]:
        """What was condemned a grace period ago."""
        last = self._clock() - self._grace
        found = rows.rows("SELECT name, since FROM data_condemned")
        return {name for name, since in found if moment(since) <= last}

    @contextmanager
    def _nothing_made(self) -> Iterator[bool]:
        """Keep the makers of data sets out, who count on objects that no note of theirs names yet.

        False where one of them is at work: the next collection sweeps.
        """
        with ExitStack() as held:
            for lock in sorted(self._data.glob(f"*/{LOCK_FILE}")):
                try:
                    held.enter_context(FileLock(lock, timeout=0))
                except Timeout:
                    self.done.held_up_by.append(lock.parent.name)
            yield not self.done.held_up_by

    def _sweep(self, names: Sequence[str], actor: Actor, progress: Progress) -> None:
        progress(0, 0, len(names))
        with self._database.write_plainly() as rows:
            intent = journal.begin(rows, sweeps.KIND, "store", self._clock())
        for start in range(0, len(names), AT_ONCE):
            some = names[start : start + AT_ONCE]
            self._sweep_some(some)
            progress(len(some), 0)
        with self._database.write_plainly() as rows:
            sweeps.count(rows)
            journal.end(rows, intent)
            detail = f"{self.done.swept} objects, {self.done.swept_bytes} bytes"
            audit(rows, self._clock(), actor, "data.collect", "store", detail)

    def _sweep_some(self, names: Sequence[str]) -> None:
        """Rename some objects into the trash, under the lock under which versions are made."""
        trash = self._objects.trash
        trash.mkdir(parents=True, exist_ok=True)
        with self._database.write_plainly() as rows:
            needed = self._needed.names(rows)
            for name in names:
                if name in needed:
                    continue
                path = self._objects.path(name)
                try:
                    size = path.stat().st_size
                    path.rename(trash / name)
                except FileNotFoundError:
                    continue
                with suppress(FileNotFoundError):  # another collection with no grace was faster
                    os.utime(trash / name, follow_symlinks=False)  # its time in the trash begins
                self.done.swept += 1
                self.done.swept_bytes += size
            rows.run_many("DELETE FROM data_condemned WHERE name = :name", [{"name": name} for name in names])
        self.done.condemned = max(0, self.done.condemned - len(names))

    def _empty_trash(self, progress: Progress) -> None:
        before = time.time() - self._grace.total_seconds()
        if not self._objects.trash.is_dir():
            return
        in_trash = list(self._objects.trash.iterdir())
        progress(0, 0, len(in_trash))
        for path in in_trash:
            progress(1, 0)
            try:
                status = path.stat()
                if status.st_ctime > before:
                    continue
                path.unlink()
            except FileNotFoundError:
                continue
            self.done.gone += 1
            self.done.gone_bytes += status.st_size

    def _recover(self) -> None:
        """Clean up after those who died: drafts, half-made work trees, sweeps that were not counted."""
        now = self._clock()
        with self._database.write_plainly() as rows:
            over = [one for one in journal.intents(rows) if one.is_over(now)]
            for one in over:
                if one.kind == sweeps.KIND:
                    sweeps.count(rows)
                if one.kind != ERASE:
                    journal.end(rows, one)
        for one in over:
            self.done.recovered.append(f"{one.kind} {one.subject}, begun {one.began_at:%Y-%m-%d %H:%M:%S}")
            if one.kind == "give":
                # By its id: somebody alive may be making a work tree of the same name.
                shutil.rmtree(draft_of(path_of(one.subject), one.id), ignore_errors=True)
        self._objects.sweep_drafts()
