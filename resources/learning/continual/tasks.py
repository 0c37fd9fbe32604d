"""Which tasks the versions of a line were taught, and what each model knows of them. Pure.

A task is what came at once: the classes that a version has test samples of and its parent has not, measured
on these. They stay the same from then on, so what one version scores can be held against another's.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from resources.learning.continual.forgetting import VersionMatrix, VersionRow
from resources.terms import Label, VersionKey

SHOWN_CLASSES = 4


class Tested(Protocol):
    """How the model of a version did on its test set."""

    @property
    def version(self) -> VersionKey:
        """The version that it was trained from."""
        ...

    @property
    def hits(self) -> Mapping[Label, tuple[int, int]]:
        """Of each class how many were found, and how many there are."""
        ...


OneTested = TypeVar("OneTested", bound=Tested)


def matrix_up_to(
    version: VersionKey,
    parents: Mapping[VersionKey, VersionKey | None],
    measured: Mapping[VersionKey, Tested],
) -> VersionMatrix | None:
    """The matrix of a version and those that it came from; None before the first is measured."""
    line = line_up_to(version, parents, measured)
    return matrix_of(line) if line else None


def line_up_to(
    version: VersionKey,
    parents: Mapping[VersionKey, VersionKey | None],
    measured: Mapping[VersionKey, OneTested],
) -> list[OneTested]:
    """What was measured of a version and of those that it came from, oldest first."""
    line, at = list[OneTested](), version if version in parents or version in measured else None
    while at is not None:
        if at in measured:
            line.append(measured[at])
        at = parents.get(at)
    return line[::-1]


def matrix_of(line: Sequence[Tested]) -> VersionMatrix:
    """The matrix of rounds that followed each other, oldest first. Raises BadInput for none."""
    tasks: list[tuple[str, tuple[Label, ...]]] = []
    rows = []
    known = set[Label]()
    for one in line:
        tested = [label for label, (_, there) in one.hits.items() if there]
        if new := tuple(label for label in tested if label not in known):
            tasks.append((_name(one.version, new), new))
            known.update(new)
        rows.append(VersionRow(one.version, tuple(_share(one, classes) for _, classes in tasks)))
    return VersionMatrix(tuple(name for name, _ in tasks), tuple(rows))


def _share(one: Tested, classes: Sequence[Label]) -> float | None:
    hits = one.hits
    found = [hits.get(label, (0, 0)) for label in classes]
    count = sum(there for _, there in found)
    return sum(right for right, _ in found) / count if count else None


def _name(version: VersionKey, classes: Sequence[Label]) -> str:
    shown = ", ".join(classes[:SHOWN_CLASSES])
    more = f" … +{len(classes) - SHOWN_CLASSES}" if len(classes) > SHOWN_CLASSES else ""
    return f"{version}: {shown}{more}"
