"""From the lines of a file to samples: each line is judged, and the file is refused or taken as a whole."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from resources.data.byhand.model import GivenLabel, GivenLabels, GivenRow, NewPicture
from resources.data.byhand.reading import Table, refuse
from resources.data.making.imaging import UnreadableSample, decoded
from resources.data.making.sources.model import MAX_FILE_BYTES, refused_name, too_large
from resources.data.manifest import SampleRow
from resources.data.model import Split
from resources.data.spec import DatasetSpec
from resources.terms import Label, SampleId, VersionKey

LIKELY_MEANT = "expected a sample's id, the name of its file, or a picture beside this file"


@dataclass(frozen=True)
class Known:
    """What the data set has."""

    version: VersionKey
    """The newest sealed one."""
    rows: Sequence[SampleRow]
    came: Mapping[SampleId, str | None]
    """What came by itself and is in no sealed version: None while it waits, else why it cannot be used."""


@dataclass(frozen=True)
class Unusable:
    """A name that means no sample."""

    why: str


def resolve(spec: DatasetSpec, path: Path, table: Table, known: Known) -> GivenLabels:
    """What the rows say of which samples. Raises :class:`BadInput`, which names each line that is wrong."""
    finder = _Finder(path.parent, known)
    complaints = list(table.complaints)
    said: dict[SampleId, GivenRow] = {}
    pictures: dict[SampleId, NewPicture] = {}
    splits = {row.id: row.split for row in known.rows}
    for row in table.rows:
        if row.label not in spec.classes:
            complaints.append(
                (row.line, f"label {row.label!r} is no class; expected one of {', '.join(spec.classes)}")
            )
        found = finder.find(row.name)
        if isinstance(found, Unusable):
            complaints.append((row.line, found.why))
            continue
        sample = found.sample if isinstance(found, NewPicture) else found
        if isinstance(found, NewPicture):
            pictures[sample] = found
        if splits.get(sample) is Split.TEST:
            complaints.append(
                (row.line, f"{row.name} is held out for testing in {known.version}; nothing trains on it")
            )
        elif known.came.get(sample) is not None:
            complaints.append((row.line, f"{row.name} cannot be used: {known.came[sample]}"))
        first = said.setdefault(sample, row)
        if first.label != row.label:
            complaints.append(
                (row.line, f"{row.name} is labelled {row.label!r}; line {first.line} says {first.label!r}")
            )
    refuse(path, complaints)
    return GivenLabels(
        tuple(GivenLabel(sample, Label(row.label), row) for sample, row in said.items()),
        tuple(pictures.values()),
    )


class _Finder:
    """Finds the sample that a name means."""

    def __init__(self, folder: Path, known: Known) -> None:
        self._folder = folder
        self._ids = {row.id for row in known.rows} | set(known.came)
        self._version = known.version
        self._named: dict[str, set[SampleId]] = defaultdict(set)
        for row in known.rows:
            for name in {row.source, row.path, PurePosixPath(row.source).name, PurePosixPath(row.path).name}:
                self._named[name].add(row.id)

    def find(self, name: str) -> SampleId | NewPicture | Unusable:
        """The sample, a picture that is new, or what is wrong."""
        if SampleId(name) in self._ids:
            return SampleId(name)
        beside = self._folder / name
        try:
            is_there = "\0" not in name and beside.is_file()
        except OSError:
            is_there = False
        if is_there:
            return self._picture(name, beside)
        found = self._named.get(name, set())
        if len(found) > 1:
            return Unusable(f"{name} is the name of {len(found)} samples of {self._version}; expected an id")
        if not found:
            return Unusable(f"{name!r} is unknown in {self._version}; {LIKELY_MEANT}")
        return next(iter(found))

    def _picture(self, name: str, path: Path) -> SampleId | NewPicture | Unusable:
        if (wrong := refused_name(path.name)) is not None:
            return Unusable(f"{name}: {wrong.problem}")
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                return Unusable(f"{name}: {too_large(path.stat().st_size)}")
            content = path.read_bytes()
        except OSError as problem:
            return Unusable(f"{name} cannot be read: {problem.strerror}")
        sample = SampleId(hashlib.sha256(content).hexdigest())
        if sample in self._ids:
            return sample
        try:
            decoded(content)
        except UnreadableSample as problem:
            return Unusable(f"{name}: {problem}")
        return NewPicture(sample, name, content)
