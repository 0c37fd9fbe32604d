"""Merges for everyone above: try one, see its conflicts, answer them, try again, give it up."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from resources.clock import Clock, utc_now
from resources.data.locks import store as locks
from resources.data.locks.model import MAIN_LINE
from resources.data.merges import store
from resources.data.merges.ancestry import common_ancestor
from resources.data.merges.model import Answer, Merge, MergeState, Tried
from resources.data.merging.merge import given_md5, merge
from resources.data.merging.model import AUTOMATIC, Outcome, Policy, Resolution
from resources.data.schemas.texts import changes
from resources.data.storage.ingesting import StoredStamps
from resources.data.storage.listings import read_listing, write_listing
from resources.data.storage.objects import DamagedObject
from resources.data.storage.worktree import KnownStamps, stamps_for
from resources.data.tiers import pack_rows
from resources.data.tiers.recalling import lacking, recall, recalling_store
from resources.data.trees.listing import Tree
from resources.data.versions import journal, sweeps
from resources.data.versions import store as versions
from resources.data.versions.audit import audit
from resources.data.versions.errors import UnknownRef
from resources.data.versions.handing import refuse_unusable
from resources.data.versions.leftovers import MERGE, clear
from resources.data.versions.model import Branch, BranchState, State, Version
from resources.data.versions.naming import next_key
from resources.data.versions.refs import resolve
from resources.data.versions.schema_reading import merged_declaration, next_schema
from resources.database.engine import Database
from resources.database.plain import Plain
from resources.errors import BadInput, Conflict, NotFound
from resources.home import Home
from resources.terms import Actor, DatasetName, VersionKey

TRIES = 5
"""How often a merge begins anew because somebody committed to the main line meanwhile."""


class MergeService:
    """The merges of one home. Each act can be repeated; a merge that was killed is tried again."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now) -> None:
        self.database, self.clock = database, clock
        self.objects = recalling_store(home.data / ".cache", lambda: database)

    def merge(
        self, dataset: DatasetName, branch: str, actor: Actor, policy: Policy | None = None, message: str = ""
    ) -> Tried:
        """Try to merge a branch into the main line, with the answers that were given so far.

        Clean, it becomes the next version. Else the merge is written down with its conflicts, to be answered
        and tried again. Raises :class:`UnknownRef`, and Conflict for a branch that is not open.
        """
        for _ in range(TRIES):
            tried = self._try(dataset, branch, actor, policy, message)
            if tried is not None:
                return tried
        raise _moved_on(dataset, branch)

    def offer(self, dataset: DatasetName, branch: str, actor: Actor, policy: Policy | None = None) -> Tried:
        """Write down what a merge would come to, for people to do it: with its conflicts, or without one."""
        for _ in range(TRIES):
            start = self._start(dataset, branch, policy)
            outcome = self._outcome(start)
            offered = self._keep_open(start, outcome, actor, "data.offer_merge")
            if offered is not None:
                return Tried(offered, None, outcome)
        raise _moved_on(dataset, branch)

    def look(self, dataset: DatasetName, branch: str, policy: Policy | None = None) -> Tried:
        """What a merge would come to now; nothing is changed."""
        start = self._start(dataset, branch, policy)
        outcome = self._outcome(start)
        return Tried(start.merge(Actor(""), self.clock(), len(outcome.conflicts)), None, outcome)

    def merges(self, dataset: DatasetName | None = None) -> list[Merge]:
        """All merges, the newest first."""
        with self.database.read_plainly() as rows:
            return store.merges(rows, dataset)

    def answers(self, dataset: DatasetName, branch: str) -> list[Answer]:
        """The answers that were given, in their order."""
        with self.database.read_plainly() as rows:
            return store.answers(rows, dataset, branch)

    def answer(self, dataset: DatasetName, branch: str, given: Sequence[Resolution], actor: Actor) -> None:
        """Answer conflicts. Raises NotFound for a conflict that the merge does not have, and BadInput for an
        object that is to be a file and that the store does not have.
        """
        tried = self.look(dataset, branch)
        asked = [*tried.conflicts, *(one.conflict for one in tried.outcome.resolved)]
        known = {one.id: one for one in asked}
        for one in given:
            if one.conflict is None:
                continue
            conflict = known.get(one.conflict)
            if conflict is None:
                raise NotFound(
                    f"the merge of {branch} has no conflict {one.conflict!r}",
                    f"`trainplat data conflicts {dataset} {branch}` lists them.",
                )
            if one.value is not None and conflict.record is None and conflict.field is None:
                self._refuse_missing(one.value)
        now = self.clock()
        with self.database.write_plainly() as rows:
            for one in given:
                store.add_answer(rows, dataset, branch, one, actor, now)
                what = one.conflict or one.glob or ""
                audit(rows, now, actor, "data.resolve", f"{dataset} {branch}", f"{what}: {one.choice.value}")

    def _refuse_missing(self, md5: str) -> None:
        name = given_md5(md5)
        try:
            self.objects.read(name)
        except DamagedObject as problem:
            raise BadInput(
                f"{name} cannot be taken: {problem.problem}",
                "Commit a folder that has the file, then give the MD5 of its content.",
            ) from problem

    def give_up(self, dataset: DatasetName, branch: str, actor: Actor) -> Merge:
        """Give an open merge up. The branch and the answers stay. Raises NotFound."""
        now = self.clock()
        with self.database.write_plainly() as rows:
            found = store.merge_of(rows, dataset, branch)
            if found is None or found.state is not MergeState.OPEN:
                raise NotFound(
                    f"no merge of {branch} is open", f"`trainplat data merge {dataset}` lists them."
                )
            left = replace(found, state=MergeState.GIVEN_UP, changed_at=now)
            store.keep_merge(rows, left)
            audit(
                rows, now, actor, "data.give_up_merge", f"{dataset} {branch}", f"{found.conflicts} conflicts"
            )
        return left

    def _try(
        self, dataset: DatasetName, branch: str, actor: Actor, policy: Policy | None, message: str
    ) -> Tried | None:
        """One try; None where the main line, the branch or the answers moved meanwhile."""
        start = self._start(dataset, branch, policy)
        outcome = self._outcome(start)
        if not outcome.is_clean:
            left = self._keep_open(start, outcome, actor, "data.try_merge")
            return None if left is None else Tried(left, None, outcome)
        now = self.clock()
        clear(self.database, self.objects, now)
        with self.database.write_plainly() as rows:
            intent = journal.begin(rows, MERGE, f"{dataset} {branch}", now)
        try:
            tree = self._write(start, outcome)
            return self._seal(start, outcome, tree, self._schema(start, tree), actor, message)
        finally:
            journal.close(self.database, intent)

    def _start(self, dataset: DatasetName, branch: str, policy: Policy | None) -> "_Start":
        with self.database.read_plainly() as rows:
            return _Start(rows, dataset, branch, policy)

    def _keep_open(self, start: "_Start", outcome: Outcome, actor: Actor, action: str) -> Merge | None:
        """Write a merge down that is not done; None where something moved meanwhile.

        Raises Conflict where somebody else has merged or closed the branch: that stands.
        """
        now, conflicts = self.clock(), len(outcome.conflicts)
        with self.database.write_plainly() as rows:
            if _Start(rows, start.dataset, start.branch.name, start.policy) != start:
                return None
            kept = start.merge(actor, now, conflicts)
            store.keep_merge(rows, kept)
            subject = f"{start.dataset} {start.branch.name}"
            audit(rows, now, actor, action, subject, f"{conflicts} conflicts")
        return kept

    def _outcome(self, start: "_Start") -> Outcome:
        base, ours, theirs = (self._files(one) for one in (start.base, start.ours, start.theirs))
        return merge(base, ours, theirs, self.objects.read, start.policy, start.answers)

    def _files(self, version: Version | None) -> dict[str, str]:
        if version is None:
            return {}
        refuse_unusable(version)
        return read_listing(self.objects, version.tree_md5)[0].files

    def _write(self, start: "_Start", outcome: Outcome) -> Tree:
        """Write contents that no side had, and the tree; synced, as a commit is."""
        known = [read_listing(self.objects, one.tree_md5) for one in (start.ours, start.theirs)]
        sizes: dict[str, int] = {}
        for tree, _ in known:
            sizes |= dict(zip(tree.names, tree.sizes, strict=True))
        put = [self.objects.put(content) for content in outcome.contents.values()]
        sizes |= {one.md5: one.size_bytes for one in put}
        missing = [name for name in outcome.merged.values() if name not in sizes]
        for name in missing:
            sizes[name] = len(self.objects.read(name))  # of the base, or given by a person
        if start.has_packs:  # the next version is hot, whatever those were that it is made of
            recall(self.database, self.objects, lacking(self.objects, outcome.merged.values()))
        tree = Tree.of({path: (name, sizes[name]) for path, name in outcome.merged.items()})
        self.objects.sync([one.md5 for one in put])
        self.objects.put(tree.text, suffix=".dir")
        self.objects.sync([tree.md5])
        stamps = stamps_for(tree, StoredStamps(), KnownStamps(*known[0]))
        write_listing(self.objects, tree, stamps)
        return tree

    def _schema(self, start: "_Start", tree: Tree) -> str:
        """What the merged files have in common: as a side declares it, else as it is read from them."""
        sides = start.ours, start.theirs
        base = None if start.base is None else start.base.schema
        declared = merged_declaration(base, *(one.schema for one in sides))
        if declared is not None:
            return declared
        parents = [(one.schema, read_listing(self.objects, one.tree_md5)[0]) for one in sides]
        return next_schema(self.objects, tree, parents)

    def _seal(
        self, start: "_Start", outcome: Outcome, tree: Tree, schema: str, actor: Actor, message: str
    ) -> Tried | None:
        """The one transaction that makes it a version."""
        now, changed = self.clock(), changes(start.ours.schema, schema)
        with self.database.write_plainly() as rows:
            if _Start(rows, start.dataset, start.branch.name, start.policy) != start:
                return None
            planned = versions.planned(rows, start.dataset)
            if planned is not None:
                raise Conflict(
                    f"{start.dataset} {planned} is being made by its pipeline, and stands next in line",
                    "Let its round finish, then merge again; the answers are kept.",
                )
            what = f"{start.branch.name} cannot be merged into {start.dataset}"
            locks.refuse_written(rows, start.dataset, MAIN_LINE, now, actor, what)
            if sweeps.epoch(rows) != start.epoch or sweeps.is_sweeping(rows):
                needed = {*tree.names, tree.md5}
                if not all(self.objects.path(name).exists() for name in needed):
                    return None
            last = versions.last_on_main(rows, start.dataset) or start.ours
            made = Version(
                start.dataset,
                next_key(last.key, breaks=any(one.breaks for one in changed)),
                versions.next_number(rows, start.dataset),
                None,
                State.SEALED,
                tree.md5,
                tree.sha256,
                len(tree),
                tree.size_bytes,
                schema,
                actor,
                message or f"merge {start.branch.name}",
                now,
                (start.ours.key, start.theirs.key),
            )
            versions.add_version(rows, made)
            versions.move_branch(rows, replace(start.branch, state=BranchState.MERGED, merged_as=made.key))
            kept = replace(start.merge(actor, now, 0), state=MergeState.MERGED, merged_as=made.key)
            store.keep_merge(rows, kept)
            audit(rows, now, actor, "data.merge", f"{made.dataset} {made.key}", f"{start.branch.name}")
        return Tried(kept, made, outcome, changed)


class _Start:
    """What was known when a try began. Two are equal while nobody has moved anything."""

    def __init__(self, rows: Plain, dataset: DatasetName, branch: str, policy: Policy | None) -> None:
        self.dataset = dataset
        self.branch = _open_branch(rows, dataset, branch)
        head = versions.main_head(rows, dataset)
        if head is None:
            raise UnknownRef(dataset, branch, [])
        self.ours, self.theirs = head, resolve(rows, dataset, self.branch.head)
        self.base = _base(rows, dataset, self.ours, self.theirs)
        if self.theirs.key == self.branch.base:
            raise BadInput(
                f"branch {branch} of {dataset} holds nothing new: it is at {self.theirs.key}, where it began",
                "Commit to it first, or close it: trainplat data branch --close.",
            )
        self.before = store.merge_of(rows, dataset, branch)
        self.policy = policy or (AUTOMATIC if self.before is None else self.before.policy)
        self.answers = [one.resolution for one in store.answers(rows, dataset, branch)]
        self.epoch = sweeps.epoch(rows)
        self.has_packs = pack_rows.has_any(rows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Start):
            return NotImplemented
        return (self.ours, self.theirs, self.answers) == (other.ours, other.theirs, other.answers)

    __hash__ = None  # type: ignore[assignment]

    def merge(self, actor: Actor, now: datetime, conflicts: int) -> Merge:
        """The merge as it is now."""
        return Merge(
            self.dataset,
            self.branch.name,
            MergeState.OPEN,
            self.policy,
            conflicts,
            self.branch.base if self.base is None else self.base.key,
            self.ours.key,
            self.theirs.key,
            None,
            actor if self.before is None else self.before.begun_by,
            now,
        )


def _moved_on(dataset: DatasetName, branch: str) -> Conflict:
    return Conflict(
        f"others committed to {dataset} {TRIES} times while {branch} was merged",
        "Run the same thing again.",
    )


def _open_branch(rows: Plain, dataset: DatasetName, name: str) -> Branch:
    found = versions.branch(rows, dataset, name)
    if found is None:
        known = [one.name for one in versions.branches(rows, dataset) if one.state is BranchState.OPEN]
        raise UnknownRef(dataset, name, known)
    if found.state is not BranchState.OPEN:
        merged = f" as {found.merged_as}" if found.merged_as else ""
        raise Conflict(
            f"branch {name} of {dataset} is {found.state.value}{merged}, not open",
            f"`trainplat data branch {dataset}` lists those that are open.",
        )
    return found


def _base(rows: Plain, dataset: DatasetName, ours: Version, theirs: Version) -> Version | None:
    parents = {one.key: one.parents for one in versions.versions(rows, dataset)}
    key = common_ancestor(parents, ours.key, theirs.key)
    return None if key is None else versions.version(rows, dataset, VersionKey(key))
