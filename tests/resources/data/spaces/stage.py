"""A home with a version and spaces of it, and what has to be true of them whatever is written."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from resources.data.collecting.service import CollectingService
from resources.data.spaces.model import Kind, Space
from resources.data.spaces.service import SpaceService
from resources.data.storage.worktree import quiet
from resources.data.versions.committing import Wanted
from resources.data.versions.model import Committed
from resources.data.versions.service import VersionService
from resources.database.engine import Database
from resources.home import Home
from resources.terms import Actor, DatasetName
from tests.resources.data.folders import write

ANN = Actor("user:ann")
PETS = DatasetName("pets")


@dataclass(frozen=True)
class Stage:
    """One home."""

    home: Home

    @property
    def database(self) -> Database:
        """Its tables."""
        return self.home.database()

    @property
    def spaces(self) -> SpaceService:
        """Who makes spaces."""
        return SpaceService(self.home, self.database)

    @property
    def versions(self) -> VersionService:
        """Who commits."""
        return VersionService(self.home, self.database)

    def commit(self, files: dict[str, bytes], base: str | None = None) -> Committed:
        """Commit these files, and no others."""
        import shutil

        folder = self.home.path / "source"
        shutil.rmtree(folder, ignore_errors=True)
        return self.versions.commit(Wanted(PETS, write(folder, files), "", ANN, "ann", base), quiet)

    def space(self, user: str, name: str, kind: Kind | None = None, ref: str = "latest") -> Space:
        """Make a space."""
        return self.spaces.create(user, name, PETS, ref, ANN, progress=quiet, kind=kind)

    def commit_space(self, space: Space) -> Committed:
        """Commit what is in a space."""
        wanted = Wanted(space.dataset, space.path, "", ANN, space.user)
        return self.versions.commit(wanted, quiet)

    def damaged(self) -> tuple[str, ...]:
        """Objects that are not what their names say, after each was read."""
        return CollectingService(self.home, self.database).verify(None, None, quiet).damaged

    def unmount(self) -> None:
        """Take away what is mounted below the home."""
        for line in reversed(Path("/proc/self/mountinfo").read_text().splitlines()):
            point = line.split()[4]
            if point.startswith(f"{self.home.path}/"):
                subprocess.run(["umount", "--lazy", point], check=True)


def mounts_below(folder: Path) -> list[str]:
    """Where something is mounted below a folder."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line.split()[4] for line in lines if line.split()[4].startswith(f"{folder}/")]


def seen(folder: Path) -> dict[str, tuple[object, ...]]:
    """All that a user can see of each file and folder: content, rights, owner, time, attributes."""
    found: dict[str, tuple[object, ...]] = {}
    for place, folders, names in os.walk(folder):
        for name in folders + names:
            path = Path(place, name)
            status = path.lstat()
            content = path.read_bytes() if path.is_file() else None
            attributes = {
                one: os.getxattr(path, one) for one in os.listxattr(path) if one.startswith("user.")
            }
            found[str(path.relative_to(folder))] = (
                content,
                status.st_mode,
                status.st_uid,
                status.st_gid,
                status.st_mtime_ns,
                attributes,
            )
    return found
