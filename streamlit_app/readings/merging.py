"""How far the merge of a branch is, and what a conflict is about."""

import difflib
import json
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from resources.data.merges.model import Answer, Merge, MergeState
from resources.data.merges.service import MergeService
from resources.data.merging.globs import matches
from resources.data.merging.model import Conflict, How, Resolved, Unused
from resources.database.engine import Database
from resources.errors import BadInput
from resources.home import Home
from resources.terms import DatasetName, VersionKey
from streamlit_app.readings.changes import is_picture, text_of

SHORT_TEXT_LINES = 12
"""A text up to so long is shown whole; of a longer one, what is different."""
SHOWN_LINES = 40
PATTERNS_OFFERED = 8
_ALL = "**"
_MD5 = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Looked:
    """What the merge of a branch would come to, without the files that it would make."""

    merge: Merge
    conflicts: tuple[Conflict, ...]
    """Those left, by path."""
    resolved: tuple[Resolved, ...]
    unused: tuple[Unused, ...]
    counts: Mapping[How, int]
    answers: tuple[Answer, ...]
    pictures: Mapping[str, str]
    """The pictures that records in conflict are about, as the MD5 of each, by the id of the record."""


@dataclass(frozen=True)
class Stand:
    """What a merge depends on: while it is the same, the merge comes to the same."""

    place: str
    """Of the home."""
    dataset: DatasetName
    branch: str
    heads: tuple[VersionKey, VersionKey]
    """Of the main line and of the branch."""
    changed_at: datetime
    """When it was tried last: policy is given then."""
    answers: int


class Thing(StrEnum):
    """What a side of a conflict is shown as."""

    NOTHING = "nothing"
    """It is not there."""
    PICTURE = "picture"
    TEXT = "text"
    LINES = "lines"
    """What is different from what it was."""
    FIELDS = "fields"
    """Of a record."""
    OBJECT = "object"
    """A file that is neither picture nor text."""


@dataclass(frozen=True)
class Side:
    """What one version has in the place of a conflict."""

    thing: Thing
    text: str = ""
    """The MD5 of a picture or another object; else what is shown."""
    fields: Mapping[str, str] | None = None
    """The fields of a record, as JSON."""


def read_merges(home: Home, database: Database, dataset: DatasetName) -> dict[str, Merge]:
    """All merges of a data set that were tried, by branch; the newest first."""
    return {one.branch: one for one in MergeService(home, database).merges(dataset)}


def read_merge(home: Home, database: Database, dataset: DatasetName, branch: str) -> Looked:
    """Look what the merge would come to now. Raises what :meth:`MergeService.look` does."""
    service = MergeService(home, database)
    tried = service.look(dataset, branch)
    outcome = tried.outcome
    answers = tuple(service.answers(dataset, branch))
    asked = [*tried.conflicts, *(one.conflict for one in outcome.resolved)]
    pictures = pictures_of({one.record for one in asked if one.record is not None}, outcome.merged)
    return Looked(
        tried.merge, tried.conflicts, outcome.resolved, outcome.unused, outcome.counts, answers, pictures
    )


def pictures_of(records: Collection[str], files: Mapping[str, str]) -> dict[str, str]:
    """The picture that each record is about: called like it, with its folder and ending or without."""
    found: dict[str, str] = {}
    if not records:
        return found
    for path, md5 in files.items():
        name = path.rpartition("/")[2]
        for called in (path, name, name.rpartition(".")[0]):
            if called in records and is_picture(path):
                found.setdefault(called, md5)
    return found


def is_open(merge: Merge | None) -> bool:
    """Whether a merge was begun and waits for answers."""
    return merge is not None and merge.state is MergeState.OPEN


def by_record(conflicts: Sequence[Conflict]) -> list[tuple[Conflict, ...]]:
    """Conflicts that are about one record, or one file, together; in their order."""
    return [tuple(found) for _, found in groupby(conflicts, lambda one: (one.path, one.record))]


def sides_of(home: Home, one: Conflict) -> tuple[Side, Side, Side]:
    """What it was, what ours has, and what theirs has. Raises :class:`DamagedObject`."""
    values = (one.base, one.ours, one.theirs)
    if one.record is None and one.field is None:
        if is_picture(one.path) and all(value is None or _MD5.fullmatch(value) for value in values):
            base, ours, theirs = (Side(Thing.PICTURE, value) if value else _NOTHING for value in values)
            return base, ours, theirs
        return _file_sides(home, values)
    fields = [_fields(value) for value in values]
    if one.field is None and all(
        found is not None or value is None for found, value in zip(fields, values, strict=True)
    ):
        told = _different(fields)
        base, ours, theirs = (
            _NOTHING if found is None else Side(Thing.FIELDS, fields=found) for found in told
        )
        return base, ours, theirs
    base, ours, theirs = (_NOTHING if value is None else Side(Thing.TEXT, value) for value in values)
    return base, ours, theirs


def patterns_for(conflicts: Sequence[Conflict]) -> list[str]:
    """Patterns that mean several of the paths in conflict: a folder, a kind of file, a file of records, all.

    The one that means the most comes first, but all comes last: nobody answers all by mistake. Of those
    that mean the same one is offered.
    """
    paths = [one.path for one in conflicts]
    counts = Counter(glob for path in paths for glob in _patterns_of(path))
    offered: dict[tuple[int, ...], str] = {}
    for glob, count in counts.most_common(3 * PATTERNS_OFFERED):
        if count > 1 and _can_be_shown(glob):
            offered.setdefault(tuple(at for at, path in enumerate(paths) if matches(glob, path)), glob)
    order = sorted(offered, key=lambda one: (offered[one] == _ALL, -len(one), one))
    return [offered[meant] for meant in order[-PATTERNS_OFFERED:]]


def meant_by(glob: str, conflicts: Sequence[Conflict]) -> int:
    """How many conflicts a pattern means; none for one that cannot be used."""
    try:
        return sum(matches(glob, one.path) for one in conflicts)
    except BadInput:
        return 0


_NOTHING = Side(Thing.NOTHING)


def _file_sides(home: Home, values: Sequence[str | None]) -> tuple[Side, Side, Side]:
    texts = [text_of(home, value) if value and _MD5.fullmatch(value) else None for value in values]

    def side(at: int) -> Side:
        value, text = values[at], texts[at]
        if value is None:
            return _NOTHING
        if not _MD5.fullmatch(value):
            return Side(Thing.TEXT, value)  # what lies in a folder
        if text is None:
            return Side(Thing.OBJECT, value)
        if len(text) <= SHORT_TEXT_LINES:
            return Side(Thing.TEXT, "\n".join(text))
        if at == 0 or texts[0] is None:
            return Side(Thing.TEXT, "\n".join([*text[:SHORT_TEXT_LINES], "…"]))
        lines = list(difflib.unified_diff(texts[0], text, lineterm="", n=1))[2:]
        return Side(
            Thing.LINES, "\n".join([*lines[:SHOWN_LINES], *(["…"] if len(lines) > SHOWN_LINES else [])])
        )

    return side(0), side(1), side(2)


def _fields(value: str | None) -> dict[str, str] | None:
    """The fields of a record that is told as a JSON object; None for anything else."""
    try:
        told = json.loads(value or "")
    except ValueError:  # also one that was cut
        return None
    if not isinstance(told, dict):
        return None
    return {str(name): json.dumps(each, ensure_ascii=False) for name, each in told.items()}


def _different(sides: Sequence[Mapping[str, str] | None]) -> list[Mapping[str, str] | None]:
    """The fields that are not the same on all sides."""
    there = [one for one in sides if one is not None]
    names = list(dict.fromkeys(name for one in there for name in one))
    if len(there) > 1:
        names = [name for name in names if len({one.get(name) for one in there}) > 1] or names
    return [None if one is None else {name: one[name] for name in names if name in one} for one in sides]


def _patterns_of(path: str) -> list[str]:
    """Those that mean a path, the plainest first."""
    *folders, name = path.split("/")
    stem, _, suffix = name.rpartition(".")
    within = [_literal("/".join(folders[:depth])) + "/**" for depth in range(1, len(folders) + 1)]
    whole = _literal(path) if folders else f"/{_literal(path)}"
    return [*within, *([f"*.{_literal(suffix)}"] if stem else []), whole, _ALL]


def _literal(text: str) -> str:
    """A pattern that means this text alone."""
    return re.sub(r"([*?\[])", r"[\1]", text)


def _can_be_shown(glob: str) -> bool:
    """Whether a browser can be told it: names of files may hold any bytes."""
    try:
        glob.encode()
    except UnicodeEncodeError:
        return False
    return True
