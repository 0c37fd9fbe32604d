"""The packs of one tier: keep one, read it, take it away.

A file of ours lies beside them and tells whose they are. Where it is missing, what is looked at is not the
tier's place: the disk is not mounted, say. Then nothing is written there, and nothing counts as lost.
"""

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from resources.data.places.model import RemoteProblem
from resources.data.places.place import Place
from resources.data.tiers.model import Pack, TierPlace

MARK = "trainplat-tier.txt"
"""The name of the file that tells whose packs lie there."""


class Shelf(Place):
    """A tier's place, through fsspec as remotes are. Threads may share it."""

    def __init__(self, place: TierPlace) -> None:
        super().__init__(place.remote)
        self._place = place

    @property
    def mark(self) -> str:
        """What the file says where these packs lie: one home sets one tier at one moment."""
        return f"{self._place.tier.value} {self._place.set_at.isoformat()}\n"

    def mark_there(self) -> str | None:
        """What the file says that lies there; None where there is none, or an empty one that a kill left."""
        try:
            found = self._told(lambda: self._files.cat_file(f"{self._root}/{MARK}"))
        except FileNotFoundError:
            return None
        return bytes(found).decode(errors="replace") or None

    def claim(self) -> None:
        """Say there that it is this tier's place; all of it or nothing, whatever happens."""
        if self.mark_there() != self.mark:
            self._told(lambda: self._write_whole(f"{self._root}/{MARK}", self.mark.encode()))

    def leave(self) -> None:
        """Say there no more that it is this tier's place."""
        if self.mark_there() == self.mark:
            self._remove(f"{self._root}/{MARK}")

    def refuse_elsewhere(self) -> None:
        """Raise :class:`RemoteProblem` where this is not the tier's place now."""
        found, tier = self.mark_there(), self._place.tier.value
        if found == self.mark:
            return
        how = "is missing there" if found is None else f"says {found.strip()!r} there"
        raise RemoteProblem(
            f"the {tier} tier is not at {self._place.url} now: its file {MARK} {how}",
            "Mount or start what lies there, then run the same thing again; nothing is lost meanwhile. If it "
            f"is there, say so: trainplat data tier set {tier} {self._place.url}.",
        )

    def keep(self, pack: Pack, source: Path) -> None:
        """Bring a pack there, and read it back: when this returns it is there, whole, and lasts."""
        self.refuse_elsewhere()
        path = self._pack_path(pack.id)
        self._told(lambda: self._put(path, source, "sha256", pack.id, read_again=True), self._here(path))
        if self.is_local:
            for place in (path, path.rpartition("/")[0]):
                _sync(place)

    def has(self, pack: Pack) -> bool:
        """Whether a pack is there."""
        return self._told(lambda: self._size(self._pack_path(pack.id))) is not None

    def part(self, pack: Pack, start: int, stop: int) -> bytes:
        """Some bytes of a pack. Raises FileNotFoundError for one that is lost."""
        path = self._pack_path(pack.id)
        try:
            return bytes(self._told(lambda: self._files.cat_file(path, start=start, end=stop)))
        except FileNotFoundError:
            self.refuse_elsewhere()
            raise

    def bring(self, pack: Pack, target: Path) -> None:
        """Write a pack into ``target``. Raises FileNotFoundError for one that is lost."""
        try:
            self._told(lambda: self._files.get_file(self._pack_path(pack.id), os.fspath(target)), target)
        except FileNotFoundError:
            self.refuse_elsewhere()
            raise

    def is_whole(self, pack: Pack) -> bool:
        """Whether a pack is there and is what its name says; all of it is read."""
        try:
            return self._told(lambda: self._digest_there(self._pack_path(pack.id), "sha256")) == pack.id
        except FileNotFoundError:
            return False

    def discard(self, pack: Pack) -> None:
        """Take a pack away, if it is there."""
        self.refuse_elsewhere()
        self._remove(self._pack_path(pack.id))

    def _write_whole(self, path: str, content: bytes) -> None:
        if self._is_s3:
            self._write(path, content)
            return
        draft = f"{path}.{token_hex(6)}.tmp"
        self._write(draft, content)
        if self.is_local:
            _sync(draft)
        else:  # not every kind renames over what is there
            with suppress(FileNotFoundError):
                self._files.rm_file(path)
        self._files.mv(draft, path)
        if self.is_local:
            _sync(self._root)

    def _pack_path(self, name: str) -> str:
        return f"{self._root}/packs/{name[:2]}/{name}.pack"


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
