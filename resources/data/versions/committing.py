"""Committing a folder: read what is new, write the tree, and make it a version, all of it or nothing.

The order is what a kill or a power cut at any moment has to find: objects, one sync, the tree, its sync, the
row. Who was overtaken gets a branch from the version that his folder was at, and nobody waits for anybody.
"""

import os
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from operator import ne
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from resources.clock import Clock
from resources.data.collecting import scrubs
from resources.data.locks import store as locks
from resources.data.locks.model import MAIN_LINE, VersionLock
from resources.data.schemas.unchanged import is_unchanged
from resources.data.storage.ingesting import Ingest, StoredStamp, StoredStamps, Taking
from resources.data.storage.listings import read_listing, write_listing
from resources.data.storage.objects import DamagedObject, ObjectStore
from resources.data.storage.scanning import SKIPPED
from resources.data.storage.worktree import (
    HASH_BYTES,
    IndexRow,
    KnownStamps,
    Progress,
    Reading,
    read_work_tree,
    stamps_for,
)
from resources.data.trees.listing import Tree
from resources.data.versions import journal, store, sweeps, worktrees
from resources.data.versions.audit import audit
from resources.data.versions.errors import UnknownRef
from resources.data.versions.leftovers import COMMIT, clear
from resources.data.versions.model import (
    NOTHING_SAID,
    Branch,
    BranchState,
    Committed,
    State,
    Version,
    WorkTree,
)
from resources.data.versions.naming import branch_name, next_key, on_branch, refuse_results
from resources.data.versions.refs import resolve
from resources.database.engine import Database
from resources.database.plain import Plain
from resources.errors import BadInput, Conflict
from resources.files import told_of_disk
from resources.printable import printable
from resources.terms import Actor, DatasetName, VersionKey

if TYPE_CHECKING:
    from resources.data.schemas.comparing import SchemaChange

TRIES = 3
"""How often a commit reads files again whose objects were swept away under its hands."""


@dataclass(frozen=True)
class Wanted:
    """What to commit, and as what."""

    dataset: DatasetName
    root: Path
    message: str
    author: Actor
    user: str
    base: str | None = None
    """The version that the folder was made from; None: the one that it is known to be at, else the newest."""
    branch: str | None = None
    """The branch to commit to; None for the one that the folder is on, else the main line."""
    taking: Taking = Taking.COPY
    schema: str | None = None
    """What the files have in common, as JSON, where it is declared. None: what the base declares, else what
    is read from the files; ``{}``: what is read from them, whatever the base declares."""


@dataclass(frozen=True)
class _Start:
    """What was known when the commit began."""

    base: Version | None
    tree: KnownStamps | None
    """Of the base."""
    branch: str | None
    index: Mapping[bytes, IndexRow]
    doubted: Collection[str]
    """Objects whose files are read again, although nobody wrote them."""
    epoch: int


class _Line(NamedTuple):
    """Where a commit goes."""

    branch: Branch | None
    """None for the main line."""
    overtaken_by: VersionKey | None = None
    """The version that came in between."""
    writer: VersionLock | None = None
    """Who has the lock to write where it was to go."""
    instead_of: Branch | None = None
    """The branch where it was to go, which is not open any more."""


class _Schema(NamedTuple):
    """What the files have in common."""

    text: str
    changes: "tuple[SchemaChange, ...]"
    """Since the base."""

    @property
    def breaks(self) -> bool:
        """Whether the next major version comes."""
        return any(change.breaks for change in self.changes)


_SKIPPED = {(name,) for name in SKIPPED}


class Commit:
    """One commit."""

    def __init__(self, database: Database, objects: ObjectStore, clock: Clock, wanted: Wanted) -> None:
        self._database, self._objects, self._clock, self._wanted = database, objects, clock, wanted
        self._intent: journal.Intent | None = None
        self._ingest: Ingest | None = None
        self._distrusts_index = False
        self._damage: set[str] = set()
        self._written_tree: str | None = None

    def run(self, progress: Progress) -> Committed:
        """Do it. Raises what reading raises, and Conflict where the store is swept all the time."""
        _refuse_unfit(self._wanted, self._objects)
        try:
            with told_of_disk(self._objects.cache / self._wanted.dataset):
                for _ in range(TRIES):
                    done = self._try(progress)
                    if done is not None:
                        return done
        finally:
            if self._intent is not None:
                journal.close(self._database, self._intent)
        raise Conflict(
            f"objects of {self._wanted.dataset} were swept away {TRIES} times while they were committed",
            "Run the same thing again; `trainplat data gc` should not run in a loop.",
        )

    def _try(self, progress: Progress) -> Committed | None:
        start = self._look()
        reading = read_work_tree(
            self._wanted.root, start.index, lambda: self._begin(start), progress, start.doubted
        )
        if not len(reading.tree):
            raise BadInput(
                f"{self._wanted.root} holds no file; expected one or more", "Put files there, then commit it."
            )
        if start.base is not None and self._is_same(start.base, reading):
            if start.tree is None or reading.tree.md5 in self._damage:  # its list of files was lost
                self._begin(start)
                self._write_tree(reading.tree, self._fresh(), start)
            return self._nothing_new(start.base, reading)
        fresh = self._fresh()
        if start.base is None or start.tree is None or self._ingest is None:
            self._begin(start)  # a folder that only lost files reads none
        self._write_tree(reading.tree, fresh, start)
        return self._seal(start, reading, self._schema(start, reading.tree))

    def _look(self) -> _Start:
        wanted = self._wanted
        with self._database.read_plainly() as rows:
            known = worktrees.work_tree(rows, wanted.root)
            index = {} if known is None else self._index(rows, known)
            if known is not None and known.dataset != wanted.dataset:
                known = None
            on = wanted.branch or (known.branch if known is not None and wanted.base is None else None)
            base = _base(rows, wanted, known)
            epoch = sweeps.epoch(rows)
            self._damage = {one.name for one in scrubs.damage(rows)}
        tree = None
        if base is not None and base.state is not State.ERASED:
            with suppress(DamagedObject):  # lost: the folder may bring it back
                tree = KnownStamps(*read_listing(self._objects, base.tree_md5))
        # What is read again takes the place of what is damaged or was swept away.
        doubted = _names_in(index) if self._distrusts_index else self._damage
        return _Start(base, tree, on, index, doubted, epoch)

    def _index(self, rows: Plain, known: WorkTree) -> dict[bytes, IndexRow]:
        """What is remembered of the folder, if the objects that it counts on are kept for its version."""
        at = store.version(rows, known.dataset, known.base)
        if at is None or at.state is State.ERASED:
            return {}
        return worktrees.index_of(rows, known.root)

    def _begin(self, start: _Start) -> Ingest:
        """Say that objects are on their way, before the first one is."""
        if self._intent is None:
            clear(self._database, self._objects, self._clock())
            with self._database.write_plainly() as rows:
                self._intent = journal.begin(rows, COMMIT, self._wanted.dataset, self._clock())
        if self._ingest is None:
            known = _nothing if start.tree is None else start.tree.get

            def trusted(name: str) -> StoredStamp | None:
                return None if name in self._damage else known(name)

            self._ingest = Ingest(self._objects, self._wanted.taking, time.time_ns, trusted)
        return self._ingest

    def _fresh(self) -> StoredStamps:
        """What this commit put into the store, or found there."""
        return StoredStamps() if self._ingest is None else self._ingest.stored

    def _write_tree(self, tree: Tree, fresh: StoredStamps, start: _Start) -> None:
        self._objects.sync(list(fresh))
        self._objects.put(tree.text, suffix=".dir")
        self._objects.sync([tree.md5])
        self._written_tree = tree.md5
        write_listing(self._objects, tree, stamps_for(tree, fresh, start.tree))

    def _schema(self, start: _Start, tree: Tree) -> _Schema:
        """What the files have in common: as it is declared, else as it is read from those that are new."""
        base, known = start.base, None if start.tree is None else start.tree.tree
        if (
            self._wanted.schema is None
            and base is not None
            and known is not None
            and is_unchanged(base.schema, known, tree)
        ):
            return _Schema(base.schema, ())
        # Who changed no path and no annotation file does not pay for it: it takes as long as 1,000 files.
        from resources.data.schemas.texts import changes
        from resources.data.versions.schema_reading import declared_schema, next_schema

        before = NOTHING_SAID if base is None else base.schema
        text = declared_schema(self._wanted.schema, before)
        if text is None:
            text = next_schema(self._objects, tree, [(before, known)])
        return _Schema(text, changes(before, text))

    def _is_same(self, version: Version, reading: Reading) -> bool:
        """Whether the folder is what ``version`` is."""
        return (
            version.state is not State.ERASED
            and version.tree_md5 == reading.tree.md5
            and self._says_nothing_else(version.schema)
        )

    def _says_nothing_else(self, schema: str) -> bool:
        if self._wanted.schema in (None, schema):
            return True
        from resources.data.schemas.texts import is_declared

        return self._wanted.schema == NOTHING_SAID and not is_declared(schema)

    def _nothing_new(self, base: Version, reading: Reading) -> Committed:
        if self._ingest is not None and self._ingest.new_bytes:
            self._objects.sync(list(self._ingest.stored))  # what was damaged is whole again
        if reading.changed_rows or reading.gone_folders or self._mended():
            with self._database.write_plainly() as rows:
                self._remember(rows, base, reading, self._clock())
        return Committed(base, False, 0, 0, 0, 0, None)

    def _seal(self, start: _Start, reading: Reading, schema: _Schema) -> Committed | None:
        """The one transaction that makes it a version; None where objects are gone that it counted on."""
        wanted, now = self._wanted, self._clock()
        with self._database.write_plainly() as rows:
            is_swept = sweeps.epoch(rows) != start.epoch or sweeps.is_sweeping(rows)
            if is_swept and self._forget_swept(reading):
                return None
            head = store.main_head(rows, wanted.dataset)
            if head is not None and _was_overtaken(start, head):
                if self._is_same(head, reading):
                    self._remember(rows, head, reading, now)
                    return Committed(head, False, 0, 0, 0, 0, None)
                if start.base is None:
                    return None  # the data set was new, and is not any more: see what it holds now
            branch, overtaken_by, writer, instead_of = self._line(rows, start, head, now)
            made = self._version(rows, start, reading.tree, schema, branch, now)
            store.add_version(rows, made)
            if branch is not None:
                store.move_branch(rows, Branch(**{**vars(branch), "head": made.key}))
            self._remember(rows, made, reading, now)
            audit(
                rows, now, wanted.author, "data.commit", f"{made.dataset} {made.key}", f"tree {made.tree_md5}"
            )
            if self._intent is not None:
                journal.end(rows, self._intent)
        self._intent = None
        added, changed, removed = _counts(start.tree.tree if start.tree else None, reading.tree)
        new_bytes = 0 if self._ingest is None else self._ingest.new_bytes
        held_by = None if writer is None else writer.told
        return Committed(
            made,
            True,
            added,
            changed,
            removed,
            new_bytes,
            overtaken_by,
            held_by,
            instead_of,
            schema.changes,
        )

    def _line(self, rows: Plain, start: _Start, head: Version | None, now: datetime) -> _Line:
        """Where it goes, and why it goes elsewhere than it was to go."""
        base, on = start.base, start.branch
        planned = store.planned(rows, self._wanted.dataset)
        if base is None:
            _refuse_planned(self._wanted.dataset, planned)
            return _Line(None)
        user, author = self._wanted.user, self._wanted.author
        if base.branch is None and on is None:
            ahead = planned or (None if head is None or head.number <= base.number else head.key)
            writer = locks.writer_of(rows, base.dataset, MAIN_LINE, now, beside=author)
            granted = self._granted(rows, base, MAIN_LINE, now)
            if ahead is None and writer is None and granted is None:
                return _Line(None)
            return _Line(granted or new_branch(rows, base, user, now), ahead, writer)
        name = on or base.branch or ""
        branch = store.branch(rows, base.dataset, name)
        if branch is None or (branch.state is not BranchState.OPEN and self._wanted.branch is not None):
            raise _not_open(base.dataset, name, branch)
        if branch.state is not BranchState.OPEN:  # merged or given up while somebody worked on
            return _Line(new_branch(rows, base, user, now), instead_of=branch)
        writer = locks.writer_of(rows, base.dataset, branch.name, now, beside=author)
        if branch.head == base.key and writer is None:
            return _Line(branch)
        ahead = None if branch.head == base.key else branch.head
        return _Line(
            self._granted(rows, base, branch.name, now) or new_branch(rows, base, user, now), ahead, writer
        )

    def _granted(self, rows: Plain, base: Version, line: str, now: datetime) -> Branch | None:
        """The branch that its author was given instead of ``line`` after ``base``, and has not used yet."""
        name = locks.branch_granted(rows, base.dataset, base.key, line, self._wanted.author, now)
        found = None if name is None else store.branch(rows, base.dataset, name)
        return found if found and found.state is BranchState.OPEN and found.head == base.key else None

    def _version(
        self,
        rows: Plain,
        start: _Start,
        tree: Tree,
        schema: _Schema,
        branch: Branch | None,
        now: datetime,
    ) -> Version:
        wanted = self._wanted
        if branch is None:
            newest = store.last_on_main(rows, wanted.dataset)
            key = next_key(None if newest is None else newest.key, breaks=schema.breaks)
        else:
            last = 0 if branch.head == branch.base else int(branch.head.rpartition("@")[2])
            key = on_branch(branch.name, last + 1)
        return Version(
            wanted.dataset,
            key,
            store.next_number(rows, wanted.dataset),
            None if branch is None else branch.name,
            State.SEALED,
            tree.md5,
            tree.sha256,
            len(tree),
            tree.size_bytes,
            schema.text,
            wanted.author,
            wanted.message,
            now,
            () if start.base is None else (start.base.key,),
        )

    def _forget_swept(self, reading: Reading) -> bool:
        """Whether objects are gone; then the next try reads their files again."""
        needed = {*reading.tree.names, reading.tree.md5}
        if all(self._objects.path(name).exists() for name in needed):
            return False
        self._ingest, self._distrusts_index = None, True
        return True

    def _remember(self, rows: Plain, at: Version, reading: Reading, now: datetime) -> None:
        tree = WorkTree(self._wanted.root, at.dataset, at.key, at.tree_md5, at.branch)
        worktrees.remember(rows, tree, reading, now)
        if mended := self._mended():
            scrubs.note_damage(rows, [], mended, now)

    def _mended(self) -> list[str]:
        """What was damaged and is whole again."""
        fresh = self._fresh()
        return [name for name in sorted(self._damage) if name in fresh or name == self._written_tree]


def _was_overtaken(start: _Start, head: Version) -> bool:
    """Whether the main line went on since the folder left it."""
    if start.base is None:
        return True
    return start.branch is None and start.base.branch is None and start.base.number < head.number


def _refuse_unfit(wanted: Wanted, objects: ObjectStore) -> None:
    refuse_results(wanted.dataset)
    root, cache = (Path(os.path.realpath(one)) for one in (wanted.root, objects.cache))
    holds_store = cache.is_relative_to(root) and cache.relative_to(root).parts[:1] not in _SKIPPED
    if holds_store or root.is_relative_to(cache):
        raise BadInput(
            f"{printable(str(root))} and the store of all versions, {cache}, lie one within the other",
            "Commit a folder that has nothing of the store in it.",
        )
    try:
        wanted.message.encode()
    except UnicodeEncodeError:
        raise BadInput(
            f"the message {printable(wanted.message)!r} is no UTF-8 text", "Write it in UTF-8."
        ) from None
    if "\0" in wanted.message:
        raise BadInput(f"the message {wanted.message!r} has a NUL character in it", "Take it out.")


def _refuse_planned(dataset: DatasetName, planned: VersionKey | None) -> None:
    if planned is not None:
        raise Conflict(
            f"{dataset} {planned} is being made by its pipeline, and there is nothing yet to branch from",
            f"Let its round finish, or materialize {dataset}/collected to {dataset}/dataset for {planned}.",
        )


def new_branch(rows: Plain, base: Version, user: str, now: datetime) -> Branch:
    """A new branch from ``base``, written down. Of two in one second the later bears the next free one."""
    taken = {one.name for one in store.branches(rows, base.dataset)}
    moments = (now + timedelta(seconds=later) for later in count())
    names = (branch_name(base.dataset, base.key, user, moment) for moment in moments)
    unique = next(name for name in names if name not in taken)
    made = Branch(base.dataset, unique, base.key, base.key, user, BranchState.OPEN, None, now)
    store.add_branch(rows, made)
    return made


def _base(rows: Plain, wanted: Wanted, known: WorkTree | None) -> Version | None:
    if wanted.base is not None:
        return resolve(rows, wanted.dataset, wanted.base)
    if known is not None and known.dataset == wanted.dataset:
        found = store.version(rows, wanted.dataset, known.base)
        if found is None:
            raise UnknownRef(wanted.dataset, known.base, [])
        return found
    if wanted.branch is not None:
        return resolve(rows, wanted.dataset, wanted.branch)
    return store.main_head(rows, wanted.dataset)


def _not_open(dataset: DatasetName, name: str, branch: Branch | None) -> Conflict:
    return Conflict(
        f"branch {name} of {dataset} is {branch.state if branch else 'gone'}, not open",
        f"Commit from the main line: --base VERSION; `trainplat data log {dataset}` lists them.",
    )


def _nothing(name: str) -> StoredStamp | None:  # noqa: ARG001 - nothing is known of any
    return None


def _names_in(index: Mapping[bytes, IndexRow]) -> set[str]:
    hashes = (row.hashes for row in index.values())
    return {
        one[place : place + HASH_BYTES].hex() for one in hashes for place in range(0, len(one), HASH_BYTES)
    }


def _counts(before: Tree | None, after: Tree) -> tuple[int, int, int]:
    """How many files were added, changed and removed."""
    if before is None:
        return len(after), 0, 0
    if before.paths == after.paths:
        return 0, sum(map(ne, before.names, after.names)), 0
    old, new = before.files, after.files
    different = old.items() ^ new.items()
    paths = {path for path, _ in different}
    added = sum(path not in old for path in paths)
    removed = sum(path not in new for path in paths)
    return added, len(paths) - added - removed, removed
