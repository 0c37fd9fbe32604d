"""How much is forgotten when tasks are learnt one after another: every method, on scikit-learn's digits.

Class-incremental: five tasks of two digits each. Domain-incremental: all digits, upright and turned by 90,
180 and 270 degrees. Which task a test image belongs to is not told. One default setting serves both.
"""

from argparse import ArgumentParser, Namespace
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from statistics import mean, stdev

import numpy as np
from numpy.typing import NDArray

from benchmarks.seeds import parse_seeds
from resources.continual import ContinualSettings, MethodName, published_derpp
from resources.learning.continual.forgetting import ForgettingMatrix
from resources.learning.continual.model import Schedule, TaskData
from resources.learning.continual.sequence import learn

NAME = "continual"
DESCRIPTION = "Final mean accuracy, in percent, after tasks that were learnt one after another, by method."

CLASSES = 10
EPOCHS = {"class": 30, "domain": 15}
"""For each task."""

DEFAULT = ContinualSettings()
METHODS = {name.value: replace(DEFAULT, method=name) for name in MethodName} | {
    "derpp_published": published_derpp()
}


@dataclass(frozen=True)
class Asked:
    """One sequence that is learnt."""

    scenario: str
    method: str
    seed: int
    samples: int | None = None
    """Training samples in each task at most; None for all."""


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of this benchmark."""
    parser.add_argument("--seeds", default="0-9", help="a range such as 0-9, or one number (default: 0-9)")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--scenarios", nargs="+", default=list(EPOCHS), choices=list(EPOCHS))
    parser.add_argument("--processes", type=int, default=2, help="seeds side by side (default: 2)")
    parser.add_argument("--samples", type=int, help="training samples a task (default: all)")


def run(args: Namespace) -> dict[str, float]:
    """Final mean accuracies and forgetting, mean over the seeds; the default method has the plain names."""
    seeds = parse_seeds(args.seeds)
    asked = [
        Asked(scenario, method, seed, args.samples)
        for seed in seeds
        for scenario in args.scenarios
        for method in args.methods
    ]
    # Not forked: threads of torch do not survive it.
    with ProcessPoolExecutor(args.processes, mp_context=get_context("spawn")) as pool:
        matrices = dict(zip(asked, pool.map(matrix_of, asked), strict=True))
    metrics: dict[str, float] = {"seeds": len(seeds)}
    for scenario in args.scenarios:
        for method in args.methods:
            told = [
                found for one, found in matrices.items() if (one.scenario, one.method) == (scenario, method)
            ]
            metrics |= _metrics(f"{scenario}_incremental", method, told)
    return metrics


def matrix_of(asked: Asked) -> ForgettingMatrix:
    """Learn one sequence."""
    tasks, tests = sequences(asked.scenario, asked.seed, asked.samples)
    schedule = Schedule(EPOCHS[asked.scenario])
    return learn(tasks, tests, schedule, METHODS[asked.method], seed=asked.seed, classes=CLASSES).matrix


def sequences(scenario: str, seed: int, samples: int | None = None) -> tuple[list[TaskData], list[TaskData]]:
    """The training and the test sets of a scenario; a quarter of the images of each class is for testing."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    kept, held_out = train_test_split(
        np.arange(len(digits.target)), test_size=0.25, stratify=digits.target, random_state=seed
    )
    images = (digits.images / 16).astype(np.float32)

    def task(rows: NDArray[np.integer], turns: int) -> TaskData:
        inputs = np.rot90(images[rows], turns, axes=(1, 2)).reshape(len(rows), -1)
        ids = np.array([f"{row}-{turns}" for row in rows])
        return TaskData(ids, np.ascontiguousarray(inputs), digits.target[rows].astype(np.int64))

    if scenario == "domain":
        return [task(kept[:samples], turns) for turns in range(4)], [
            task(held_out, turns) for turns in range(4)
        ]
    pairs = [(first, first + 1) for first in range(0, CLASSES, 2)]

    def of(rows: NDArray[np.integer], pair: tuple[int, int]) -> TaskData:
        return task(rows[np.isin(digits.target[rows], pair)], 0)

    return [of(kept[:samples], pair) for pair in pairs], [of(held_out, pair) for pair in pairs]


def _metrics(name: str, method: str, matrices: list[ForgettingMatrix]) -> dict[str, float]:
    final = [100 * one.final_mean_accuracy for one in matrices]
    metrics = {
        f"{name}_{method}": round(mean(final), 3),
        f"{name}_{method}_sd": round(stdev(final), 3) if len(final) > 1 else 0.0,
        f"{name}_{method}_forgetting": round(100 * mean(one.forgetting for one in matrices), 3),
    }
    return ({name: metrics[f"{name}_{method}"]} if method == DEFAULT.method else {}) | metrics
