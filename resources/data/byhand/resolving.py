"""From the lines of a file to samples: each line is judged, and the file is refused or taken as a whole."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from resources.data.byhand.marking import answer_of
from resources.data.byhand.model import Complaint, GivenLabel, GivenLabels, GivenRow, NewSample
from resources.data.byhand.reading import Table, refuse
from resources.data.making.imaging import UnreadableSample
from resources.data.making.kinds import check_readable
from resources.data.making.sources.model import MAX_FILE_BYTES, PICTURES, TEXTS, refused_name, too_large
from resources.data.manifest import SampleRow
from resources.data.model import Split
from resources.data.spec import DatasetSpec
from resources.kinds import Kind
from resources.marks import same, told
from resources.terms import Label, SampleId, VersionKey


@dataclass(frozen=True)
class Known:
    """What the data set has."""

    version: VersionKey
    """The newest sealed one."""
    rows: Sequence[SampleRow]
    came: Mapping[SampleId, str | None]
    """What came by itself and is in no sealed version: None while it waits, else why it cannot be used."""
    read: Callable[[SampleId], bytes]
    """The content of any of these."""


@dataclass(frozen=True)
class Unusable:
    """A name that means no sample."""

    why: str


def resolve(spec: DatasetSpec, path: Path, table: Table, known: Known) -> GivenLabels:
    """What the rows say of which samples. Raises :class:`BadInput`, which names each line that is wrong."""
    finder = _Finder(spec.kind, path.parent, known)
    complaints = list(table.complaints)
    said: dict[SampleId, tuple[GivenRow, Label]] = {}
    fresh: dict[SampleId, NewSample] = {}
    splits = {row.id: row.split for row in known.rows}
    for row in table.rows:
        found = finder.find(row)
        if isinstance(found, Unusable):
            complaints += [(row.line, found.why), *answer_of(spec, row, None)[1]]
            continue
        sample = found.sample if isinstance(found, NewSample) else found
        if isinstance(found, NewSample):
            fresh[sample] = found
        why = known.came.get(sample)
        if splits.get(sample) is Split.TEST:
            why = f"{row.name} is held out for testing in {known.version}; nothing trains on it"
            complaints.append((row.line, why))
        elif why is not None:
            complaints.append((row.line, f"{row.name} cannot be used: {why}"))
        answer, wrong = answer_of(spec, row, None if why else _content(found, known))
        complaints += wrong
        if answer is None:
            continue
        first, before = said.setdefault(sample, (row, answer))
        if not same(spec.kind, before, answer):
            complaints.append(_contradiction(spec.kind, row, answer, first, before))
    refuse(path, complaints)
    return GivenLabels(
        tuple(GivenLabel(sample, answer, row) for sample, (row, answer) in said.items()),
        tuple(fresh.values()),
    )


def _content(found: SampleId | NewSample, known: Known) -> Callable[[], bytes]:
    return lambda: found.content if isinstance(found, NewSample) else known.read(found)


def _contradiction(kind: Kind, row: GivenRow, answer: Label, first: GivenRow, before: Label) -> Complaint:
    if kind.has_one_class:
        return row.line, f"{row.name} is labelled {answer!r}; line {first.line} says {before!r}"
    there = f"line {first.line} with {told(kind, before)}, or with the same elsewhere"
    return row.line, f"{row.name} is marked with {told(kind, answer)}; {there}"


class _Finder:
    """Finds the sample that a row means."""

    def __init__(self, kind: Kind, folder: Path, known: Known) -> None:
        self._kind = kind
        self._folder = folder
        self._ids = {row.id for row in known.rows} | set(known.came)
        self._version = known.version
        self._named: dict[str, set[SampleId]] = defaultdict(set)
        for row in known.rows:
            for name in {row.source, row.path, PurePosixPath(row.source).name, PurePosixPath(row.path).name}:
                self._named[name].add(row.id)

    def find(self, row: GivenRow) -> SampleId | NewSample | Unusable:
        """The sample, one that is new, or what is wrong."""
        if row.text is not None:
            return self._text(row.name, row.text)
        name = row.name
        if SampleId(name) in self._ids:
            return SampleId(name)
        beside = self._folder / name
        try:
            is_there = "\0" not in name and beside.is_file()
        except OSError:
            is_there = False
        if is_there:
            return self._file(name, beside)
        found = self._named.get(name, set())
        if len(found) > 1:
            return Unusable(f"{name} is the name of {len(found)} samples of {self._version}; expected an id")
        if not found:
            what = "text" if self._kind.is_text else "picture"
            return Unusable(
                f"{name!r} is unknown in {self._version}; expected a sample's id, the name of its file, or a "
                f"{what} beside this file"
            )
        return next(iter(found))

    def _file(self, name: str, path: Path) -> SampleId | NewSample | Unusable:
        if (wrong := refused_name(path.name, TEXTS if self._kind.is_text else PICTURES)) is not None:
            return Unusable(f"{name}: {wrong.problem}")
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                return Unusable(f"{name}: {too_large(path.stat().st_size)}")
            content = path.read_bytes()
        except OSError as problem:
            return Unusable(f"{name} cannot be read: {problem.strerror}")
        return self._new(name, name, content)

    def _text(self, told_as: str, text: str) -> SampleId | NewSample | Unusable:
        """A text that is given itself: a file of it may end with a line's end besides."""
        try:
            content = text.encode()
        except UnicodeEncodeError as problem:
            return Unusable(f"the text {told_as}: {problem.reason} at character {problem.start}")
        with_end = _id_of(content + b"\n")
        return with_end if with_end in self._ids else self._new(f"the text {told_as}", "text.txt", content)

    def _new(self, told_as: str, name: str, content: bytes) -> SampleId | NewSample | Unusable:
        sample = _id_of(content)
        if sample in self._ids:
            return sample
        try:
            check_readable(self._kind, content)
        except UnreadableSample as problem:
            return Unusable(f"{told_as}: {problem}")
        return NewSample(sample, name, content)


def _id_of(content: bytes) -> SampleId:
    return SampleId(hashlib.sha256(content).hexdigest())
