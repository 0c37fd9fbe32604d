"""Spaces for everyone above: make one, look at it, open it again, commit it, remove it."""

import os
import pwd
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path

from resources.clock import Clock, utc_now
from resources.data.spaces import btrfs, overlay, store
from resources.data.spaces.choosing import Choice, choose
from resources.data.spaces.ground import ground_of
from resources.data.spaces.model import Kind, Space, UserFolders
from resources.data.spaces.overlay import Layers
from resources.data.storage.giving import Giving, Owner, refuse_taken
from resources.data.storage.objects import ObjectStore
from resources.data.storage.ready import looked_at, ready_folder, set_aside
from resources.data.storage.scanning import scan
from resources.data.storage.worktree import Progress
from resources.data.versions import worktrees
from resources.data.versions.audit import audit
from resources.data.versions.handing import Hand, Repair, hand_out, refuse_unusable
from resources.data.versions.model import Version, WorkTree
from resources.data.versions.refs import branch_of, resolve
from resources.database.engine import Database
from resources.errors import BadInput, Conflict, NotFound, Unavailable
from resources.home import Home
from resources.terms import Actor, DatasetName, VersionKey

LOOKED_AT_FOR_S = 24 * 3600.0
"""A version that lies ready for overlays and snapshots is looked at again after so long."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,99}")
_GIVING = {Kind.REFLINK: Giving.CLONE, Kind.HARDLINK: Giving.LINK, Kind.COPY: Giving.COPY}


class SpaceService:
    """The spaces of one home."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now, repair: Repair = list) -> None:
        self.repair = repair
        self.home, self.database, self.clock = home, database, clock
        self.objects = ObjectStore(home.data / ".cache")

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
        """Make a space of a version. One that was begun and killed is finished.

        Raises Conflict where the name is taken, :class:`DamagedVersion` and :class:`UnknownRef`.
        """
        self._refuse_name(name)
        _refuse_user(user)
        folders = self.folders(user)
        with self.database.read_plainly() as rows:
            version, branch = resolve(rows, dataset, ref), branch_of(rows, dataset, ref)
            known = store.space(rows, user, name)
        refuse_unusable(version)
        path = folders.data / name
        if known is not None:
            if known.dataset == dataset and known.base == version.key and not _is_there(path):
                return self._finish(known, version, progress)
            raise Conflict(
                f"{user} has a space {name!r} already, of {known.dataset} {known.base}",
                "Choose another name, or remove it: trainplat data space remove " + name,
            )
        refuse_taken(path)
        self._make_folders(folders, user)
        choice = choose(ground_of(self.objects, folders.data, _owner(user).uid), kind)
        space = self._space(user, name, version, path, choice)
        now = self.clock()
        with self.database.write_plainly() as rows:
            if store.space(rows, user, name) is not None:
                raise Conflict(f"{user} has a space {name!r} already", "Choose another name.")
            store.add_space(rows, space)
            worktrees.place(rows, WorkTree(path, dataset, version.key, version.tree_md5, branch), now)
            audit(
                rows,
                now,
                actor,
                "data.create_space",
                f"{user}/{name}",
                f"{dataset} {version.key}: {choice.kind}",
            )
        return self._finish(space, version, progress)

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

    def open(self, user: str, name: str, *, progress: Progress) -> Space:
        """Bring back what a start of the machine took away: the mount of an overlay. Else nothing."""
        space = self.space(user, name)
        if space.is_open:
            return space
        return self._finish(space, self._made_from(space), progress)

    def remove(self, user: str, name: str, actor: Actor) -> None:
        """Take a space away with all that was not committed from it. Versions stay."""
        space, now = self.space(user, name), self.clock()
        if space.kind is Kind.OVERLAY:
            overlay.unmount(space.path)
            self._layers(space).remove()
        elif space.kind is Kind.SNAPSHOT and btrfs.is_subvolume(space.path):
            with suppress(Unavailable):  # a plain user may not, and removes file by file
                btrfs.destroy(space.path)
        _remove(space.path)
        with self.database.write_plainly() as rows:
            store.drop_space(rows, user, name)
            worktrees.forget(rows, space.path)
            audit(rows, now, actor, "data.remove_space", f"{user}/{name}", f"{space.dataset} {space.base}")

    def folders(self, user: str) -> UserFolders:
        """Where a user's own folders lie."""
        return UserFolders(self.home.work / user)

    def _space(self, user: str, name: str, version: Version, path: Path, choice: Choice) -> Space:
        return Space(
            user,
            name,
            version.dataset,
            version.key,
            path,
            choice.kind,
            choice.reason,
            self.clock(),
            is_open=False,
        )

    def _finish(self, space: Space, version: Version, progress: Progress) -> Space:
        """Make the work tree of a space that is written down."""
        if space.kind in (Kind.OVERLAY, Kind.SNAPSHOT):
            base = self._ready(space, version, progress)
            if space.kind is Kind.OVERLAY:
                overlay.mount(self._layers(space), space.path)
            else:
                _remove(space.path)
                btrfs.snapshot(base, space.path)
            with self.database.write_plainly() as rows:
                if not worktrees.index_of(rows, space.path):
                    worktrees.copy_index(rows, base, space.path)
        else:
            with self.database.read_plainly() as rows:
                at = worktrees.work_tree(rows, space.path)
            owner, branch = self._hand_over_to(space.user), None if at is None else at.branch
            hand = Hand(space.path, _GIVING[space.kind], owner, branch)
            hand_out(self.database, self.objects, version, hand, self.clock(), progress, self.repair)
        return Space(**{**vars(space), "is_open": True})

    def _ready(self, space: Space, version: Version, progress: Progress) -> Path:
        """The version as a folder that overlays and snapshots are made from; made where it is missing."""
        owner = self._hand_over_to(space.user) if space.kind is Kind.SNAPSHOT else None
        folder = self._ready_folder(space, version)
        if folder.exists() and self._looks_whole(folder):
            return folder
        if folder.exists():  # overlays that are mounted keep what they have
            set_aside(folder)
        if space.kind is Kind.SNAPSHOT:
            hand = Hand(folder, Giving.CLONE, owner, make_root=btrfs.create)
        else:
            hand = Hand(folder, Giving.LINK)
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            hand_out(self.database, self.objects, version, hand, self.clock(), progress, self.repair)
        except Conflict:
            if not folder.exists():  # else somebody else was faster
                raise
        looked_at(folder).touch()
        return folder

    def _looks_whole(self, folder: Path) -> bool:
        """Whether nobody wrote in a version that lies ready; looked at once in a while."""
        mark = looked_at(folder)
        if mark.exists() and time.time() - mark.stat().st_mtime < LOOKED_AT_FOR_S:
            return True
        with self.database.read_plainly() as rows:
            index = worktrees.index_of(rows, folder)
        seen = {os.fsencode(found.path): found.stamps.tobytes() for found in scan(folder)}
        if seen != {row.folder: row.stamps for row in index.values()}:
            return False
        mark.touch()
        return True

    def _ready_folder(self, space: Space, version: Version) -> Path:
        kind = f"{_owner(space.user).uid}" if space.kind is Kind.SNAPSHOT else "links"
        return ready_folder(self.objects, version.tree_md5, kind)

    def _layers(self, space: Space) -> Layers:
        written = self.home.work / ".layers" / space.user / space.name
        lower = self._ready_folder(space, self._made_from(space))
        return Layers(lower, written / "upper", written / "work")

    def _made_from(self, space: Space) -> Version:
        """The version below a space: what was committed from it since lies above."""
        with self.database.read_plainly() as rows:
            written = store.space(rows, space.user, space.name)
            return resolve(rows, space.dataset, space.base if written is None else written.base)

    def _hand_over_to(self, user: str) -> Owner | None:
        """Whose the files are to be; None where they are by themselves."""
        owner = _owner(user)
        return owner if os.geteuid() == 0 and owner.uid != 0 else None

    def _make_folders(self, folders: UserFolders, user: str) -> None:
        owner = self._hand_over_to(user)
        for folder in folders.all:
            if folder.is_symlink():
                raise Conflict(
                    f"{folder} is a link; expected a folder of {user}'s own",
                    "Remove the link, then try again.",
                )
            if not folder.exists():
                folder.mkdir(parents=True, mode=0o700)
            if owner is not None and folder.stat().st_uid == os.geteuid():  # also after a kill in between
                os.chown(folder, owner.uid, owner.gid)

    def _now(self, space: Space, at: WorkTree | None) -> Space:
        base = space.base if at is None else at.base
        is_open = space.path.is_mount() if space.kind is Kind.OVERLAY else space.path.exists()
        return Space(**{**vars(space), "base": VersionKey(base), "is_open": is_open})

    def _refuse_name(self, name: str) -> None:
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


def _owner(user: str) -> Owner:
    """The operating system's user of this name; who acts himself where it knows none."""
    try:
        found = pwd.getpwnam(user)
    except KeyError:
        return Owner(os.geteuid(), os.getegid())
    return Owner(found.pw_uid, found.pw_gid)


def _is_there(path: Path) -> bool:
    return path.is_mount() or (path.exists() and any(path.iterdir()))


def _remove(path: Path) -> None:
    if path.exists():
        shutil.rmtree(path)
