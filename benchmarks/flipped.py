"""Whether wrong labels are found: 5 % of the digits' labels are flipped, and the review returns 10 %.

For each seed other labels are flipped, each to another class at random. The platform's own network is trained
on four fifths and says what the other fifth is, five times; confident learning then returns what it doubts.
"""

from argparse import ArgumentParser, Namespace
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from benchmarks.result import spread
from benchmarks.seeds import parse_seeds
from benchmarks.stack import say

NAME = "flipped"
DESCRIPTION = (
    "Labels that the review returns when 5 % of the digits' labels are flipped at random: the share of the "
    "flipped ones among the 10 % returned at most, and how many of those returned were flipped."
)

FLIPPED_SHARE = 0.05
RETURNED_SHARE = 0.1
CLASSES = 10


def add_arguments(parser: ArgumentParser) -> None:
    """Declare its own options."""
    parser.add_argument("--seeds", default="0-9", help="a range such as 0-9, or one number (default: 0-9)")
    parser.add_argument("--samples", type=int, default=None, help="so many of the digits (default: all)")


def run(arguments: Namespace) -> dict[str, float]:
    """One review for each seed."""
    found = [_review(seed, arguments.samples) for seed in parse_seeds(arguments.seeds)]
    recalls = [one["flipped_returned_share"] for one in found]
    metrics = {"seeds": float(len(found)), "samples": found[0]["samples"]}
    metrics |= spread("flipped_returned_share", recalls)
    for name in ("returned_share", "returned_flipped_share", "flipped_among_worst_share"):
        metrics[name] = mean(one[name] for one in found)
    return metrics


def _review(seed: int, samples: int | None) -> dict[str, float]:
    from sklearn.datasets import load_digits

    from resources.learning.reviewing.doubting import doubts
    from resources.learning.reviewing.folds import out_of_fold
    from resources.terms import Label

    digits = load_digits()
    chance = np.random.default_rng(seed)
    rows = chance.permutation(len(digits.target))[:samples]
    images = (digits.images[rows] * (255 / 16)).round().astype(np.uint8)
    truth = digits.target[rows].astype(np.int64)
    labels, flipped = flip(truth, FLIPPED_SHARE, chance)
    classes = [Label(str(digit)) for digit in range(CLASSES)]
    probabilities = out_of_fold(images, labels, classes, seed=seed)
    returned = {doubt.row for doubt in doubts(labels, probabilities, RETURNED_SHARE)}
    worst = _worst(labels, probabilities, round(RETURNED_SHARE * len(labels)))
    say(f"seed {seed}: {len(returned & flipped)} of {len(flipped)} among {len(returned)} returned")
    return {
        "samples": float(len(labels)),
        "flipped_returned_share": len(returned & flipped) / len(flipped),
        "returned_share": len(returned) / len(labels),
        "returned_flipped_share": len(returned & flipped) / max(1, len(returned)),
        "flipped_among_worst_share": len(worst & flipped) / len(flipped),
    }


def flip(
    truth: NDArray[np.int64], share: float, chance: np.random.Generator
) -> tuple[NDArray[np.int64], set[int]]:
    """The labels with ``share`` of them flipped, each to another class at random; and which rows."""
    rows = chance.permutation(len(truth))[: round(share * len(truth))]
    labels = truth.copy()
    labels[rows] = (truth[rows] + chance.integers(1, CLASSES, len(rows))) % CLASSES
    return labels, {int(row) for row in rows}


def _worst(labels: NDArray[np.int64], probabilities: NDArray[np.float64], count: int) -> set[int]:
    """The rows whose label is least likely, beside the likeliest other class."""
    own = np.arange(len(labels))
    given = probabilities[own, labels]
    others = probabilities.copy()
    others[own, labels] = -1
    return {int(row) for row in np.argsort(given - others.max(axis=1))[:count]}
