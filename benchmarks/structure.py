"""Structure search: does what it finds beat the champion, and does a network that grows say the same?

For each seed, labelled digits are drawn, a champion is trained on them as a round does, and a search carves
its validation parts out of these labels; what is neither labelled nor held out is the pool, without labels.
What it chooses is trained in full. Both are measured on the same held-out test images, which neither training
nor search has seen. "Without losing" is: at least as many of them right as the champion.
"""

import sys
from argparse import ArgumentParser, Namespace
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from benchmarks.seeds import parse_seeds
from resources.learning.evaluation import evaluate
from resources.learning.model import ClassIndices, Images
from resources.learning.structure.model import Candidate, Problem
from resources.learning.structure.search import Limits, Search
from resources.learning.training import train
from resources.terms import Label
from resources.train_settings import TrainSettings

NAME = "structure"
DESCRIPTION = "What a structure search finds beside the champion, on held-out images, by seed."

CLASSES = tuple(Label(str(digit)) for digit in range(10))
TEST = 1000


@dataclass(frozen=True)
class Asked:
    """One search."""

    seed: int
    labels: int
    trials: int
    budget_gpu_h: float
    epochs: int


@dataclass(frozen=True)
class Beside:
    """What was found beside the champion."""

    champion_accuracy: float
    found_accuracy: float
    latency_ratio: float
    size_ratio: float
    grown_max_difference: float
    spent_gpu_h: float
    pruned: int

    @property
    def beats(self) -> bool:
        """Ahead on one axis at least, without losing on accuracy."""
        ahead = self.found_accuracy > self.champion_accuracy or self.latency_ratio < 1 or self.size_ratio < 1
        return ahead and self.found_accuracy >= self.champion_accuracy


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of this benchmark."""
    parser.add_argument("--seeds", default="0-4", help="a range such as 0-4, or one number (default: 0-4)")
    parser.add_argument("--labels", type=int, default=150, help="labelled images (default: 150)")
    parser.add_argument("--trials", type=int, default=5, help="trials at most (default: 5)")
    parser.add_argument("--budget-gpu-h", type=float, default=1.0, help="lease hours × devices (default: 1)")
    parser.add_argument("--epochs", type=int, default=60, help="of the champion (default: 60, as in a round)")
    parser.add_argument("--processes", type=int, default=2, help="seeds side by side (default: 2)")


def run(args: Namespace) -> dict[str, float]:
    """Means over the seeds, and in how many of them what is found beats the champion."""
    asked = [
        Asked(seed, args.labels, args.trials, args.budget_gpu_h, args.epochs)
        for seed in parse_seeds(args.seeds)
    ]
    # Not forked: threads of torch do not survive it.
    with ProcessPoolExecutor(args.processes, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(beside, asked))
    metrics: dict[str, float] = {
        "seeds": len(found),
        "seeds_found_better": sum(one.beats for one in found),
        "grown_max_difference": max(one.grown_max_difference for one in found),
    }
    for name in (
        "champion_accuracy",
        "found_accuracy",
        "latency_ratio",
        "size_ratio",
        "spent_gpu_h",
        "pruned",
    ):
        metrics[f"{name}_mean"] = mean(float(getattr(one, name)) for one in found)
    for one, was in zip(found, asked, strict=True):
        metrics[f"accuracy_gain_{was.seed}"] = one.found_accuracy - one.champion_accuracy
        metrics[f"latency_ratio_{was.seed}"] = one.latency_ratio
        metrics[f"size_ratio_{was.seed}"] = one.size_ratio
    return metrics


def beside(asked: Asked) -> Beside:
    """Search once, and measure what was found beside the champion."""
    from resources.learning.network import from_bytes
    from resources.learning.structure.growing import parameters_of
    from resources.learning.structure.timing import latency_ratio

    images, labels, test_images, test_labels = drawn(asked.seed, asked.labels)
    pool = unlabelled(asked.seed, asked.labels)
    settings = TrainSettings(epochs=asked.epochs, incremental_epochs=max(1, asked.epochs * 2 // 3))
    champion = train(images, labels, CLASSES, settings, seed=asked.seed).weights
    problem = Problem(images, labels, CLASSES, champion, settings, asked.seed, pool=pool)
    with TemporaryDirectory() as folder:
        limits = Limits(asked.budget_gpu_h, most_trials=asked.trials)
        outcome = Search(problem, Path(folder) / "search.db", "digits", limits).run()
    found, ratio, what = champion, 1.0, "nothing"
    if outcome.chosen is not None:
        found = trained_in_full(problem, outcome.chosen.candidate)
        what = str(outcome.chosen.candidate)
        ratio = latency_ratio(from_bytes(found), from_bytes(champion), device="cpu")
    told = Beside(
        champion_accuracy=evaluate(champion, test_images, test_labels, CLASSES).accuracy,
        found_accuracy=evaluate(found, test_images, test_labels, CLASSES).accuracy,
        latency_ratio=ratio,
        size_ratio=parameters_of(from_bytes(found)) / parameters_of(from_bytes(champion)),
        grown_max_difference=grown_difference(champion, test_images, asked.seed),
        spent_gpu_h=outcome.spent_gpu_h,
        pruned=outcome.pruned,
    )
    accuracies = f"{told.champion_accuracy:.1%}, then {told.found_accuracy:.1%}"
    print(f"seed {asked.seed}: found {what}; {accuracies}", file=sys.stderr, flush=True)
    return told


def trained_in_full(problem: Problem, candidate: Candidate) -> bytes:
    """As the round of a version that a search planned does."""
    from resources.learning.structure.scoring import own_settings
    from resources.learning.structure.siblings import Siblings

    champion, own = problem.champion, own_settings(problem.settings, problem.champion)
    siblings = Siblings(champion, problem.images, problem.labels, problem.classes, own, problem.seed)
    return siblings.train(candidate, problem.pool)


def grown_difference(champion: bytes, images: Images, seed: int) -> float:
    """The largest difference of a probability, over all images, classes and structures of the space."""
    from resources.learning.network import from_bytes, to_bytes
    from resources.learning.prediction import predict
    from resources.learning.structure.growing import grown

    before = predict(champion, images, CLASSES)
    network = from_bytes(champion)
    channels = network.shape.channels
    most = 0.0
    for wider in (channels, channels * 3 // 2, channels * 2):
        for depth in range(3):
            after = predict(to_bytes(grown(network, channels=wider, depth=depth, seed=seed)), images, CLASSES)
            most = max(most, float(np.abs(after - before).max()))
    return most


def drawn(seed: int, count: int) -> tuple[Images, ClassIndices, Images, ClassIndices]:
    """Labelled images, and held-out ones, drawn from ``seed``; the images are as the platform's digits."""
    images, labels, order = shuffled(seed)
    mine, held_out = order[:count], order[-TEST:]
    return images[mine], labels[mine], images[held_out], labels[held_out]


def unlabelled(seed: int, count: int) -> Images:
    """The images that :func:`drawn` neither labels nor holds out."""
    images, _, order = shuffled(seed)
    return images[order[count:-TEST]]


def shuffled(seed: int) -> tuple[Images, ClassIndices, NDArray[np.int64]]:
    """All images and labels, and an order of them."""
    from sklearn.datasets import load_digits

    scans, digits = load_digits(return_X_y=True)
    images = ((scans.reshape(-1, 8, 8) * 255 + 8) // 16).astype(np.uint8)
    return images, digits.astype(np.int64), np.random.default_rng(seed).permutation(len(digits))
