"""What the stages of a version hand on, and what a sealed version says about itself."""

import csv
import hashlib
import io
import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

from resources.data.making.texts import TEXT_SUFFIXES
from resources.data.model import (
    CollectReport,
    Quarantined,
    Split,
    SplitReport,
    TransformReport,
    ValidateReport,
)
from resources.data.splitting import SplitRule
from resources.terms import DatasetName, Label, SampleId, VersionKey

IMAGES_FOLDER = "images"
TEXTS_FOLDER = "texts"
PIXELS_FILE = "pixels.npy"
SAMPLES_FILE = "samples.csv"
VERSION_FILE = "version.json"

T = TypeVar("T")
Metadata = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CollectedSample:
    """A sample whose content is stored."""

    id: SampleId
    md5: str
    size_bytes: int
    file: str
    """Its name in the source folder; of several with this content the first."""
    labels: tuple[str, ...]
    """What the source says about it: none, one, or several that contradict each other."""
    kept: bool
    """Whether the parent has it already."""
    split: str | None = None
    """Where its source wants it; no source of an older version said so."""
    metadata: Metadata = ()


@dataclass(frozen=True)
class Collected:
    """What stage 1 hands on."""

    samples: tuple[CollectedSample, ...]
    strays: tuple[Quarantined, ...]
    """What was found and is no sample."""
    report: CollectReport


@dataclass(frozen=True)
class Validated:
    """What stage 2 hands on."""

    made_from: str
    """Digest of the stage before, like the same field below."""
    samples: tuple[CollectedSample, ...]
    report: ValidateReport


@dataclass(frozen=True)
class Transformed:
    """What stage 3 hands on; the pixels are an object of their own, a row for each sample."""

    made_from: str
    samples: tuple[CollectedSample, ...]
    pixels_md5: str
    pixels_size_bytes: int
    report: TransformReport


@dataclass(frozen=True)
class SampleRow:
    """One line of a version's ``samples.csv``."""

    id: SampleId
    split: Split
    label: Label | None
    md5: str
    size_bytes: int
    source: str
    """Its name in the source folder when it came; that of another source begins with the source's name."""
    metadata: Metadata = ()
    """What its source said about it besides, by name."""

    @property
    def path(self) -> str:
        """Where the sample lies in the tree, and by its last part among the samples."""
        is_text = self.file_name.endswith(tuple(TEXT_SUFFIXES))
        return f"{TEXTS_FOLDER if is_text else IMAGES_FOLDER}/{self.file_name}"

    @property
    def file_name(self) -> str:
        """``<id>`` with the suffix that the source's name has."""
        suffix = "." + self.source.rpartition(".")[2].lower()
        return f"{self.id}{suffix}"


@dataclass(frozen=True)
class Divided:
    """What stage 4 hands on: all that the tree will hold."""

    made_from: str
    samples: tuple[SampleRow, ...]
    pixels_md5: str
    pixels_size_bytes: int
    rule: SplitRule
    report: SplitReport


@dataclass(frozen=True)
class VersionDocument:
    """``version.json``: a sealed version about itself. No times: the same data gives the same tree."""

    dataset: DatasetName
    version: VersionKey
    parent: VersionKey | None
    classes: tuple[Label, ...]
    image_size_px: tuple[int, int]
    rule: SplitRule
    collected: CollectReport
    validated: ValidateReport
    transformed: TransformReport
    divided: SplitReport


def to_json(document: object) -> bytes:
    """``document``, a dataclass of this subject, as JSON; the same value gives the same bytes."""
    return cast(bytes, _adapter(cast(Hashable, type(document))).dump_json(document, indent=1)) + b"\n"


def from_json(kind: type[T], text: bytes) -> T:
    """A document as :func:`to_json` wrote it. Raises ValueError for anything else."""
    return cast(T, _adapter(cast(Hashable, kind)).validate_json(text))


def digest_of(*parts: object) -> str:
    """SHA-256 over values that are written as text, each on a line of its own."""
    return hashlib.sha256("\n".join(str(part) for part in parts).encode()).hexdigest()


def samples_to_csv(rows: Sequence[SampleRow]) -> bytes:
    """The text of ``samples.csv``; it has a column ``metadata`` where a sample has any."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    with_metadata = any(row.metadata for row in rows)
    columns = ["id", "split", "label", "path", "source", "size_bytes", "md5"]
    table.writerow([*columns, "metadata"] if with_metadata else columns)
    for row in rows:
        line = [row.id, row.split, row.label or "", row.path, row.source, row.size_bytes, row.md5]
        more = [json.dumps(dict(row.metadata), ensure_ascii=False) if row.metadata else ""]
        table.writerow([*line, *more] if with_metadata else line)
    return text.getvalue().encode()


def samples_from_csv(text: bytes) -> list[SampleRow]:
    """The rows of a ``samples.csv`` that :func:`samples_to_csv` wrote."""
    return [
        SampleRow(
            SampleId(row["id"]),
            Split(row["split"]),
            Label(row["label"]) if row["label"] else None,
            row["md5"],
            int(row["size_bytes"]),
            row["source"],
            tuple(json.loads(row["metadata"]).items()) if row.get("metadata") else (),
        )
        for row in csv.DictReader(io.StringIO(text.decode()))
    ]


@cache
def _adapter(kind: Hashable) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(cast(Any, kind))
