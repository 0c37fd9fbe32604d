"""Spaces for everyone above: make one, look at it, open it again, commit it, remove it."""

import re

from resources.clock import Clock, utc_now
from resources.data.spaces import store
from resources.data.spaces.changes import Changes, changes
from resources.data.spaces.choosing import choose
from resources.data.spaces.folders import make_folders, owner_of
from resources.data.spaces.ground import ground_of
from resources.data.spaces.making import Maker
from resources.data.spaces.model import Kind, Space, SpaceState, UserFolders
from resources.data.storage.giving import refuse_taken
from resources.data.storage.listings import read_listing
from resources.data.storage.objects import ObjectStore
from resources.data.storage.worktree import Progress
from resources.data.tiers import store as tiers
from resources.data.versions import worktrees
from resources.data.versions.audit import audit
from resources.data.versions.handing import Repair, refuse_unusable
from resources.data.versions.model import Version, WorkTree
from resources.data.versions.refs import branch_of, resolve
from resources.database.engine import Database
from resources.errors import BadInput, Conflict, NotFound
from resources.home import Home
from resources.terms import Actor, DatasetName, VersionKey

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,99}")


class SpaceService:
    """The spaces of one home."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now, repair: Repair = list) -> None:
        self.home, self.database, self.clock = home, database, clock
        self.objects = ObjectStore(home.data / ".cache")
        self._maker = Maker(home.work, database, self.objects, clock, repair)

    def create(
        self,
        user: str,
        name: str,
        dataset: DatasetName,
        ref: str,
        actor: Actor,
        *,
        progress: Progress,
        kind: Kind | None = None,
    ) -> Space:
        """Make a space of a version. What was begun and killed is finished, or made anew.

        Raises Conflict where the name is taken, :class:`DamagedVersion` and :class:`UnknownRef`.
        """
        _refuse_name(name)
        _refuse_user(user)
        with self.database.read_plainly() as rows:
            version, branch = resolve(rows, dataset, ref), branch_of(rows, dataset, ref)
        refuse_unusable(version)
        with self._maker.alone(user, name):
            known = self._known(user, name)
            if known is not None and self._is_begun(known, version):
                return self._finish(known, version, progress)
            space = self._begin(user, name, version, branch, kind, actor)
            try:
                return self._finish(space, version, progress)
            except BaseException:
                self._give_up(space)
                raise

    def spaces(self, user: str | None = None) -> list[Space]:
        """The spaces of a user, or of all; those that are overlays and not mounted are told."""
        with self.database.read_plainly() as rows:
            found = [one for one in store.spaces(rows) if user in (None, one.user)]
            return [self._now(one, worktrees.work_tree(rows, one.path)) for one in found]

    def space(self, user: str, name: str) -> Space:
        """One space. Raises NotFound, which names those that there are."""
        found = {one.name: one for one in self.spaces(user)}
        if name not in found:
            raise NotFound(
                f"{user} has no space {name!r}; there are: {', '.join(found) or 'none yet'}",
                f"Make one: trainplat data space create {name} DATASET VERSION.",
            )
        return found[name]

    def usable(self, user: str, name: str) -> Space:
        """The same for a space that somebody works in now. Raises Conflict for one that is not open."""
        found = self.space(user, name)
        if not found.is_open:
            raise Conflict(
                f"the space {name} of {user} is not open: {found.path} shows nothing of it now",
                f"Open it again: trainplat data space open {name}.",
            )
        return found

    def changes(self, space: Space) -> Changes:
        """What was changed in an open space since its version. Costs a look at each file.

        Raises what scanning a folder raises: BadInput for what no version can hold, Denied, NotFound.
        """
        with self.database.read_plainly() as rows:
            index = worktrees.index_of(rows, space.path)
            version = resolve(rows, space.dataset, space.base)
        return changes(space.path, index, read_listing(self.objects, version.tree_md5)[0])

    def open(self, user: str, name: str, *, progress: Progress) -> Space:
        """Bring back what a start of the machine took away, the mount of an overlay; finish what was begun.

        What was written in the space is still there. Raises Conflict for one that is being removed.
        """
        self.space(user, name)
        with self._maker.alone(user, name):
            space = self.space(user, name)
            if space.state is SpaceState.REMOVING:
                raise Conflict(
                    f"the space {name} of {user} is being removed",
                    f"Finish that: trainplat data space remove {name}.",
                )
            if space.is_open:
                return space
            make_folders(self.folders(user), user)
            return self._finish(space, self._made_from(space), progress)

    def remove(self, user: str, name: str, actor: Actor) -> None:
        """Take a space away with all that was not committed from it. Versions stay.

        Raises Conflict while somebody works in an overlay. Can be run again after a kill.
        """
        self.space(user, name)
        with self._maker.alone(user, name):
            space, now = self.space(user, name), self.clock()
            self._maker.unmount(space)
            with self.database.write_plainly() as rows:
                if space.state is not SpaceState.REMOVING:
                    store.set_state(rows, user, name, SpaceState.REMOVING)
                    audit(
                        rows,
                        now,
                        actor,
                        "data.remove_space",
                        f"{user}/{name}",
                        f"{space.dataset} {space.base}",
                    )
            self._clear(space)

    def folders(self, user: str) -> UserFolders:
        """Where a user's own folders lie."""
        return UserFolders(self.home.work / user)

    def _known(self, user: str, name: str) -> Space | None:
        """A space that is written down, with the version that its files are made from.

        That is the one which was committed from it last. Below an overlay it is still the first: what was
        committed since lies above.
        """
        with self.database.read_plainly() as rows:
            found = store.space(rows, user, name)
            at = None if found is None else worktrees.work_tree(rows, found.path)
        if found is None or at is None or found.kind is Kind.OVERLAY:
            return found
        return Space(**{**vars(found), "base": at.base})

    def _is_begun(self, known: Space, version: Version) -> bool:
        """Whether a space that is written down only has to be finished; what was begun else is cleared away.

        Raises Conflict for one that is made.
        """
        if known.state is SpaceState.REMOVING:
            self._clear(known)
            return False
        is_same, is_shown = (
            (known.dataset, known.base) == (version.dataset, version.key),
            self._maker.is_shown(known),
        )
        if is_same and not (is_shown and known.state is SpaceState.MADE):
            return True
        if known.state is SpaceState.MAKING and not is_shown:
            self._give_up(known)
            return False
        raise Conflict(
            f"{known.user} has a space {known.name!r} already, of {known.dataset} {known.base}",
            f"Choose another name, or remove it: trainplat data space remove {known.name}",
        )

    def _begin(
        self, user: str, name: str, version: Version, branch: str | None, kind: Kind | None, actor: Actor
    ) -> Space:
        """Write a space down; its folder is free, and its user's folders are there."""
        folders, now = self.folders(user), self.clock()
        make_folders(folders, user)
        path = folders.data / name
        refuse_taken(path)
        ground = ground_of(self.objects, folders.data, self._maker.layers_near(user), owner_of(user).uid)
        choice = choose(ground, kind)
        space = Space(
            user,
            name,
            version.dataset,
            version.key,
            path,
            choice.kind,
            choice.reason,
            now,
            is_open=False,
            state=SpaceState.MAKING,
        )
        with self.database.write_plainly() as rows:
            store.add_space(rows, space)
            tiers.use(rows, version.dataset, version.key, now)
            at = WorkTree(path, version.dataset, version.key, version.tree_md5, branch)
            worktrees.place(rows, at, now)
            detail = f"{version.dataset} {version.key}: {choice.kind}"
            audit(rows, now, actor, "data.create_space", f"{user}/{name}", detail)
        return space

    def _finish(self, space: Space, version: Version, progress: Progress) -> Space:
        """Make the work tree of a space that is written down."""
        if not self._maker.is_shown(space):
            self._maker.make(space, version, progress)
        with self.database.write_plainly() as rows:
            store.set_state(rows, space.user, space.name, SpaceState.MADE)
        return Space(**{**vars(space), "is_open": True, "state": SpaceState.MADE})

    def _give_up(self, space: Space) -> None:
        """Forget a space that could not be made. What somebody put into its folder meanwhile stays."""
        self._maker.unmount(space)
        self._maker.give_up(space)
        self._forget(space)

    def _clear(self, space: Space) -> None:
        """Take away all that there is of a space, its row last."""
        self._maker.unmount(space)
        self._maker.remove(space)
        self._forget(space)

    def _forget(self, space: Space) -> None:
        with self.database.write_plainly() as rows:
            store.drop_space(rows, space.user, space.name)
            worktrees.forget(rows, space.path)

    def _now(self, space: Space, at: WorkTree | None) -> Space:
        base = space.base if at is None else at.base
        is_open = space.state is SpaceState.MADE and self._maker.is_shown(space)
        return Space(**{**vars(space), "base": VersionKey(base), "is_open": is_open})

    def _made_from(self, space: Space) -> Version:
        known = self._known(space.user, space.name) or space
        with self.database.read_plainly() as rows:
            return resolve(rows, known.dataset, known.base)


def _refuse_name(name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise BadInput(
            f"space name {name!r} is not of the form [a-z0-9][a-z0-9_-]* with at most 100 characters",
            "Choose a name such as relabel-sevens.",
        )


def _refuse_user(user: str) -> None:
    if _USER.fullmatch(user) is None:
        raise BadInput(
            f"user name {user!r} is not of the form [A-Za-z0-9_][A-Za-z0-9_.@-]* with at most 100 characters",
            "Give the name of a user of this machine.",
        )
