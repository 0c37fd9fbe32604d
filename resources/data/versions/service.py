"""Versions for everyone above: commit folders, look at versions, give them back, name and retire them."""

from pathlib import Path
from typing import TYPE_CHECKING

from resources.clock import Clock, utc_now
from resources.data.locks import store as locks
from resources.data.storage.giving import Giving
from resources.data.storage.listings import read_listing
from resources.data.storage.objects import ObjectStore
from resources.data.storage.worktree import Progress, quiet
from resources.data.trees.diff import Change, diff
from resources.data.trees.listing import Tree
from resources.data.versions import store
from resources.data.versions.audit import audit
from resources.data.versions.committing import Commit, Wanted, new_branch
from resources.data.versions.errors import UnknownDataset, UnknownRef
from resources.data.versions.handing import Hand, Repair, hand_out, refuse_unusable
from resources.data.versions.model import Branch, BranchState, Committed, State, Version
from resources.data.versions.naming import checked_tag
from resources.data.versions.refs import branch_of, resolve
from resources.database.engine import Database
from resources.errors import Conflict, NotFound
from resources.home import Home
from resources.terms import Actor, DatasetName, VersionKey

if TYPE_CHECKING:
    from resources.data.schemas.comparing import SchemaChange


class VersionService:
    """All that is done with the versions of one home. Every act can be repeated without harm."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now, repair: Repair = list) -> None:
        self.home, self.repair = home, repair
        self.database = database
        self.clock = clock
        self.objects = ObjectStore(home.data / ".cache")

    def commit(self, wanted: Wanted, progress: Progress = quiet) -> Committed:
        """Make a folder the next version, or a version on a branch where somebody else was faster."""
        return Commit(self.database, self.objects, self.clock, wanted).run(progress)

    def datasets(self) -> list[DatasetName]:
        """The data sets that have versions, by name."""
        with self.database.read_plainly() as rows:
            return store.datasets(rows)

    def log(self, dataset: DatasetName) -> list[Version]:
        """All versions, newest first. Raises :class:`UnknownDataset`."""
        with self.database.read_plainly() as rows:
            found = store.versions(rows, dataset)
            if not found:
                raise UnknownDataset(dataset, store.datasets(rows))
        return found[::-1]

    def show(self, dataset: DatasetName, ref: str) -> Version:
        """One version by its key, a tag, a branch or ``latest``. Raises :class:`UnknownRef`."""
        with self.database.read_plainly() as rows:
            return resolve(rows, dataset, ref)

    def tree(self, version: Version) -> Tree:
        """The files of a version. Raises :class:`UnusableVersion` for one that was erased."""
        refuse_unusable(version)
        return read_listing(self.objects, version.tree_md5)[0]

    def diff(self, dataset: DatasetName, before: str, after: str) -> list[Change]:
        """The files that are not the same in two versions, by path."""
        return diff(self.tree(self.show(dataset, before)), self.tree(self.show(dataset, after)))

    def schema_changes(
        self, dataset: DatasetName, before: str, after: str
    ) -> "tuple[SchemaChange, ...] | None":
        """What is different between the schemas of two versions; None where nobody knows."""
        from resources.data.schemas.texts import are_comparable, changes

        schemas = [self.show(dataset, ref).schema for ref in (before, after)]
        return changes(*schemas) if are_comparable(*schemas) else None

    def restore(self, dataset: DatasetName, ref: str, target: Path, progress: Progress = quiet) -> Version:
        """Give a version's files out into a new folder, which is its user's own.

        Raises Conflict where something lies there, and :class:`DamagedVersion`.
        """
        with self.database.read_plainly() as rows:
            version, branch = resolve(rows, dataset, ref), branch_of(rows, dataset, ref)
        giving = Giving.CLONE if self.objects.clones else Giving.COPY
        hand = Hand(target, giving, branch=branch)
        hand_out(self.database, self.objects, version, hand, self.clock(), progress, self.repair)
        return version

    def tags(self, dataset: DatasetName) -> dict[str, VersionKey]:
        """The tags and the version that each one names."""
        with self.database.read_plainly() as rows:
            return store.tags(rows, dataset)

    def tag(self, dataset: DatasetName, ref: str, tag: str, actor: Actor, *, move: bool = False) -> Version:
        """Give a version a name. Raises Conflict for one that names another, unless it may ``move``, and
        :class:`UnusableVersion` for a version that was erased.
        """
        now = self.clock()
        with self.database.write_plainly() as rows:
            version = resolve(rows, dataset, ref)
            refuse_unusable(version)
            named = store.tags(rows, dataset).get(checked_tag(tag))
            if named == version.key:
                return version
            if named is not None and not move:
                raise Conflict(
                    f"tag {tag} of {dataset} names {named} already", f"Move it with --move to {version.key}."
                )
            store.set_tag(rows, dataset, tag, version.key, actor, now)
            audit(rows, now, actor, "data.tag", f"{dataset} {version.key}", f"{tag}, before: {named or '-'}")
        return version

    def untag(self, dataset: DatasetName, tag: str, actor: Actor) -> None:
        """Take a name away. Raises NotFound."""
        now = self.clock()
        with self.database.write_plainly() as rows:
            named = store.tags(rows, dataset).get(tag)
            if named is None:
                known = ", ".join(store.tags(rows, dataset)) or "none yet"
                raise NotFound(f"{dataset} has no tag {tag!r}; it has: {known}", "Name one of these.")
            store.drop_tag(rows, dataset, tag)
            audit(rows, now, actor, "data.untag", f"{dataset} {named}", tag)

    def retire(self, dataset: DatasetName, ref: str, actor: Actor, *, undo: bool = False) -> Version:
        """Say that a version is not to be used any more, or that it is again. Its files stay.

        Raises :class:`Locked`, which names the holder, for one that somebody uses now.
        """
        now, state = self.clock(), State.SEALED if undo else State.RETIRED
        with self.database.write_plainly() as rows:
            version = resolve(rows, dataset, ref)
            refuse_unusable(version)
            if version.state is not state:
                if not undo:
                    what = f"{dataset} {version.key} is not retired"
                    locks.refuse_locked(rows, dataset, version.key, now, what)
                store.set_state(rows, dataset, version.key, state)
                audit(rows, now, actor, "data.retire", f"{dataset} {version.key}", state.value)
        return Version(**{**vars(version), "state": state})

    def branches(self, dataset: DatasetName) -> list[Branch]:
        """All branches, oldest first."""
        with self.database.read_plainly() as rows:
            return store.branches(rows, dataset)

    def branch(self, dataset: DatasetName, base: str, user: str, actor: Actor) -> Branch:
        """Begin a branch from a version. Raises :class:`UnusableVersion` for one that was erased."""
        now = self.clock()
        with self.database.write_plainly() as rows:
            version = resolve(rows, dataset, base)
            refuse_unusable(version)
            made = new_branch(rows, version, user, now)
            audit(rows, now, actor, "data.branch", f"{dataset} {made.name}", f"from {version.key}")
        return made

    def close_branch(self, dataset: DatasetName, name: str, actor: Actor) -> Branch:
        """Give a branch up. Its versions are kept. Raises :class:`UnknownRef`."""
        now = self.clock()
        with self.database.write_plainly() as rows:
            found = store.branch(rows, dataset, name)
            if found is None:
                raise UnknownRef(dataset, name, [one.name for one in store.branches(rows, dataset)])
            closed = Branch(**{**vars(found), "state": BranchState.CLOSED})
            if found.state is BranchState.OPEN:
                store.move_branch(rows, closed)
                audit(rows, now, actor, "data.close_branch", f"{dataset} {name}", f"head {found.head}")
                return closed
        return found
