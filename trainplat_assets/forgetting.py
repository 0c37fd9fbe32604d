"""What each version of a line knows of what the ones before it were taught.

A task is what came at once: the classes that a version has test images of and its parent has not, measured on
these. They stay the same from then on, so what one version scores can be held against another's.
"""

from collections.abc import Sequence

from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.learning.continual.forgetting import VersionMatrix, VersionRow
from resources.registry.model import RoundEvaluation
from resources.registry.service import RegistryService
from resources.terms import VersionKey

SHOWN_CLASSES = 4


def matrix_up_to(
    spec: DatasetSpec, version: VersionKey, data: DataService, registry: RegistryService
) -> VersionMatrix | None:
    """The matrix of a version and those that it came from; None before the first is measured."""
    parents = {one.version: one.parent for one in data.versions(spec.name)}
    measured = registry.evaluations(spec.name)
    line, at = list[RoundEvaluation](), parents.get(version) if version in parents else None
    if version in measured:
        line.append(measured[version])
    while at is not None:
        if at in measured:
            line.append(measured[at])
        at = parents.get(at)
    return matrix_of(line[::-1]) if line else None


def matrix_of(line: Sequence[RoundEvaluation]) -> VersionMatrix:
    """The matrix of rounds that followed each other, oldest first. Raises BadInput for none."""
    groups: list[tuple[str, list[int]]] = []
    rows = []
    known = frozenset[int]()
    for measured in line:
        if new := sorted(measured.tested_classes - known):
            groups.append((_name(measured, new), new))
            known |= measured.tested_classes
        rows.append(VersionRow(measured.version, tuple(_accuracy(measured, group) for _, group in groups)))
    return VersionMatrix(tuple(name for name, _ in groups), tuple(rows))


def problems_of(matrix: VersionMatrix, most_forgotten: float) -> list[str]:
    """Each task of which the newest version knows less than the best one, by more than is allowed."""
    return [
        f"{one.task}: {one.now:.1%} are right, {100 * one.lost:.1f} points less than with the model of "
        f"{one.best_version}; {100 * most_forgotten:g} are allowed"
        for one in matrix.forgotten
        if one.lost > most_forgotten
    ]


def table_of(matrix: VersionMatrix) -> str:
    """The matrix in Markdown: the best of each task bold."""
    best = [
        max((row.accuracies[task] or 0.0) for row in matrix.rows if task < len(row.accuracies))
        for task in range(len(matrix.tasks))
    ]
    lines = [
        "| model of | " + " | ".join(matrix.tasks) + " |",
        "|---|" + "---:|" * len(matrix.tasks),
    ]
    for row in matrix.rows:
        cells = [
            _cell(row.accuracies[task] if task < len(row.accuracies) else None, best[task])
            for task in range(len(matrix.tasks))
        ]
        lines.append(f"| {row.version} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(accuracy: float | None, best: float) -> str:
    if accuracy is None:
        return ""
    return f"**{accuracy:.1%}**" if accuracy == best else f"{accuracy:.1%}"


def _accuracy(measured: RoundEvaluation, group: Sequence[int]) -> float | None:
    confusion = measured.challenger_scores.confusion
    rows = [confusion[k] if k < len(confusion) else () for k in group]
    count = sum(sum(row) for row in rows)
    return sum(row[k] for k, row in zip(group, rows, strict=True) if row) / count if count else None


def _name(measured: RoundEvaluation, new: Sequence[int]) -> str:
    classes = [measured.classes[k] for k in new]
    shown = ", ".join(classes[:SHOWN_CLASSES])
    more = f" and {len(classes) - SHOWN_CLASSES} more" if len(classes) > SHOWN_CLASSES else ""
    return f"{measured.version}: {shown}{more}"
