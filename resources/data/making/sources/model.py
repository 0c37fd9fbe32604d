"""What a source is, and what it gives."""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Protocol

from resources.data.making.imaging import IMAGE_SUFFIXES
from resources.data.making.texts import TABLE_SUFFIXES, TEXT_SUFFIXES
from resources.data.model import Quarantined
from resources.errors import BadInput

MIB = 1024 * 1024
MAX_FILE_BYTES = 256 * MIB
"""What is larger is no image that could be decoded, and no file of texts that is read at once."""

INBOX = "inbox"
"""The source that each data set has: the folder that new samples without a label are put into."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_SECRET = re.compile(r"(?<=//)[^/@\s]+@|[?#]\S*")


class LabelsFrom(StrEnum):
    """Where the labels of files stand that come without a table of their own."""

    NOTHING = "nothing"
    FOLDER = "folder"
    """The name of the folder that a file lies in is its label: ``cat/17.png``."""


class EntryProblem(Exception):
    """One entry cannot be taken; the message says why in a clause, ``next_step`` what to do. Others can."""

    def __init__(self, problem: str, next_step: str) -> None:
        super().__init__(problem)
        self.next_step = next_step


@dataclass(frozen=True)
class Files:
    """Which files are taken, by how their names end."""

    suffixes: frozenset[str]
    what: str
    """One of them, with its article."""


PICTURES = Files(IMAGE_SUFFIXES, "an image")
TEXTS = Files(TEXT_SUFFIXES, "a text")
TEXTS_AND_TABLES = Files(TEXT_SUFFIXES | TABLE_SUFFIXES, "a text")
"""And the files that hold many texts, see `resources.data.making.tables`."""


def files_of(*, is_text: bool) -> Files:
    """What sources offer to data sets of texts, or of pictures."""
    return TEXTS_AND_TABLES if is_text else PICTURES


@dataclass(frozen=True)
class Entry:
    """One file that a source offers, not read yet."""

    name: str
    """Unique in its source, without credentials; it ends as the files that are wanted do."""
    labels: tuple[str, ...] = ()
    """None, one, or several that contradict each other."""
    split: str | None = None
    """Where the source wants it: train, pool or test."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """What else the source says about it."""


class Reader(Protocol):
    """A source that is open."""

    parallel: int
    """How many entries may be read at once."""

    def entries(self) -> Iterator[Entry | Quarantined]:
        """What is offered, and what cannot be taken with the reason."""
        ...

    def stamp(self, entry: Entry) -> str:
        """Changes whenever the content may have changed: an ETag, or size and time. Empty where unknown.

        Raises :class:`EntryProblem`, and Unavailable when the source is gone.
        """
        ...

    def read(self, entry: Entry) -> bytes:
        """The content of an entry. Raises :class:`EntryProblem`, and Unavailable when the source is gone."""
        ...


class Source(Protocol):
    """Where samples come from, as a data set declares it."""

    @property
    def name(self) -> str:
        """How people call it; unique in its data set, and the first part of its samples' names."""
        ...

    def opened(self, folder: Path, wanted: Files = PICTURES) -> AbstractContextManager[Reader]:
        """Open it; relative paths start at ``folder``. What is not ``wanted`` is offered with that as reason.

        Raises BadInput, NotFound and Unavailable.
        """
        ...


def checked_name(name: str) -> None:
    """Refuse a name that could not be the first part of a sample's. Raises :class:`BadInput`."""
    if _NAME.fullmatch(name) is None:
        raise BadInput(
            f"source name {name!r} is not of the form [a-z0-9][a-z0-9_-]*",
            "Choose a name such as camera-1.",
        )


def without_secrets(url: str) -> str:
    """An address that may be shown: no user, no password, no query with a signature."""
    return _SECRET.sub("", url)


def refused_name(name: str, wanted: Files = PICTURES) -> Quarantined | None:
    """Why a file of this name is not taken, where these are wanted; None where it may be."""
    if (readable := name.encode(errors="replace").decode()) != name:
        return Quarantined(readable, "its name is no UTF-8 text", "Rename it.")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name or "\\" in name:
        return Quarantined(
            name,
            "its name leads out of the place that it came in",
            "Make the archive, or the table, again with plain names below one folder.",
        )
    if path.suffix.lower() not in wanted.suffixes:
        return Quarantined(
            name,
            f"its name does not end like {wanted.what}'s: {', '.join(sorted(wanted.suffixes))}",
            f"Rename it if it is {wanted.what}, else leave it out.",
        )
    return None


def folder_label(name: str, labels: LabelsFrom) -> tuple[str, ...]:
    """What the place of a file says about its label."""
    parent = PurePosixPath(name).parent.name
    return (parent,) if labels is LabelsFrom.FOLDER and parent else ()


def too_large(size_bytes: int) -> EntryProblem:
    """An entry that is larger than any sample."""
    return EntryProblem(
        f"it has {size_bytes / MIB:.0f} MiB or more; expected at most {MAX_FILE_BYTES // MIB}",
        "Leave it out, or make it smaller.",
    )
