"""What sources offer, taken into the object store: only what is new or changed is read."""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from resources.data.making.inventory import FoundFile, Inventory
from resources.data.making.sources.model import PICTURES, Entry, EntryProblem, Files, Reader, Source
from resources.data.model import Quarantined
from resources.data.storage.objects import ObjectStore, StoredObject
from resources.errors import Unavailable
from resources.files import disk_problem, write_atomically
from resources.terms import SampleId

AT_ONCE = 256
"""So many entries are read before what was read is written down: what a kill can cost."""


@dataclass(frozen=True)
class Known:
    """What was read under one stamp."""

    stamp: str
    id: SampleId
    stored: StoredObject


def take_from(
    source: Source,
    folder: Path,
    objects: ObjectStore,
    journal: Path,
    *,
    wanted: Files = PICTURES,
    most_new: int | None = None,
) -> Inventory:
    """Take up all that ``source`` offers; ``journal`` remembers what was read before.

    With ``most_new`` it ends when so many entries, or a few more, have been read anew: ``cut_short``.

    Raises BadInput, NotFound and Unavailable for a source that cannot be used at all; what was read until
    then is remembered, as it is after a kill. One entry that cannot be had is among the strays.
    """
    memory = Journal(journal)
    known = memory.read()
    files: list[FoundFile] = []
    strays: list[Quarantined] = []
    seen: dict[str, Known] = {}
    new, cut_short = 0, False
    with source.opened(folder, wanted) as reader, memory:
        for batch in _batches(reader.entries(), AT_ONCE if reader.parallel > 1 else 1):
            if most_new is not None and new >= most_new:
                cut_short = True
                break
            strays += [_called(source, one) for one in batch if isinstance(one, Quarantined)]
            entries = [one for one in batch if isinstance(one, Entry)]
            taken = _take(entries, reader, known, objects, journal)
            for entry, got in zip(entries, taken, strict=True):
                if isinstance(got, Quarantined):
                    strays.append(_called(source, got))
                    continue
                if known.get(entry.name) != got:
                    memory.add(entry.name, got)
                    new += 1
                seen[entry.name] = got
                files.append(
                    FoundFile(
                        f"{source.name}/{entry.name}",
                        got.id,
                        got.stored,
                        entry.labels,
                        entry.split,
                        tuple(sorted(entry.metadata.items())),
                    )
                )
    if not cut_short and known.keys() - seen.keys():
        memory.write(seen)
    return Inventory(tuple(files), tuple(strays), cut_short)


class Journal:
    """A line of JSON for each entry that was read; of two for one name the later counts.

    Losing it costs time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> "Journal":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self.path.open("a", encoding="utf-8")
        if self._file.tell():
            self._file.write("\n")  # so that a line that was cut short spoils no other
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, name: str, known: Known) -> None:
        """Remember one entry, from the next batch on even after a kill."""
        self._file.write(_line(name, known))
        self._file.flush()

    def read(self) -> dict[str, Known]:
        """What is remembered; lines that cannot be read are none."""
        found: dict[str, Known] = {}
        with suppress(FileNotFoundError), self.path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                with suppress(ValueError, TypeError, KeyError):
                    name, stamp, identity, md5, size_bytes = json.loads(line)
                    found[name] = Known(stamp, SampleId(identity), StoredObject(md5, int(size_bytes)))
        return found

    def write(self, known: dict[str, Known]) -> None:
        """Remember these and no others."""
        write_atomically(self.path, "".join(_line(name, one) for name, one in known.items()))


def _take(
    entries: list[Entry], reader: Reader, known: dict[str, Known], objects: ObjectStore, near: Path
) -> list[Known | Quarantined]:
    def take(entry: Entry) -> Known | Quarantined:
        before = known.get(entry.name)
        try:
            stamp = reader.stamp(entry)
            if before is not None and stamp and before.stamp == stamp and objects.holds(before.stored):
                return before
            content = reader.read(entry)
            return Known(stamp, SampleId(hashlib.sha256(content).hexdigest()), objects.put(content))
        except EntryProblem as problem:
            return Quarantined(entry.name, str(problem), problem.next_step)
        except OSError as problem:
            if isinstance(full := disk_problem(problem, near), Unavailable):
                raise full from problem
            reason = problem.strerror or type(problem).__name__
            return Quarantined(
                entry.name, f"it cannot be read: {reason}", "Make it readable, or leave it out."
            )

    if reader.parallel == 1 or len(entries) == 1:
        return [take(entry) for entry in entries]
    with ThreadPoolExecutor(reader.parallel) as pool:
        return list(pool.map(take, entries))


def _batches(entries: Iterator[Entry | Quarantined], size: int) -> Iterator[list[Entry | Quarantined]]:
    while batch := list(islice(entries, size)):
        yield batch


def _called(source: Source, stray: Quarantined) -> Quarantined:
    return Quarantined(f"{source.name}/{stray.file}", stray.problem, stray.next_step)


def _line(name: str, known: Known) -> str:
    return json.dumps([name, known.stamp, known.id, known.stored.md5, known.stored.size_bytes]) + "\n"
