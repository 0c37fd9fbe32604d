"""Remotes for everyone above: add them, push to them, pull from them, mend from them, see how far they are.

A remote is laid out as DVC lays it out, so that ``dvc pull`` works from it. What it has is known from rows: a
push looks for new objects only, and lists nothing.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from resources.clock import Clock, utc_now
from resources.data.collecting.needed import Needed, trees_of
from resources.data.places import moving, store
from resources.data.places.marks import Marks
from resources.data.places.model import Prefetched, Pushed, Remote, Standing, checked_remote
from resources.data.places.place import Place
from resources.data.storage.listings import read_listing
from resources.data.storage.objects import DamagedObject, ObjectStore
from resources.data.storage.worktree import Progress, quiet
from resources.data.tiers import store as tiers
from resources.data.tiers.recalling import recall
from resources.data.trees.listing import TREE_SUFFIX
from resources.data.versions import journal
from resources.data.versions import store as version_store
from resources.data.versions.audit import audit
from resources.data.versions.errors import DamagedVersion, UnknownDataset
from resources.data.versions.handing import refuse_unusable, touched_by
from resources.data.versions.leftovers import PULL, PUSH, clear
from resources.data.versions.model import State, Version
from resources.data.versions.refs import NEWEST, resolve
from resources.database.engine import Database
from resources.errors import BadInput, Conflict, NotFound, TrainplatError
from resources.home import Home
from resources.terms import Actor, DatasetName, VersionKey

TIMES = 2
"""What was brought here to be sent may go back to its tier before it is."""
_LOG = logging.getLogger(__name__)


class PlaceService:
    """The remotes of one home."""

    def __init__(
        self,
        home: Home,
        database: Database,
        clock: Clock = utc_now,
        place: Callable[[Remote], Place] = Place,
    ) -> None:
        self.database, self.clock = database, clock
        self.objects, self._data = ObjectStore(home.data / ".cache"), home.data
        self._place, self._marks = cache(place), Marks(database)

    def remotes(self) -> list[Remote]:
        """All remotes, by name."""
        with self.database.read_plainly() as rows:
            return store.remotes(rows)

    def remote(self, name: str | None) -> Remote:
        """One remote; without a name the only one there is. Raises NotFound and BadInput, which list them."""
        known = self.remotes()
        listed = ", ".join(one.name for one in known) or "none yet"
        if name is None and len(known) == 1:
            return known[0]
        if name is None and known:
            raise BadInput(f"there are several remotes: {listed}", "Name one: --remote NAME.")
        for one in known:
            if one.name == name:
                return one
        raise NotFound(
            f"there is no remote {name!r}; there are: {listed}" if name else "there is no remote yet",
            "Add one: trainplat data remote add NAME s3://BUCKET/PREFIX.",
        )

    def add(
        self, name: str, url: str, actor: Actor, *, endpoint: str | None = None, profile: str | None = None
    ) -> Remote:
        """Write a remote down. Raises Conflict for a name that is taken by another address."""
        now = self.clock()
        added = Remote(name, checked_remote(name, url), endpoint, profile, actor, now)
        if endpoint is not None:
            checked_remote(name, endpoint)
        with self.database.write_plainly() as rows:
            for one in store.remotes(rows):
                if one.name == name and (one.url, one.endpoint, one.profile) == (
                    added.url,
                    endpoint,
                    profile,
                ):
                    return one
                if one.name == name:
                    raise Conflict(
                        f"remote {name} is {one.url} already",
                        f"Choose another name, or remove it: trainplat data remote remove {name}.",
                    )
            store.add_remote(rows, added)
            audit(rows, now, actor, "data.add_remote", name, added.url)
        return added

    def remove(self, name: str, actor: Actor) -> None:
        """Forget a remote. What it has stays there."""
        removed, now = self.remote(name), self.clock()
        with self.database.write_plainly() as rows:
            store.drop_remote(rows, name)
            audit(rows, now, actor, "data.remove_remote", name, removed.url)

    def check(self, name: str | None) -> Remote:
        """Write, read and remove a small file there. Raises an error that says what is wrong."""
        remote = self.remote(name)
        place = self._place(remote)
        self._marks.refuse_elsewhere(place)
        place.check()
        return remote

    def accept(self, name: str | None, actor: Actor) -> Remote:
        """Take what lies at its address now for a remote, as after its disk was made anew.

        Rows are trusted no more where it is another one: the next push looks for each object.
        """
        remote, now = self.remote(name), self.clock()
        place = self._place(remote)
        place.check()
        self._marks.accept(place)
        with self.database.write_plainly() as rows:
            audit(rows, now, actor, "data.accept_remote", remote.name, remote.url)
        return remote

    def status(self, dataset: DatasetName | None = None) -> list[Standing]:
        """What each remote has and what it lacks, as far as the rows know."""
        with self.database.read_plainly() as rows:
            versions = [
                version
                for one in ([dataset] if dataset else version_store.datasets(rows))
                for version in version_store.versions(rows, one)
                if version.state is not State.ERASED
            ]
            if dataset and not versions:
                raise UnknownDataset(dataset, version_store.datasets(rows))
            found = []
            for remote in store.remotes(rows):
                known = store.trees_at(rows, remote.name)
                there = tuple(one for one in versions if one.tree_md5 in known)
                lacks = (one for one in versions if one.tree_md5 not in known)
                missing = tuple(sorted(lacks, key=lambda one: one.committed_at))
                found.append(Standing(remote, there, missing))
        return found

    def push(
        self,
        dataset: DatasetName,
        ref: str | None,
        name: str | None,
        actor: Actor,
        progress: Progress = quiet,
        *,
        again: bool = False,
    ) -> Pushed:
        """Bring a version to a remote, or all of a data set that are not there.

        Only objects that no known ancestor has are looked for; the tree goes last, its row after it: after
        a kill, run it again. ``again`` trusts no row, and sends anew what is damaged there. Raises
        :class:`DamagedVersion` and what a place raises.
        """
        remote = self.remote(name)
        place = self._place(remote)
        self._marks.claim(place)
        clear(self.database, self.objects, self.clock())
        with self.database.write_plainly() as rows:
            every = version_store.versions(rows, dataset)
            wanted = [resolve(rows, dataset, ref or NEWEST)] if ref is not None or not every else every
            if ref is not None:
                refuse_unusable(wanted[0])
            known = set() if again else store.trees_at(rows, remote.name)
            intent = journal.begin(rows, PUSH, f"{remote.name} {dataset}", self.clock())
        done: list[Version] = []
        looked_for = sent = sent_bytes = 0
        try:
            wanted = [one for one in wanted if one.state is not State.ERASED]
            if wanted and known.issuperset(one.tree_md5 for one in wanted):
                self._ask_whether_it_still_has(wanted, known, remote, place)
            new_of: list[tuple[Version, list[str]]] = []
            by_key, to_be_there = {one.key: one for one in every}, set[str]()
            unreadable: DamagedObject | None = None
            for version in wanted:
                if version.tree_md5 in known or version.tree_md5 in to_be_there:
                    continue
                try:
                    new = self._new_objects(version, by_key, known, to_be_there, remote, place)
                except DamagedObject as problem:  # those before it go there first
                    unreadable = problem
                    break
                new_of.append((version, new))
                to_be_there.add(version.tree_md5)
            progress(0, 0, sum(len(new) + 1 for _, new in new_of))
            for version, new in new_of:
                others = [one for one in self.remotes() if one.name != remote.name]
                moved = self._send(version, new, place, others, progress, looks=again)
                place.settle()  # whoever finds the tree takes its objects for granted
                self._send(version, [version.tree_md5], place, others, progress, looks=again)
                place.settle()
                self._marks.refuse_elsewhere(place)
                now = self.clock()
                with self.database.write_plainly() as rows:
                    store.add_tree(rows, remote.name, version.tree_md5, len(new), now)
                    what = f"{dataset} {version.key}"
                    audit(rows, now, actor, "data.push", what, f"to {remote.name}, {moved[0]} objects")
                done.append(version)
                looked_for += len(new)
                sent, sent_bytes = sent + moved[0], sent_bytes + moved[1]
            if unreadable is not None:
                raise unreadable
        finally:
            journal.close(self.database, intent)
        return Pushed(tuple(done), looked_for, sent, sent_bytes)

    def pull(
        self, dataset: DatasetName, ref: str, name: str | None, progress: Progress = quiet
    ) -> tuple[Version, int]:
        """Bring what the store lacks of a version from a remote; how many objects that were.

        Each one is compared with its name first. Raises :class:`DamagedVersion` where some cannot be had.
        """
        remote = self.remote(name)
        place, now = self._place(remote), self.clock()
        clear(self.database, self.objects, now)
        with self.database.write_plainly() as rows:
            version = resolve(rows, dataset, ref)
            refuse_unusable(version)
            intent = journal.begin(rows, PULL, f"{remote.name} {dataset}", now)
        try:
            missing = self._lacking([version.tree_md5])
            self._refuse_damaged(version, self._fetched(place, missing, progress))
            names = self._lacking(read_listing(self.objects, version.tree_md5)[0].names)
            progress(0, 0, len(names))
            self._refuse_damaged(version, self._fetched(place, names, progress))
        finally:
            journal.close(self.database, intent)
        return version, len(missing) + len(names)

    def repair(self, names: Sequence[str]) -> list[str]:
        """Bring damaged objects back from whichever remote has them; those that none has.

        A remote that cannot be reached now is passed over, and a warning says so.
        """
        return self._from_remotes(names, self.remotes(), quiet)

    def lacks(self, name: str, trees: Sequence[str]) -> list[str]:
        """Those of ``trees`` that a remote does not have: one request for each, no row is asked.

        Raises NotFound, and what a place raises.
        """
        place = self._place(self.remote(name))
        gone = [tree for tree in trees if place.size_of(tree) is None]
        if gone:
            self._marks.refuse_elsewhere(place)
        return gone

    def prefetch(
        self, wanted: Sequence[tuple[DatasetName, str]], progress: Progress = quiet
    ) -> list[Prefetched]:
        """Bring what waiting runs need before they begin: from colder tiers, else from remotes.

        What cannot be had now is no error: the run says so if it is still missing then.
        """
        return [self._prefetch(dataset, ref, progress) for dataset, ref in wanted]

    def erase(self, names: Sequence[str]) -> None:
        """Take objects away from every remote, for good. Raises where one cannot be reached.

        What a version needs stays, whoever asks. Where one came to need an object while it went, the remote
        counts as lacking it: the next push brings it back.
        """
        needed = Needed(self.objects, self._data)
        for remote in self.remotes() if names else ():
            self._refuse_to_erase_elsewhere(remote)
        with self.database.write_plainly() as rows:
            known = store.remotes(rows)
            going = sorted(set(names) - needed.names(rows))
            for remote in known:
                for name in going:
                    if name.endswith(TREE_SUFFIX):
                        store.drop_tree(rows, remote.name, name)
        for remote in known:
            self._place(remote).drop_many(going)
        with self.database.write_plainly() as rows:
            again = set(going) & needed.names(rows)
            for tree in trees_of(rows) if again else ():
                if not again.isdisjoint([tree, *read_listing(self.objects, tree)[0].names]):
                    for remote in known:
                        store.drop_tree(rows, remote.name, tree)

    def _prefetch(self, dataset: DatasetName, ref: str, progress: Progress) -> Prefetched:
        now = self.clock()
        with self.database.write_plainly() as rows:
            version = resolve(rows, dataset, ref)
            refuse_unusable(version)
            tiers.use(rows, dataset, version.key, now)
            intent = journal.begin(rows, "prefetch", f"{dataset} {version.key}", now)
        try:
            lost = self._bring(self._lacking([version.tree_md5]), self.remotes(), progress)
            if lost:
                return Prefetched(version, 0, len(lost))
            missing = self._lacking(read_listing(self.objects, version.tree_md5)[0].names)
            left = self._bring(missing, self.remotes(), progress)
        finally:
            journal.close(self.database, intent)
        return Prefetched(version, len(missing) - len(left), len(left))

    def _bring(self, names: Sequence[str], remotes: Sequence[Remote], progress: Progress) -> list[str]:
        """Bring objects from colder tiers, else from remotes; those that nobody has, or gives now."""
        left = list(names)
        try:
            left = recall(self.database, self.objects, left, progress)
        except TrainplatError as problem:
            _LOG.warning("%s", problem.one_line)
            left = self._lacking(left)
        return self._from_remotes(left, remotes, progress)

    def _from_remotes(self, names: Sequence[str], remotes: Sequence[Remote], progress: Progress) -> list[str]:
        left = list(dict.fromkeys(names))
        for remote in remotes:
            if not left:
                break
            try:
                place = self._place(remote)
                left = moving.fetch(place, self.objects, left, progress)
                if left:
                    self._marks.refuse_elsewhere(place)
            except TrainplatError as problem:
                _LOG.warning("remote %s is passed over: %s", remote.name, problem.one_line)
        return left

    def _send(
        self,
        version: Version,
        names: Sequence[str],
        place: Place,
        others: Sequence[Remote],
        progress: Progress,
        *,
        looks: bool,
    ) -> tuple[int, int]:
        """Bring objects there; how many went, and their bytes. Raises :class:`DamagedVersion`.

        What is not here, as what lies in packs, is looked for there, and brought here where it is not whole.
        """
        sent = sent_bytes = 0
        left = list(names)
        for _ in range(TIMES):
            lacking = self._lacking(left)
            whole = {name for name, is_sound in moving.each(place.is_sound, lacking) if is_sound}
            if whole:
                progress(len(whole), 0)
            left = [name for name in left if name not in whole]
            coming = [name for name in lacking if name not in whole]
            self._refuse_damaged(version, self._bring(coming, others, quiet))
            moved = moving.send(place, self.objects, left, progress, looks=looks)
            sent, sent_bytes, left = sent + moved[0], sent_bytes + moved[1], moved[2]
            if not self._lacking(left):
                break
        self._refuse_damaged(version, left)
        return sent, sent_bytes

    def _fetched(self, place: Place, names: Sequence[str], progress: Progress) -> list[str]:
        """Bring objects from one place; those that it lacks. Raises where it is not there now."""
        left = moving.fetch(place, self.objects, names, progress)
        if left:
            self._marks.refuse_elsewhere(place)
        return left

    def _refuse_to_erase_elsewhere(self, remote: Remote) -> None:
        """Raise where what is to go lies out of reach: its rows would be gone, and its bytes be there."""
        place = self._place(remote)
        with self.database.read_plainly() as rows:
            has_some = bool(store.trees_at(rows, remote.name))
        if has_some:
            self._marks.claim(place)
        else:
            self._marks.refuse_elsewhere(place)

    def _new_objects(
        self,
        version: Version,
        every: Mapping[VersionKey, Version],
        known: set[str],
        to_be_there: set[str],
        remote: Remote,
        place: Place,
    ) -> list[str]:
        """The objects of a version that its nearest ancestors do not have which are known or come first."""
        there: set[str] = set()
        pending, seen = list(version.parents), set()
        while pending:
            key = pending.pop()
            if key in seen or key not in every:
                continue
            seen.add(key)
            ancestor = every[key]
            tree = ancestor.tree_md5
            if tree in to_be_there or (tree in known and self._is_there(tree, known, remote, place)):
                there.update(read_listing(self.objects, tree)[0].names)
            else:
                pending.extend(ancestor.parents)
        return sorted(set(read_listing(self.objects, version.tree_md5)[0].names) - there)

    def _ask_whether_it_still_has(
        self, versions: Sequence[Version], known: set[str], remote: Remote, place: Place
    ) -> None:
        """Trust the rows of these versions no more where the newest is gone: one request says so."""
        if self._is_there(versions[-1].tree_md5, known, remote, place):
            return
        with self.database.write_plainly() as rows:
            for one in versions:
                known.discard(one.tree_md5)
                store.drop_tree(rows, remote.name, one.tree_md5)

    def _is_there(self, tree_md5: str, known: set[str], remote: Remote, place: Place) -> bool:
        """Whether a remote still has what the rows say: one request, for a bucket that was made anew."""
        if place.size_of(tree_md5) is not None:
            return True
        self._marks.refuse_elsewhere(place)
        known.discard(tree_md5)
        with self.database.write_plainly() as rows:
            store.drop_tree(rows, remote.name, tree_md5)
        return False

    def _lacking(self, names: Sequence[str]) -> list[str]:
        return [name for name in dict.fromkeys(names) if not self.objects.path(name).exists()]

    def _refuse_damaged(self, version: Version, damaged: list[str]) -> None:
        if not damaged:
            return
        what = f"{version.dataset} {version.key}"
        if version.tree_md5 in damaged:
            raise DamagedVersion(what, damaged, [what])
        with self.database.read_plainly() as rows:
            touched = touched_by(rows, self.objects, damaged)
        raise DamagedVersion(what, damaged, touched)
