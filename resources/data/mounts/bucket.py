"""A prefix of a bucket as a folder: brought here, and what changed brought back."""

import os
from pathlib import Path

from resources.data.mounts.model import Mount, MountRefused, Provider
from resources.data.places.model import Remote
from resources.data.places.place import Place
from resources.terms import Actor

Stamps = dict[str, tuple[int, int, int, int]]
"""What each file looked like when it came: its size, mtime_ns, ctime_ns and inode.

Tools that unpack or synchronise set an old mtime on what they write; nobody sets a ctime.
"""


class Bucket(Place):
    """The objects below a mount point's prefix, by their relative keys."""

    def __init__(self, provider: Provider, mount: Mount) -> None:
        url = f"{provider.at}/{mount.at}"
        added_at = mount.declared_at
        super().__init__(
            Remote(provider.name, url, provider.endpoint, provider.profile, Actor("mounts"), added_at)
        )

    def answers(self, *, writes: bool) -> None:
        """Raises what is wrong, in words, where it cannot be read, or written."""
        if writes:
            self.check()
        else:
            self.sizes()

    def sizes(self) -> dict[str, int]:
        """The size in bytes of each object below the prefix."""

        def act() -> dict[str, int]:
            try:
                found = self._files.find(self._root, detail=True)
            except FileNotFoundError:
                return {}
            return {
                path.removeprefix(f"{self._root}/"): int(entry["size"])
                for path, entry in found.items()
                if not path.endswith("/")
            }

        return self._told(act)

    def bring(self, folder: Path) -> Stamps:
        """Write every object into a folder."""
        for key in sorted(self.sizes()):
            target = _below(folder, key)
            target.parent.mkdir(parents=True, exist_ok=True)
            source = f"{self._root}/{key}"
            self._told(lambda source=source, target=target: self._files.get_file(source, os.fspath(target)))  # type: ignore[misc]
        return stamps_of(folder)

    def take_back(self, folder: Path, before: Stamps) -> int:
        """Send what is new or changed in a folder; how many files. What was removed there stays here."""
        now = stamps_of(folder)
        changed = sorted(key for key, stamp in now.items() if before.get(key) != stamp)
        for key in changed:
            source = os.fspath(folder / key)
            target = f"{self._root}/{key}"
            self._told(lambda source=source, target=target: self._files.put_file(source, target))  # type: ignore[misc]
        return len(changed)


def stamps_of(folder: Path) -> Stamps:
    """What each plain file below a folder looks like."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        status = path.stat()
        stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        found[path.relative_to(folder).as_posix()] = stamp
    return found


def _below(folder: Path, key: str) -> Path:
    """A key as a path below a folder. Raises MountRefused for one that leads out of it."""
    parts = [part for part in key.split("/") if part]
    if ".." in parts or not parts:
        raise MountRefused(
            f"the bucket has the key {key!r}, which leads out of the mount point",
            "Rename that object, or declare the mount point elsewhere.",
        )
    return folder.joinpath(*parts)
