"""What lies in a source folder: each file read and hashed once, and not again while it does not change."""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from resources.data.making.folders import files_below
from resources.data.making.imaging import IMAGE_SUFFIXES
from resources.data.making.source import LABELS_FILE
from resources.data.model import Quarantined
from resources.data.storage.objects import ObjectStore, StoredObject
from resources.errors import Unavailable
from resources.files import disk_problem, write_atomically
from resources.terms import SampleId

_STILL_FOR_NS = 2_000_000_000
"""A file that changed less than this before it was read may change again with the same time stamp."""


@dataclass(frozen=True)
class FoundFile:
    """A file of the source folder; its content is in the object store."""

    name: str
    id: SampleId
    stored: StoredObject
    labels: tuple[str, ...] = ()
    """What its source says about it, where that stands in no ``labels.csv``; like the two below."""
    split: str | None = None
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Inventory:
    """All that a source folder holds, by name."""

    files: tuple[FoundFile, ...]
    strays: tuple[Quarantined, ...]
    cut_short: bool = False
    """Whether there is more than this."""


def take_inventory(
    folder: Path, objects: ObjectStore, index: Path, suffixes: frozenset[str] = IMAGE_SUFFIXES
) -> Inventory:
    """Read every new or changed file of ``folder`` into ``objects``; ``index`` remembers the others.

    Raises :class:`Unavailable` when the disk is full, and for a folder that cannot be read.
    """
    known = _read_index(index)
    what = "an image" if suffixes == IMAGE_SUFFIXES else "a text"
    remembered: dict[str, list[str | int]] = {}
    files: list[FoundFile] = []
    strays: list[Quarantined] = []
    for path in files_below(folder, strays):
        if path.name.startswith(".") or path.name == LABELS_FILE:
            continue
        name = path.relative_to(folder).as_posix()
        if path.suffix.lower() not in suffixes:
            strays.append(
                Quarantined(
                    name,
                    f"its name does not end like {what}'s: {', '.join(sorted(suffixes))}",
                    f"Rename it if it is {what}, else move it out of the source folder.",
                )
            )
            continue
        try:
            found, stamp = _found_file(path, name, objects, known.get(name))
        except OSError as problem:
            if isinstance(told := disk_problem(problem, index), Unavailable):
                raise told from problem
            strays.append(
                Quarantined(name, f"it cannot be read: {problem.strerror}", "Make it readable, or remove it.")
            )
            continue
        files.append(found)
        remembered[name] = stamp
    if remembered != known:
        write_atomically(index, json.dumps(remembered))
    return Inventory(tuple(files), tuple(strays))


def _found_file(
    path: Path, name: str, objects: ObjectStore, known: list[str | int] | None
) -> tuple[FoundFile, list[str | int]]:
    before = path.stat()
    state: list[str | int] = [before.st_size, before.st_mtime_ns, before.st_ctime_ns, before.st_ino]
    if known is not None and known[:4] == state:
        stored = StoredObject(str(known[5]), before.st_size)
        if objects.holds(stored):
            return FoundFile(name, SampleId(str(known[4])), stored), known
    content = path.read_bytes()
    identity = SampleId(hashlib.sha256(content).hexdigest())
    stored = objects.put(content)
    if time.time_ns() - max(before.st_mtime_ns, before.st_ctime_ns) < _STILL_FOR_NS:
        state = [-1, -1, -1, -1]
    return FoundFile(name, identity, stored), [*state, identity, stored.md5]


def _read_index(index: Path) -> dict[str, list[str | int]]:
    try:
        known = json.loads(index.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return (
        {name: stamp for name, stamp in known.items() if len(stamp) == 6} if isinstance(known, dict) else {}
    )
