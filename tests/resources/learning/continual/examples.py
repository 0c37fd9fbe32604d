"""Samples to remember, and tasks that a small network learns in a second."""

import numpy as np

from resources.learning.continual.buffer import Remembered
from resources.learning.continual.model import TaskData


def remembered(count: int, *, task: int = 0, classes: int = 2, width: int = 2, seed: int = 0) -> Remembered:
    """``count`` samples of two inputs, whose ids tell task and row."""
    random = np.random.default_rng([seed, task])
    return Remembered(
        ids=np.array([f"{task}-{row}" for row in range(count)], dtype=np.str_),
        inputs=random.normal(size=(count, 2)).astype(np.float32),
        labels=random.integers(0, classes, count, dtype=np.int64),
        tasks=np.full(count, task, dtype=np.int64),
        logits=random.normal(size=(count, width)).astype(np.float32),
    )


def heaps(labels: list[int], count: int, seed: int) -> TaskData:
    """For each label a heap of points around a place of its own."""
    random = np.random.default_rng(seed)
    places = np.array([[5.0, 3.0], [3.0, 5.0], [1.0, 3.0], [3.0, 1.0]])
    truth = np.repeat(np.array(labels, dtype=np.int64), count)
    inputs = (places[truth] + random.normal(scale=0.5, size=(len(truth), 2))).astype(np.float32)
    return TaskData(np.array([f"{labels}-{row}" for row in range(len(truth))]), inputs, truth)
