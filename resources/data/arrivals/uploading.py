"""Files that somebody uploads: into the inbox once, or told why not.

The sensor of the data set takes them in from there, and a version brings them into the pool.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from resources.data.arrivals.service import ArrivalService
from resources.data.making.imaging import UnreadableSample, decoded
from resources.data.making.sources.model import (
    MAX_FILE_BYTES,
    PICTURES,
    TEXTS_AND_TABLES,
    files_of,
    refused_name,
    too_large,
)
from resources.data.making.sources.spreading import text_id
from resources.data.making.tables import HeldText, NoText, is_table, texts_in
from resources.data.making.texts import TEXT_SUFFIXES, decoded_text
from resources.data.service import DataService
from resources.data.storage.worktree import Progress
from resources.errors import NotFound
from resources.terms import DatasetName, SampleId


class Fate(StrEnum):
    """What became of a file."""

    NEW = "new"
    """It lies in the inbox now."""
    WAITS = "waits"
    """The same content lies in the inbox, or waits for a version, already."""
    KNOWN = "known"
    """The same content is in a version already."""
    REFUSED = "refused"
    """It is nothing that a version could take up; nothing was done."""


@dataclass(frozen=True)
class Uploaded:
    """What became of one file, and why."""

    path: Path
    fate: Fate
    sample: SampleId | None
    """The SHA-256 of its content; None where it was not read."""
    size_bytes: int
    reason: str
    """For one that is not new; empty else."""
    texts: int = 1
    """How many samples it holds that are new to the data set, where it is new itself."""
    bad_lines: tuple[str, ...] = ()
    """Of a file of texts: the lines that hold none, each with the reason. They cost no other."""


class Uploader:
    """Uploads to one data set. The same file twice, in one go or another, comes once."""

    def __init__(self, arrivals: ArrivalService, data: DataService, dataset: DatasetName) -> None:
        """Raises NotFound for a data set that no pipeline makes: nobody would take up what is uploaded."""
        versions = data.versions(dataset)
        if not versions:
            raise NotFound(
                f"there is no data set {dataset!r} that takes new samples; a declared one does, such as "
                "digits, once `trainplat up` has run",
                f"Add files to your own with a commit: trainplat data commit {dataset} FOLDER.",
            )
        self._arrivals, self._dataset = arrivals, dataset
        sealed = [one.version for one in versions if one.tree_md5 is not None]
        samples = data.samples(dataset, sealed[-1]) if sealed else []
        self._in_version = {one.id for one in samples}
        self._newest = sealed[-1] if sealed else None
        self._is_text = samples[0].path.suffix in TEXT_SUFFIXES if samples else None

    def upload(self, paths: Iterable[Path], progress: Progress) -> Iterator[Uploaded]:
        """Each file of ``paths``, and each one below those that are folders, as soon as it is done.

        Raises Unavailable when the disk is full; what was told before is uploaded.
        """
        came = self._arrivals.all_samples(self._dataset)
        for path in files_below(paths):
            done = self._one(path, came)
            if done.fate is Fate.NEW and done.sample is not None:
                came[done.sample] = "it lies in the inbox already"
            progress(1, done.size_bytes)
            yield done

    def _one(self, path: Path, came: dict[SampleId, str]) -> Uploaded:
        is_text = self._takes_texts(path)
        if (wrong := refused_name(path.name, files_of(is_text=is_text))) is not None:
            return Uploaded(path, Fate.REFUSED, None, 0, wrong.problem)
        try:
            size = path.stat().st_size
            if size > MAX_FILE_BYTES:
                return Uploaded(path, Fate.REFUSED, None, 0, str(too_large(size)))
            content = path.read_bytes()
        except OSError as problem:
            return Uploaded(path, Fate.REFUSED, None, 0, f"it cannot be read: {problem.strerror}")
        sample = SampleId(hashlib.sha256(content).hexdigest())
        if sample in self._in_version:
            return Uploaded(path, Fate.KNOWN, sample, len(content), f"it is in {self._newest} already")
        if sample in came:
            return Uploaded(path, Fate.WAITS, sample, len(content), came[sample])
        if is_text and is_table(path.name):
            told = self._table(path, sample, content, came)
        else:
            told = _whole(path, sample, content, is_text=is_text)
        if told.fate is Fate.NEW:
            self._arrivals.upload(self._dataset, path.name, content)
        return told

    def _takes_texts(self, path: Path) -> bool:
        """Before there is a version, a file says by its name what it is."""
        if self._is_text is not None:
            return self._is_text
        suffix = path.suffix.lower()
        return suffix in TEXTS_AND_TABLES.suffixes and suffix not in PICTURES.suffixes

    def _table(self, path: Path, table: SampleId, content: bytes, came: dict[SampleId, str]) -> Uploaded:
        found = list(texts_in(path.name, content))
        bad = tuple(str(one) for one in found if isinstance(one, NoText))
        texts = dict.fromkeys(text_id(one.content) for one in found if isinstance(one, HeldText))
        if not texts:
            reason = "none of its lines holds a text" if bad else "it holds no line"
            return Uploaded(path, Fate.REFUSED, table, len(content), reason, 0, bad)
        new = [one for one in texts if one not in self._in_version and one not in came]
        if not new:
            fate, reason = self._where(texts, came)
            return Uploaded(path, fate, table, len(content), reason, 0, bad)
        came |= dict.fromkeys(new, "it lies in the inbox already")
        return Uploaded(path, Fate.NEW, table, len(content), "", len(new), bad)

    def _where(self, texts: Mapping[SampleId, object], came: Mapping[SampleId, str]) -> tuple[Fate, str]:
        """Of texts none of which is new."""
        waits = [one for one in texts if one not in self._in_version]
        if not waits:
            return Fate.KNOWN, f"all its texts are in {self._newest} already"
        return Fate.WAITS, f"all its texts came before; the first: {came[waits[0]]}"


def _whole(path: Path, sample: SampleId, content: bytes, *, is_text: bool) -> Uploaded:
    try:
        if is_text:
            decoded_text(content)
        else:
            decoded(content)
    except UnreadableSample as problem:
        return Uploaded(path, Fate.REFUSED, sample, len(content), str(problem))
    return Uploaded(path, Fate.NEW, sample, len(content), "")


def files_below(paths: Iterable[Path]) -> Iterator[Path]:
    """The files, and all below folders by name, without the links and hidden files of folders."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for found in sorted(path.rglob("*")):
            is_hidden = any(part.startswith(".") for part in found.relative_to(path).parts)
            if not is_hidden and not found.is_symlink() and found.is_file():
                yield found


def counts(done: Sequence[Uploaded]) -> dict[Fate, int]:
    """How many files had which fate."""
    return {fate: sum(one.fate is fate for one in done) for fate in Fate}
