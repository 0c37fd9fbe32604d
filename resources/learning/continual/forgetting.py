"""How much is forgotten: the accuracy on each task after each version. Pure values."""

from dataclasses import dataclass

from resources.errors import BadInput


@dataclass(frozen=True)
class ForgettingMatrix:
    """Accuracies, 0 to 1: row = the version, learnt after as many tasks; column = the task.

    A column above the diagonal is a task that the version had not seen. Raises :class:`BadInput` where the
    rows are not equally long, or there is none.
    """

    accuracies: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        """Refuse what is no matrix with one row for each of its tasks."""
        lengths = {len(row) for row in self.accuracies}
        if lengths != {len(self.accuracies)}:
            raise BadInput(
                f"a matrix of {len(self.accuracies)} versions has rows of {sorted(lengths)} tasks; "
                "expected one row for each task",
                "Measure every version on every task.",
            )

    @property
    def final_mean_accuracy(self) -> float:
        """Mean accuracy over all tasks after the last one."""
        return sum(self.accuracies[-1]) / len(self.accuracies[-1])

    @property
    def forgotten_by_task(self) -> tuple[float, ...]:
        """For each task but the last: its best accuracy since it was learnt, less its final one.

        Never negative: the final version is among those that are compared. (Chaudhry et al., "Riemannian
        walk for incremental learning", ECCV 2018, leave the final one out.)
        """
        last = len(self.accuracies) - 1
        return tuple(
            max(row[task] for row in self.accuracies[task:]) - self.accuracies[last][task]
            for task in range(last)
        )

    @property
    def forgetting(self) -> float:
        """Mean of :attr:`forgotten_by_task`; 0 where there is one task only."""
        by_task = self.forgotten_by_task
        return sum(by_task) / len(by_task) if by_task else 0.0


@dataclass(frozen=True)
class Forgotten:
    """How far the newest version is below the best one on one task."""

    task: str
    best: float
    best_version: str
    now: float

    @property
    def lost(self) -> float:
        """The fall, 0 to 1; never negative."""
        return self.best - self.now


@dataclass(frozen=True)
class VersionRow:
    """One version's accuracies, 0 to 1, on the tasks that it knew, in their order."""

    version: str
    accuracies: tuple[float | None, ...]
    """None where a task has nothing to be measured with."""

    def on(self, task: int) -> float | None:
        """Its accuracy on the task at this place; None too where it did not know it."""
        return self.accuracies[task] if task < len(self.accuracies) else None


@dataclass(frozen=True)
class VersionMatrix:
    """What the versions of one line know of each task, oldest first; a version may bring none, or several.

    Raises :class:`BadInput` where a version knows fewer tasks than one before it, or the last not all.
    """

    tasks: tuple[str, ...]
    rows: tuple[VersionRow, ...]

    def __post_init__(self) -> None:
        """Refuse rows that cannot belong together."""
        known = [len(row.accuracies) for row in self.rows]
        if not known or known != sorted(known) or known[-1] != len(self.tasks):
            raise BadInput(
                f"versions that know {known} of {len(self.tasks)} tasks are no line of versions; expected as "
                "many as before or more, and all of them in the end",
                "Give the versions of one line in their order.",
            )

    @property
    def forgotten(self) -> tuple[Forgotten, ...]:
        """Of each task that was known before the newest version; none where there is one version only."""
        found = []
        for task in range(len(self.rows[-2].accuracies) if len(self.rows) > 1 else 0):
            scores = self._scores(task)
            now = self.rows[-1].accuracies[task]
            if now is None or not scores:
                continue
            best, version = max(scores, key=lambda score: score[0])
            found.append(Forgotten(self.tasks[task], best, version, now))
        return tuple(found)

    @property
    def forgetting(self) -> float:
        """Mean fall from the best to the newest version, over :attr:`forgotten`; 0 where there is none."""
        lost = [one.lost for one in self.forgotten]
        return sum(lost) / len(lost) if lost else 0.0

    @property
    def backward_transfer(self) -> float:
        """Mean of what the newest version gained on tasks since each was learnt; negative where it lost.

        Lopez-Paz and Ranzato, "Gradient episodic memory for continual learning", NeurIPS 2017.
        """
        gains = []
        for task in range(len(self.rows[-2].accuracies) if len(self.rows) > 1 else 0):
            scores = self._scores(task)
            if scores:
                gains.append(scores[-1][0] - scores[0][0])
        return sum(gains) / len(gains) if gains else 0.0

    def best(self, task: int) -> float | None:
        """The largest accuracy that any version has on the task at this place; None where none has one."""
        return max((score for score, _ in self._scores(task)), default=None)

    def _scores(self, task: int) -> list[tuple[float, str]]:
        """What each version that knew it scored, oldest first."""
        return [(score, row.version) for row in self.rows if (score := row.on(task)) is not None]
