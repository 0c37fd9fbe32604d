"""A sequence of tasks, learnt one after another and measured after each."""

from collections.abc import Sequence

from resources.continual import ContinualSettings
from resources.errors import BadInput
from resources.learning.continual.forgetting import ForgettingMatrix
from resources.learning.continual.model import Learnt, Schedule, TaskData


def learn(
    tasks: Sequence[TaskData],
    tests: Sequence[TaskData],
    schedule: Schedule,
    settings: ContinualSettings,
    *,
    seed: int,
    classes: int = 1,
    threads: int = 1,
) -> Learnt:
    """Learn ``tasks`` in their order; after each, measure on the test samples of all of them.

    ``classes`` is how many the network tells apart from the start; labels beyond make its head grow. Which
    task a test sample belongs to is not told. The same arguments give the same numbers on the same kind of
    CPU. Raises :class:`BadInput` where tasks and tests do not belong together.
    """
    if not tasks or len(tasks) != len(tests):
        raise BadInput(
            f"{len(tasks)} tasks came with {len(tests)} test sets; expected as many, and at least one",
            "Give each task a test set.",
        )
    from resources.learning.continual.learner import Learner
    from resources.learning.network import thread_limit

    rows = []
    with thread_limit(threads):
        learner = Learner(classes, schedule, settings, seed)
        for task in tasks:
            learner.learn(task)
            rows.append(tuple(float((learner.predict(test.inputs) == test.labels).mean()) for test in tests))
    return Learnt(ForgettingMatrix(tuple(rows)), learner.method.buffer)
