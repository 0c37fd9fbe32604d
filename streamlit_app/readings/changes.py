"""What is different between two versions, and what a file holds in each of them."""

import difflib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from resources.data.storage.objects import ObjectStore
from resources.data.trees.diff import Change, Kind
from resources.data.versions.service import VersionService
from resources.database.engine import Database
from resources.home import Home
from resources.terms import DatasetName

LARGEST_TEXT = 256 * 1024
"""Bytes: texts above are not compared line by line."""
LARGEST_PICTURE = 8 * 1024 * 1024
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp"})
_TEXTS = frozenset({".csv", ".tsv", ".json", ".jsonl", ".txt", ".md", ".yaml", ".yml", ".xml"})


@dataclass(frozen=True)
class Changes:
    """The files that are not the same."""

    files: tuple[Change, ...]

    @property
    def counts(self) -> Mapping[Kind, int]:
        """How many of each kind; those with none are 0."""
        return Counter(one.kind for one in self.files)

    @property
    def grown_bytes(self) -> int:
        """By how much the later version is larger; below zero where it is smaller."""
        return sum(one.size_after - one.size_before for one in self.files)

    def matching(self, part: str, kinds: frozenset[Kind]) -> tuple[Change, ...]:
        """Those of the kinds whose path has ``part`` in it, in capitals or not; no kinds: all."""
        wanted = part.strip().casefold()
        return tuple(
            one
            for one in self.files
            if (not kinds or one.kind in kinds) and (not wanted or wanted in one.path.casefold())
        )


def read_changes(home: Home, database: Database, dataset: DatasetName, before: str, after: str) -> Changes:
    """Compare two versions. Raises what :meth:`VersionService.diff` does."""
    return Changes(tuple(VersionService(home, database).diff(dataset, before, after)))


def is_picture(path: str) -> bool:
    """Whether a browser shows a file of this name as a picture."""
    return PurePosixPath(path).suffix.lower() in _PICTURES


def is_text(path: str) -> bool:
    """Whether a file of this name is one of lines."""
    return PurePosixPath(path).suffix.lower() in _TEXTS


def picture_of(home: Home, md5: str | None) -> bytes | None:
    """A picture as it lies in the store; None for none, and for one that is too large to show.

    Raises :class:`~resources.data.storage.objects.DamagedObject`.
    """
    return None if md5 is None else _read(home, md5, LARGEST_PICTURE)


def lines_between(home: Home, before: str | None, after: str | None) -> list[str] | None:
    """The difference of two texts, as ``diff -u`` tells it; None where one is too large, or no text."""
    texts = []
    for md5 in (before, after):
        content = b"" if md5 is None else _read(home, md5, LARGEST_TEXT)
        if content is None:
            return None
        try:
            texts.append(content.decode().splitlines())
        except UnicodeDecodeError:
            return None
    lines = difflib.unified_diff(texts[0], texts[1], lineterm="", n=2)
    return [line.rstrip("\n") for line in lines][2:]


def _read(home: Home, md5: str, largest: int) -> bytes | None:
    objects = ObjectStore(home.data / ".cache")
    path = objects.path(md5)
    if path.exists() and path.stat().st_size > largest:
        return None
    return objects.read(md5)
