"""What of the files that lie at a place is new, and which of it can be used."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from resources.data.arrivals.model import Arrival
from resources.data.making.imaging import UnreadableSample
from resources.data.making.inventory import FoundFile
from resources.data.making.kinds import check_readable
from resources.data.making.sources.spreading import text_id
from resources.data.making.tables import HeldText, NoText, is_table, name_in, texts_in
from resources.data.spec import DatasetSpec
from resources.data.storage.objects import ObjectStore
from resources.terms import SampleId


@dataclass(frozen=True)
class Judged:
    """What is new."""

    new: list[Arrival]
    """Samples, and after those of a file that holds many the file itself."""
    whole: list[FoundFile]
    """The files of which nothing is left to come."""


def judge(
    spec: DatasetSpec,
    objects: ObjectStore,
    files: Sequence[FoundFile],
    known: set[SampleId],
    now: datetime,
    most_new: int,
) -> Judged:
    """Judge what is not ``known`` yet, until so many new samples are found; the texts of files are stored.

    A file of many texts is known when all its lines are: what a limit, or a kill, leaves of it comes with
    the next look.
    """
    judged = Judged([], [])
    for file in files:
        if file.id not in known:
            if not (spec.kind.is_text and is_table(file.name)):
                judged.new.append(_judged(spec, objects, file, now))
            elif not _take_texts(judged.new, spec, objects, file, known, now, most_new):
                return judged
            known.add(file.id)
        judged.whole.append(file)
    return judged


def _take_texts(
    new: list[Arrival],
    spec: DatasetSpec,
    objects: ObjectStore,
    table: FoundFile,
    known: set[SampleId],
    now: datetime,
    most_new: int,
) -> bool:
    """Whether all of them were taken."""
    texts = 0
    for one in texts_in(table.name, objects.read(table.stored.md5)):
        texts += isinstance(one, HeldText)
        sample = text_id(one.content) if isinstance(one, HeldText) else _line_id(table, one)
        if sample in known:
            continue
        if len(new) >= most_new:
            return False
        known.add(sample)
        if isinstance(one, HeldText):
            stored = objects.put(one.content)
            name = name_in(table.name, one.line)
            new.append(Arrival(spec.name, sample, name, stored, now, None, None, one.metadata))
        else:
            new.append(Arrival(spec.name, sample, table.name, table.stored, now, str(one), None))
    new.append(Arrival(spec.name, table.id, table.name, table.stored, now, None, None, (), texts))
    return True


def _line_id(table: FoundFile, line: NoText) -> SampleId:
    """A bad line is told of once, however often its file is written anew with more behind it."""
    told = hashlib.sha256(f"no text\0{table.name}\0{line}".encode(errors="replace"))
    return SampleId(told.hexdigest())


def _judged(spec: DatasetSpec, objects: ObjectStore, file: FoundFile, now: datetime) -> Arrival:
    problem = None
    try:
        check_readable(spec.kind, objects.read(file.stored.md5))
    except UnreadableSample as reason:
        problem = str(reason)
    return Arrival(spec.name, file.id, file.name, file.stored, now, problem, None)
