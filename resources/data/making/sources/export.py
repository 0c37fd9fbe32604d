"""Exports of Label Studio: JSON, or JSON-MIN, with a task for each sample and what people answered."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from resources.data.making.sources.model import (
    PICTURES,
    Entry,
    Files,
    Reader,
    checked_name,
    refused_name,
)
from resources.data.making.sources.places import Places
from resources.data.making.sources.tables import name_of
from resources.data.model import Quarantined
from resources.errors import BadInput, NotFound

AT_ONCE = 8
_LOCAL_FILES = "/data/local-files/"
_UPLOADS = "/data/upload/"
_NO_ANSWERS = frozenset({"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time"})
"""What JSON-MIN has of each task besides its data and its answers."""


@dataclass(frozen=True)
class LabelStudioExport:
    """An exported file, and the folder in which its pictures lie."""

    name: str
    path: str
    image_key: str = "image"
    """Under which key of a task's data the picture stands."""
    choice_key: str = "choice"
    """Under which key JSON-MIN has the answers: what the labelling interface calls its ``Choices``."""
    pictures: str = "."
    """Where the paths in it start, seen from the export's own folder: the document root of local files, or
    the folder of uploads."""

    def __post_init__(self) -> None:
        """Refuse a name that cannot be."""
        checked_name(self.name)

    @contextmanager
    def opened(self, folder: Path, wanted: Files = PICTURES) -> Iterator[Reader]:
        """Read the export. Raises NotFound, and BadInput for a file that is none."""
        path = folder / self.path
        mend = "Export the project again, as JSON or JSON-MIN."
        try:
            tasks = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise NotFound(
                f"export {path} of source {self.name} is not there",
                "Put it there, or mend its path in the declaration of the data set.",
            ) from None
        except ValueError as problem:
            raise BadInput(
                f"export {path} of source {self.name} cannot be read as JSON: {problem}", mend
            ) from problem
        if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
            raise BadInput(f"export {path} of source {self.name} is no list of tasks", mend)
        yield _ExportReader(self, tasks, Places(path.parent / self.pictures, self.name), wanted)


@dataclass
class _ExportReader:
    source: LabelStudioExport
    tasks: list[dict[str, Any]]
    places: Places
    wanted: Files
    parallel: int = AT_ONCE
    _references: dict[str, str] = field(default_factory=dict)

    def entries(self) -> Iterator[Entry | Quarantined]:
        merged: dict[str, Entry | Quarantined] = {}
        for task in self.tasks:
            found = self._entry(task)
            name = found.name if isinstance(found, Entry) else found.file
            before = merged.get(name)
            if isinstance(before, Entry) and isinstance(found, Entry):
                labels = tuple(sorted({*before.labels, *found.labels}))
                found = Entry(name, labels, metadata=before.metadata)
            merged[name] = found
        yield from merged.values()
        if (others := self._other_keys()) is not None:
            yield Quarantined(
                Path(self.source.path).name.encode(errors="replace").decode(),
                f"no task of it has an answer under {self.source.choice_key!r}, so its samples have no "
                f"labels; other keys: {', '.join(map(repr, others)) or 'none'}",
                "Name the right key as choice_key in the declaration of the source; "
                "if nobody has answered yet, nothing.",
            )

    def stamp(self, entry: Entry) -> str:
        return self.places.stamp(self._references[entry.name])

    def read(self, entry: Entry) -> bytes:
        return self.places.read(self._references[entry.name])

    def _other_keys(self) -> list[str] | None:
        """Where answers may stand in tasks of JSON-MIN that have none where they should; None where all is
        well.
        """
        short = [task for task in self.tasks if "annotations" not in task]
        if any(self.source.choice_key in task for task in short):
            return None
        others = {key for task in short for key in task} - _NO_ANSWERS - {self.source.image_key, "data"}
        is_answered = any(task.get("annotation_id") is not None for task in short)
        return sorted(others) if others or is_answered else None

    def _entry(self, task: Mapping[str, Any]) -> Entry | Quarantined:
        shown = f"task {task.get('id', '?')}"
        data = task.get("data", task)
        reference = data.get(self.source.image_key) if isinstance(data, dict) else None
        if not isinstance(reference, str) or not reference:
            return Quarantined(
                shown,
                f"it has no picture under {self.source.image_key!r}",
                "Name the right key as image_key in the declaration of the source.",
            )
        try:
            place = place_of(reference)
        except ValueError as problem:
            return Quarantined(shown, f"its picture has no address: {problem}", "Mend the task in the file.")
        name = name_of(place)
        if (wrong := refused_name(name, self.wanted)) is not None:
            return wrong
        try:
            labels = tuple(sorted(set(labels_of(task, self.source.choice_key))))
        except (AttributeError, TypeError):
            return Quarantined(
                shown,
                "its answers are not written as Label Studio writes them",
                "Export the project again, or mend the task in the file.",
            )
        self._references[name] = place
        return Entry(name, labels, metadata={"task": str(task.get("id", ""))})


def place_of(reference: str) -> str:
    """The path or address of a picture as Label Studio writes it."""
    parts = urlsplit(reference)
    if not parts.scheme and parts.path == _LOCAL_FILES:
        return (parse_qs(parts.query).get("d") or [""])[0].lstrip("/")
    if not parts.scheme and reference.startswith(_UPLOADS):
        return reference.removeprefix(_UPLOADS)
    return reference


def labels_of(task: Mapping[str, Any], choice_key: str = "choice") -> list[str]:
    """The classes that people chose, one for each of their answers; skipped and cancelled ones are none.

    Raises AttributeError or TypeError for answers that Label Studio does not write.
    """
    if "annotations" not in task:
        choice = task.get(choice_key)
        return _listed(choice.get("choices") if isinstance(choice, dict) else choice)
    found = []
    for annotation in task["annotations"]:
        if annotation.get("was_cancelled"):
            continue
        for result in annotation.get("result", []):
            found += _listed(result.get("value", {}).get("choices"))
    return found


def _listed(choices: object) -> list[str]:
    """One answer or several, as texts."""
    if choices is None:
        return []
    if isinstance(choices, str):
        return [choices]
    if not isinstance(choices, list):
        raise TypeError(f"{choices!r} is no list of choices")
    return [str(one) for one in choices]
