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
