"""Making the work tree of a space that is written down; whoever is killed here is followed by another try.

What is not whole lies where no user gets in. Only its last step, a rename or a mount, lets it be seen.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from resources.clock import Clock
from resources.data.spaces import btrfs, overlay
from resources.data.spaces.folders import PRIVATE, ROOT_UID, hand_over_to, make_private, owner_of
from resources.data.spaces.model import Kind, Space, SpaceState
from resources.data.spaces.overlay import Layers
from resources.data.storage.giving import Giving, refuse_taken
from resources.data.storage.objects import ObjectStore
from resources.data.storage.ready import looked_at, ready_folder, ready_lock, set_aside
from resources.data.storage.scanning import scan
from resources.data.storage.worktree import Progress
from resources.data.versions import worktrees
from resources.data.versions.handing import Hand, Repair, hand_out
from resources.data.versions.model import Version
from resources.database.engine import Database
from resources.errors import Conflict, Unavailable

LOOKED_AT_FOR_S = 24 * 3600.0
"""A version that lies ready for overlays and snapshots is looked at again after so long."""

_GIVING = {Kind.REFLINK: Giving.CLONE, Kind.HARDLINK: Giving.LINK, Kind.COPY: Giving.COPY}


class Maker:
    """Makes and removes the work trees of spaces, all below the folder ``work``."""

    def __init__(
        self, work: Path, database: Database, objects: ObjectStore, clock: Clock, repair: Repair
    ) -> None:
        self._work, self._database, self._objects = work, database, objects
        self._clock, self._repair = clock, repair

    def make(self, space: Space, version: Version, progress: Progress) -> None:
        """Make it, or what a kill left of it anew. Does nothing for one that is there."""
        if space.kind is Kind.OVERLAY:
            self._mount(space, version, progress)
            return
        draft = self._draft(space)
        _remove(draft)
        if space.kind is Kind.SNAPSHOT:
            base = self._ready(space, version, progress)
            btrfs.snapshot(base, draft)
            with self._database.write_plainly() as rows:
                worktrees.copy_index(rows, base, space.path)
        else:
            hand = Hand(
                draft,
                _GIVING[space.kind],
                hand_over_to(space.user),
                writer_uid=owner_of(space.user).uid,
            )
            hand_out(self._database, self._objects, version, hand, self._clock(), progress, self._repair)
            with self._database.write_plainly() as rows:
                worktrees.move_index(rows, draft, space.path)
        _show(draft, space.path)

    def unmount(self, space: Space) -> None:
        """Take an overlay away from where it is seen. Raises Conflict while somebody works in it."""
        if space.kind is Kind.OVERLAY:
            overlay.unmount(space.path)

    def is_shown(self, space: Space) -> bool:
        """Whether the work tree of a space is there: as it was made where nobody has said that it is made.

        Of one that only its user may look at, what was said counts.
        """
        try:
            is_there = space.path.is_mount() if space.kind is Kind.OVERLAY else space.path.exists()
        except PermissionError:
            return space.state is SpaceState.MADE
        if space.kind is Kind.OVERLAY or space.state is SpaceState.MADE:
            return is_there
        return is_there and self._is_untouched(space.path)

    def give_up(self, space: Space) -> None:
        """Remove what nobody has seen yet of a space. Can be run again."""
        for folder in (self._draft(space), self._layers_root(space)):
            _remove(folder)
        with self._database.write_plainly() as rows:
            worktrees.forget(rows, self._draft(space))

    def remove(self, space: Space) -> None:
        """Remove the files of a space that is not mounted. Can be run again."""
        self.give_up(space)
        _remove(space.path)

    def layers_near(self, user: str) -> Path:
        """Where the layers of overlays lie."""
        return self._private(".layers", user)

    @contextmanager
    def alone(self, user: str, name: str) -> Iterator[None]:
        """Only one process at a time makes or removes a space; a kill lets the next one in."""
        with FileLock(self._private(".locks", user) / f"{user}.{name}.lock"):
            yield

    def _mount(self, space: Space, version: Version, progress: Progress) -> None:
        if space.path.is_mount():
            return
        base = self._ready(space, version, progress)
        refuse_taken(space.path)  # what lies there would be hidden
        with self._database.write_plainly() as rows:
            if not worktrees.index_of(rows, space.path):
                worktrees.copy_index(rows, base, space.path)
        root = self._layers_root(space)
        overlay.mount(Layers(base, root / "upper", root / "work"), space.path)

    def _ready(self, space: Space, version: Version, progress: Progress) -> Path:
        """The version as a folder that overlays and snapshots are made from; made where it is missing."""
        is_snapshot = space.kind is Kind.SNAPSHOT
        name = f"{owner_of(space.user).uid}" if is_snapshot else "links"
        folder = ready_folder(self._objects, version.tree_md5, name)
        make_private(folder.parent)  # its files may be its user's, who is to write in spaces only
        with FileLock(ready_lock(folder)):
            if folder.exists() and self._looks_whole(folder):
                return folder
            if folder.exists():  # overlays that are mounted keep what they have
                set_aside(folder)
            if is_snapshot:
                hand = Hand(folder, Giving.CLONE, hand_over_to(space.user), make_root=btrfs.create)
            else:
                hand = Hand(folder, Giving.LINK)
            hand_out(self._database, self._objects, version, hand, self._clock(), progress, self._repair)
            looked_at(folder).touch()
        return folder

    def _looks_whole(self, folder: Path) -> bool:
        """Whether nobody wrote in a version that lies ready; looked at once in a while."""
        mark = looked_at(folder)
        if mark.exists() and time.time() - mark.stat().st_mtime < LOOKED_AT_FOR_S:
            return True
        if not self._is_untouched(folder):
            return False
        mark.touch()
        return True

    def _is_untouched(self, folder: Path) -> bool:
        """Whether all files of a folder look as they did when they were given out."""
        with self._database.read_plainly() as rows:
            index = worktrees.index_of(rows, folder)
        seen = {os.fsencode(found.path): found.stamps.tobytes() for found in scan(folder)}
        return bool(seen) and seen == {row.folder: row.stamps for row in index.values()}

    def _draft(self, space: Space) -> Path:
        """Where a work tree is made: where no user gets in who could lead its maker astray."""
        place = self._private(".making", space.user) / space.user
        place.mkdir(parents=True, exist_ok=True)
        if place.stat().st_dev != space.path.parent.stat().st_dev:  # a disk of his own
            place = space.path.parent.with_name(".making")
            place.mkdir(mode=PRIVATE, exist_ok=True)
        return place / space.name

    def _layers_root(self, space: Space) -> Path:
        return self.layers_near(space.user) / space.user / space.name

    def _private(self, name: str, user: str) -> Path:
        """A folder of whoever makes spaces here: of the home's owner, else of the user himself."""
        self._work.mkdir(parents=True, exist_ok=True)
        is_operator = os.geteuid() in (ROOT_UID, self._work.stat().st_uid)
        folder = (self._work if is_operator else self._work / user) / name
        make_private(folder)
        return folder


def _show(draft: Path, path: Path) -> None:
    """Give a whole work tree its name, in a folder whose user may have made it a link meanwhile."""
    refuse_taken(path)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    user = os.open(path.parent.parent, flags)
    try:
        data = os.open(path.parent.name, flags, dir_fd=user)
    except OSError as problem:
        raise Conflict(
            f"{path.parent} is no folder: {problem.strerror}", "Remove what is there."
        ) from problem
    finally:
        os.close(user)
    try:
        with suppress(FileNotFoundError):
            os.rmdir(path.name, dir_fd=data)
        os.rename(draft, path.name, dst_dir_fd=data)
    finally:
        os.close(data)


def _remove(path: Path) -> None:
    if path.is_symlink():
        path.unlink()
        return
    if btrfs.is_subvolume(path):
        with suppress(Unavailable):  # a plain user may not, and removes file by file
            btrfs.destroy(path)
    if path.exists():
        shutil.rmtree(path)
