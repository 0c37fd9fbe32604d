"""What is different between two versions, and what a file holds in each of them."""

import difflib
import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from resources.data.schemas.comparing import SchemaChange
from resources.data.storage.objects import DamagedObject
from resources.data.tiers.recalling import recalling_store
from resources.data.trees.diff import Change, Kind
from resources.data.versions.service import VersionService
from resources.database.engine import Database
from resources.home import Home
from resources.terms import DatasetName

LARGEST_TEXT = 1024 * 1024
"""Bytes: texts above are not compared line by line."""
MOST_LINES = 5000
"""Nor are those with more lines: it takes as long as the square of their number."""
LARGEST_PICTURE = 16 * 1024 * 1024
MOST_PIXELS = 50_000_000
THUMBNAIL_PX = 112
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp"})
_TEXTS = frozenset({".csv", ".tsv", ".json", ".jsonl", ".txt", ".md", ".yaml", ".yml", ".xml"})


@dataclass(frozen=True)
class Changes:
    """The files that are not the same, and what that does to the schema."""

    files: tuple[Change, ...]
    schema: tuple[SchemaChange, ...] | None = ()
    """None where the schema of one of them is unknown."""

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
    versions = VersionService(home, database)
    files = tuple(versions.diff(dataset, before, after))
    return Changes(files, versions.schema_changes(dataset, before, after))


def is_picture(path: str) -> bool:
    """Whether a browser shows a file of this name as a picture."""
    return PurePosixPath(path).suffix.lower() in _PICTURES


def is_text(path: str) -> bool:
    """Whether a file of this name is one of lines."""
    return PurePosixPath(path).suffix.lower() in _TEXTS


@dataclass(frozen=True)
class Thumbnail:
    """A picture as small as it is shown."""

    png: bytes
    width_px: int
    """Of the picture itself."""
    height_px: int

    @property
    def is_tiny(self) -> bool:
        """Whether it has so few pixels that it is shown enlarged, each as a square."""
        return max(self.width_px, self.height_px) <= THUMBNAIL_PX // 2


class NoPicture(StrEnum):
    """Why there is none to show."""

    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    DAMAGED = "damaged"


def thumbnail_of(home: Home, md5: str) -> Thumbnail | NoPicture:
    """A picture of the store, made small."""
    from PIL import Image

    try:
        content = content_of(home, md5, LARGEST_PICTURE)
    except DamagedObject:
        return NoPicture.DAMAGED
    if content is None:
        return NoPicture.TOO_LARGE
    try:
        with Image.open(io.BytesIO(content)) as picture:
            width_px, height_px = picture.size
            if width_px * height_px > MOST_PIXELS:
                return NoPicture.TOO_LARGE
            picture.draft("RGB", (THUMBNAIL_PX, THUMBNAIL_PX))  # a JPEG is decoded no larger than needed
            small = picture.convert("RGBA")
            small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
            told = io.BytesIO()
            small.save(told, "PNG")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # as decoders raise
        return NoPicture.UNREADABLE
    return Thumbnail(told.getvalue(), width_px, height_px)


def lines_between(home: Home, before: str | None, after: str | None) -> list[str] | None:
    """The difference of two texts, as ``diff -u`` tells it; None where one is too large, or no text.

    Raises :class:`DamagedObject`.
    """
    old, new = ([] if md5 is None else text_of(home, md5) for md5 in (before, after))
    if old is None or new is None or max(len(old), len(new)) > MOST_LINES:
        return None
    lines = difflib.unified_diff(old, new, lineterm="", n=2)
    return [line.rstrip("\n") for line in lines][2:]


def text_of(home: Home, md5: str) -> list[str] | None:
    """The lines of a text; None for one that is too large, or no text. Raises :class:`DamagedObject`."""
    content = content_of(home, md5, LARGEST_TEXT)
    if content is None or b"\0" in content:
        return None
    try:
        return content.decode().splitlines()
    except UnicodeDecodeError:
        return None


def content_of(home: Home, md5: str, largest: int) -> bytes | None:
    """What an object of the store holds; None above ``largest`` bytes. Raises :class:`DamagedObject`."""
    objects = recalling_store(home.data / ".cache", home.database)
    path = objects.path(md5)
    if path.exists() and path.stat().st_size > largest:
        return None
    return objects.read(md5)
