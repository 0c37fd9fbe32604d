"""Merges one file by record, and says what a merge from the other side would say."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from resources.data.merging.model import (
    Choice,
    Conflict,
    ConflictKind,
    Resolution,
    Resolved,
    Unused,
    Versions,
)
from resources.data.merging.questions import FileQuestions, Questions
from resources.data.merging.records.problem import NotByRecord
from resources.data.merging.records.rules import ID_FIELDS

PATH = "labels/file"
Merger = Callable[[Versions[bytes | None], Sequence[str], FileQuestions], bytes]
Contents = Sequence[bytes | str | None]
"""Base, ours and theirs."""
MIRRORED = {
    ConflictKind.CHANGED_DELETED: ConflictKind.DELETED_CHANGED,
    ConflictKind.DELETED_CHANGED: ConflictKind.CHANGED_DELETED,
    ConflictKind.FILE_AGAINST_FOLDER: ConflictKind.FOLDER_AGAINST_FILE,
    ConflictKind.FOLDER_AGAINST_FILE: ConflictKind.FILE_AGAINST_FOLDER,
}


@dataclass(frozen=True)
class Merged:
    """What came of one file."""

    content: bytes
    conflicts: tuple[Conflict, ...]
    resolved: tuple[Resolved, ...] = ()
    unused: tuple[Unused, ...] = ()

    @property
    def text(self) -> str:
        return self.content.decode()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def told(self) -> list[str]:
        return [conflict.sentence for conflict in self.conflicts]


def merged(
    merger: Merger,
    contents: Contents,
    resolutions: Sequence[Resolution] = (),
    id_fields: Sequence[str] = ID_FIELDS,
) -> Merged:
    """Of base, ours and theirs. Raises :class:`NotByRecord`."""
    questions = Questions(resolutions)
    versions = Versions(*(one.encode() if isinstance(one, str) else one for one in contents))
    content = merger(versions, id_fields, FileQuestions(questions, PATH))
    return Merged(content, tuple(questions.open), tuple(questions.resolved), questions.unused())


def answered(merger: Merger, contents: Contents, choice: Choice) -> Merged:
    """With the same answer to every conflict, by its id."""
    answers = [Resolution(choice, conflict=one.id) for one in merged(merger, contents).conflicts]
    return merged(merger, contents, answers)


def why_not(merger: Merger, *contents: bytes | str | None) -> str:
    """Why a file is not merged by record."""
    try:
        merged(merger, contents)
    except NotByRecord as problem:
        return problem.told
    raise AssertionError("it was merged by record")


def harmless(merger: Merger, *contents: bytes | None) -> bool:
    """Whether a merge ends as it may: it is done, or the file says why not."""
    with suppress(NotByRecord):
        merged(merger, contents)
    return True


def mirrored(conflicts: Sequence[Conflict]) -> set[tuple[object, ...]]:
    """The conflicts as the other side has them, without what depends on the side by nature."""
    return told(
        [
            replace(one, kind=MIRRORED.get(one.kind, one.kind), ours=one.theirs, theirs=one.ours)
            for one in conflicts
        ]
    )


def told(conflicts: Sequence[Conflict]) -> set[tuple[object, ...]]:
    """The conflicts without their ids and sentences."""
    return {
        (one.path, one.record, one.field, one.kind, one.base, one.ours, one.theirs, one.choices)
        for one in conflicts
    }


def check_laws(merger: Merger, base: bytes, ours: bytes, theirs: bytes) -> Merged:
    """The laws that hold for every kind of file."""
    one, other = merged(merger, (base, ours, theirs)), merged(merger, (base, theirs, ours))
    assert one.content == other.content, "the order of the sides counts"
    assert told(one.conflicts) == mirrored(other.conflicts)
    assert {first.id for first in one.conflicts}.isdisjoint(second.id for second in other.conflicts)
    assert len({first.id for first in one.conflicts}) == len(one.conflicts)
    for side in (ours, theirs):
        assert merged(merger, (base, side, base)) == Merged(side, ()), "what one side did is taken"
        assert merged(merger, (base, base, side)) == Merged(side, ())
        assert merged(merger, (base, side, side)) == Merged(side, ()), "what both did is taken"
    for choice in (Choice.OURS, Choice.THEIRS, Choice.BASE, Choice.DELETE):
        after = answered(merger, (base, ours, theirs), choice)
        assert not after.conflicts, "all is answered"
        assert not after.unused
        assert len(after.resolved) == len(one.conflicts)
        mirror = {Choice.OURS: Choice.THEIRS, Choice.THEIRS: Choice.OURS}.get(choice, choice)
        assert after.content == answered(merger, (base, theirs, ours), mirror).content
    if one.conflicts:
        assert answered(merger, (base, ours, theirs), Choice.BASE).content == one.content, "as in the base"
    return one
