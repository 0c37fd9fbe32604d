"""What each version of a line knows of what the ones before it were taught, and what that stops."""

from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.learning.continual import tasks
from resources.learning.continual.forgetting import VersionMatrix
from resources.registry.service import RegistryService
from resources.terms import VersionKey


def matrix_up_to(
    spec: DatasetSpec, version: VersionKey, data: DataService, registry: RegistryService
) -> VersionMatrix | None:
    """The matrix of a version and those that it came from; None before the first is measured."""
    parents = {one.version: one.parent for one in data.versions(spec.name)}
    return tasks.matrix_up_to(version, parents, registry.evaluations(spec.name))


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
    lines = [
        "| model of | " + " | ".join(matrix.tasks) + " |",
        "|---|" + "---:|" * len(matrix.tasks),
    ]
    for row in matrix.rows:
        cells = [_cell(row.on(task), matrix.best(task)) for task in range(len(matrix.tasks))]
        lines.append(f"| {row.version} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(accuracy: float | None, best: float | None) -> str:
    if accuracy is None:
        return ""
    return f"**{accuracy:.1%}**" if accuracy == best else f"{accuracy:.1%}"
