"""Erasing a version: its bytes go for good, in every tier, and its record stays.

First the row says that it is erased, and the journal that its bytes are to go; then they go; then the
journal's row. What somebody began who died is finished by the next collection.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from resources.data.collecting.dependents import dependents, how_to_let_go
from resources.data.collecting.gc import ERASE
from resources.data.collecting.needed import Needed
from resources.data.locks import store as locks
from resources.data.making.pixels import PIXELS_FOLDER
from resources.data.making.similarity.album import LOOKS_FILES
from resources.data.making.similarity.wordings import WORDINGS_FILES
from resources.data.merges.ancestry import common_ancestor
from resources.data.spaces import store as spaces
from resources.data.storage.listings import drop_listing, read_listing
from resources.data.storage.objects import DamagedObject, ObjectStore
from resources.data.storage.ready import ready_folders, ready_root, remove_set_aside, set_aside
from resources.data.versions import journal, store, sweeps, worktrees
from resources.data.versions.audit import audit
from resources.data.versions.leftovers import GIVE
from resources.data.versions.model import BranchState, State, Version
from resources.data.versions.path_texts import path_of
from resources.database.engine import Database
from resources.database.plain import Plain
from resources.errors import Conflict
from resources.terms import Actor, DatasetName, VersionKey, version_order

Elsewhere = Callable[[list[str]], None]
"""Takes objects away from every other tier. May be called again for the same ones."""
_BETWEEN = " "


class Eraser:
    """Erases versions of one store."""

    def __init__(self, database: Database, objects: ObjectStore, data: Path, elsewhere: Elsewhere) -> None:
        self._database, self._objects, self._data, self._elsewhere = database, objects, data, elsewhere

    def erase(self, version: Version, actor: Actor, now: datetime) -> int:
        """Erase it; how many objects went. Raises Conflict, which names what depends on it.

        One that was begun and failed, as where a remote did not answer, is gone on with.
        """
        subject = f"{version.dataset}{_BETWEEN}{version.key}"
        with self._database.write_plainly() as rows:
            begun = [one for one in journal.intents(rows) if (one.kind, one.subject) == (ERASE, subject)]
            if not begun:
                self._refuse_needed(rows, version, now)
                store.set_state(rows, version.dataset, version.key, State.ERASED)
                begun = [journal.begin(rows, ERASE, subject, now)]
                audit(rows, now, actor, "data.erase", subject, f"tree {version.tree_md5}")
        return self._finish(version, begun[0])

    def finish_those_begun(self) -> list[str]:
        """Take away what those who died left: the versions that are erased now."""
        with self._database.read_plainly() as rows:
            begun = [one for one in journal.intents(rows) if one.kind == ERASE]
            found = [(one, self._version(rows, one)) for one in begun if one.holder.is_dead() is not False]
        for intent, version in found:
            if version is not None:
                self._finish(version, intent)
        return [intent.subject for intent, _ in found]

    def _finish(self, version: Version, intent: journal.Intent) -> int:
        with self._database.write_plainly() as rows:
            sweep = journal.begin(
                rows, sweeps.KIND, f"erase {version.dataset} {version.key}", intent.began_at
            )
        asked = Needed(self._objects, self._data)
        with self._database.read_plainly() as rows:
            # To read the lists of all versions takes a while, for which writers need not wait.
            asked.names(rows)
        with self._database.write_plainly() as rows:
            needed = asked.names(rows)
            gone = self._names(version) - needed
            self._unlink_samples(version, gone)
            for name in gone:
                self._objects.path(name).unlink(missing_ok=True)
                (self._objects.trash / name).unlink(missing_ok=True)
            if version.tree_md5 not in needed:
                self._set_ready_aside(rows, version)
        remove_set_aside(self._objects)
        self._elsewhere(sorted(gone | ({version.tree_md5} - needed)))
        with self._database.write_plainly() as rows:
            # Asked again: somebody may have committed the same files meanwhile.
            if version.tree_md5 not in asked.names(rows):
                self._drop_tree(version.tree_md5)
        with self._database.write_plainly() as rows:
            sweeps.count(rows)
            journal.end(rows, sweep)
            journal.end(rows, intent)
        return len(gone)

    def _unlink_samples(self, version: Version, gone: set[str]) -> None:
        """The pipeline of a declared data set keeps a link to each sample, and what it made of it."""
        samples = self._data / version.dataset / "samples"
        if not gone or not samples.is_dir():
            return
        links = [
            samples / path.rpartition("/")[2]
            for path, name, _ in read_listing(self._objects, version.tree_md5)[0]
            if name in gone
        ]
        if not any(link.exists() for link in links):
            return
        # First what was made of them: it can be made again of those that stay.
        for pixels in (samples.parent / PIXELS_FOLDER).glob("*/*"):
            pixels.unlink(missing_ok=True)
        for pattern in (LOOKS_FILES, WORDINGS_FILES):
            for looks in samples.parent.glob(pattern):
                looks.unlink(missing_ok=True)
        for link in links:
            link.unlink(missing_ok=True)

    def _set_ready_aside(self, rows: Plain, version: Version) -> None:
        """What lies ready for spaces has the same bytes."""
        for folder in ready_folders(self._objects, version.tree_md5):
            set_aside(folder)
            worktrees.forget(rows, folder)

    def _drop_tree(self, tree_md5: str) -> None:
        """Last of all: it tells what has to go."""
        drop_listing(self._objects, tree_md5)
        self._objects.path(tree_md5).unlink(missing_ok=True)
        (self._objects.trash / tree_md5).unlink(missing_ok=True)

    def _names(self, version: Version) -> set[str]:
        try:
            return set(read_listing(self._objects, version.tree_md5)[0].names)
        except DamagedObject:  # the list itself is gone already, and so is all that it named
            return set()

    def _refuse_needed(self, rows: Plain, version: Version, now: datetime) -> None:
        what = f"{version.dataset} {version.key}"
        if version.state is State.ERASED:
            raise Conflict(f"{what} is erased already", "Nothing is left to do.")
        _refuse_parent(rows, version)
        locks.refuse_locked(rows, version.dataset, version.key, now, f"{what} is not erased")
        holders = {
            f"{one.kind.value} {one.name}": how_to_let_go(one)
            for one in dependents(rows, version.dataset, version.key, now)
        }
        holders |= {
            f"tag {tag}": f"trainplat data tag {version.dataset} --remove {tag}"
            for tag, key in store.tags(rows, version.dataset).items()
            if key == version.key
        }
        ready = worktrees.key_of(ready_root(self._objects))
        begun = [one for one in journal.intents(rows) if one.kind == GIVE and not one.is_over(now)]
        coming = {worktrees.key_of(path_of(one.subject)) for one in begun}
        roots = [root for root in worktrees.roots_at(rows, version, coming) if not root.startswith(ready)]
        folder = "remove the folder (a space: trainplat data space remove NAME --user USER)"
        holders |= {f"work tree {root}": folder for root in roots}
        shown = spaces.shown_from(rows, version.dataset, version.key)
        holders |= {
            f"space {one.user}/{one.name}": f"trainplat data space remove {one.name} --user {one.user}"
            for one in shown
            if worktrees.key_of(one.path) not in roots
        }
        holders |= {
            f"branch {name}": f"merge it or trainplat data branch {version.dataset} --close {name}"
            for name in _to_be_merged(rows, version)
        }
        if holders:
            raise Conflict(
                f"{what} is not erased: {', '.join(holders)} depend on it",
                f"Let go of each first: {'; '.join(dict.fromkeys(holders.values()))}.",
            )

    def _version(self, rows: Plain, intent: journal.Intent) -> Version | None:
        dataset, _, key = intent.subject.partition(_BETWEEN)
        return store.version(rows, DatasetName(dataset), VersionKey(key))


def _to_be_merged(rows: Plain, version: Version) -> list[str]:
    """The open branches that cannot be merged without it: it is what they and the main line went apart at."""
    head = store.main_head(rows, version.dataset)
    parents = {one.key: one.parents for one in store.versions(rows, version.dataset)}
    return [
        one.name
        for one in store.branches(rows, version.dataset)
        if one.state is BranchState.OPEN
        and version.key in (one.head, head and common_ancestor(parents, head.key, one.head))
    ]


def _refuse_parent(rows: Plain, version: Version) -> None:
    """The pipeline of a declared data set makes each version from the one before."""
    found = rows.rows(
        "SELECT version, parent, tree_md5 FROM dataset_versions WHERE dataset = :dataset",
        dataset=version.dataset,
    )
    sealed = sorted((key for key, _, tree in found if tree is not None), key=version_order)
    made_now = [key for key, parent, tree in found if tree is None and parent == version.key]
    if version.key in sealed[-1:] or made_now:
        what = f"{version.dataset} {version.key}"
        next_one = (
            f"{version.dataset} {made_now[0]}" if made_now else f"the next version of {version.dataset}"
        )
        raise Conflict(
            f"{what} is not erased: {next_one} is made from it",
            f"Let that be sealed first; until then nobody is to use it: trainplat data retire {what}.",
        )
