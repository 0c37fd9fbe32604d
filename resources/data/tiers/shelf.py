"""The packs of one tier: keep one, read it, take it away."""

import os
from pathlib import Path

from resources.data.places.place import Place
from resources.data.tiers.model import Pack, TierPlace


class Shelf(Place):
    """A tier's place, through fsspec as remotes are. Threads may share it."""

    def __init__(self, place: TierPlace) -> None:
        super().__init__(place.remote)

    def keep(self, pack: Pack, source: Path) -> None:
        """Bring a pack there, and read it back: when this returns it is there, whole, and lasts."""
        path = self._pack_path(pack.id)
        self._told(lambda: self._put(path, source, "sha256", pack.id, read_again=True))
        if self.is_local:
            for place in (path, path.rpartition("/")[0]):
                _sync(place)

    def part(self, pack: Pack, start: int, stop: int) -> bytes:
        """Some bytes of a pack. Raises FileNotFoundError."""
        path = self._pack_path(pack.id)
        return bytes(self._told(lambda: self._files.cat_file(path, start=start, end=stop)))

    def bring(self, pack: Pack, target: Path) -> None:
        """Write a pack into ``target``. Raises FileNotFoundError."""
        self._told(lambda: self._files.get_file(self._pack_path(pack.id), os.fspath(target)))

    def is_whole(self, pack: Pack) -> bool:
        """Whether a pack is there and is what its name says; all of it is read."""
        try:
            return self._told(lambda: self._digest_there(self._pack_path(pack.id), "sha256")) == pack.id
        except FileNotFoundError:
            return False

    def discard(self, pack: Pack) -> None:
        """Take a pack away, if it is there."""
        self._remove(self._pack_path(pack.id))

    def _pack_path(self, name: str) -> str:
        return f"{self._root}/packs/{name[:2]}/{name}.pack"


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
