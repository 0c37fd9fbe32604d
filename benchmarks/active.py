"""How many labels a query strategy saves: active learning on the digits, without the platform around it.

Logistic regression (C = 1) on the pixels / 16; 360 of 1,797 images held out, stratified; 20 labels at random
to start with, then 10 at a time up to 200. Test split, start and draws follow the seed, so that strategies
are compared seed by seed. AULC is the area under the accuracy from 20 to 200 labels, as a mean accuracy.
"""

import warnings
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite, sqrt
from statistics import mean, median, stdev
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.seeds import parse_seeds
from resources.asking import QueryPlan, Strategy
from resources.learning.querying.choosing import NEED_MEMBERS, choose
from resources.learning.querying.committee import bootstraps
from resources.learning.querying.model import Snapshot
from resources.terms import SampleId

NAME = "active"
DESCRIPTION = (
    "Labels that each query strategy needs on the digits: to 90 % accuracy, and the area under its curve."
)

DEFAULT = QueryPlan()
TEST_COUNT = 360
START = 20
BATCH = 10
BUDGET = 200
MEMBERS = 10
GOAL = 0.9
CLASSES = 10


UNKNOWN = -1

People = Callable[[list[int]], list[int]]
"""Whoever is asked about some samples and says which classes they are."""


@dataclass(frozen=True)
class Curve:
    """The accuracy of one run after each batch."""

    labels: tuple[int, ...]
    accuracies: tuple[float, ...]

    @property
    def aulc(self) -> float:
        """The mean accuracy between the first and the last number of labels, by trapezoids."""
        span = self.labels[-1] - self.labels[0]
        return float(np.trapezoid(self.accuracies, self.labels)) / span if span else self.accuracies[0]

    @property
    def labels_to_goal(self) -> float:
        """How many labels the goal took; infinite where it was not reached."""
        reached = zip(self.labels, self.accuracies, strict=True)
        return next((float(labels) for labels, accuracy in reached if accuracy >= GOAL), inf)


@dataclass(frozen=True)
class Digits:
    """The images and one seed's share of them."""

    features: NDArray[np.float32]
    labels: NDArray[np.int64]
    train: NDArray[np.int64]
    test: NDArray[np.int64]

    @classmethod
    def of_seed(cls, seed: int) -> "Digits":
        """The split of ``seed``."""
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split

        features, labels = load_digits(return_X_y=True)
        train, test = train_test_split(
            np.arange(len(labels)), test_size=TEST_COUNT, stratify=labels, random_state=seed
        )
        return cls((features / 16).astype(np.float32), labels.astype(np.int64), train, test)


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of this benchmark."""
    parser.add_argument("--seeds", default="0-19", help="a range such as 0-19, or one number (default: 0-19)")
    parser.add_argument("--budget", type=int, default=BUDGET, help=f"labels at the end (default: {BUDGET})")
    parser.add_argument(
        "--strategies",
        nargs="+",
        type=Strategy,
        default=list(Strategy),
        choices=list(Strategy),
        help="which ones besides the default and random (default: all)",
    )
    parser.add_argument(
        "--label-studio",
        action="store_true",
        help="one seed, the first, through a real Label Studio: the same samples must be asked for",
    )


def variant(args: Namespace) -> str:
    """What tells the two ways apart."""
    return "label-studio" if args.label_studio else ""


def run(args: Namespace) -> dict[str, float]:
    """The default strategy alone and with its random picks, its gain over random, and every other one."""
    import sklearn.linear_model  # noqa: F401 - a limit holds for the libraries that are loaded
    from threadpoolctl import threadpool_limits

    seeds = parse_seeds(args.seeds)
    if args.label_studio:
        return through_label_studio(seeds[0], args.budget)
    wanted = dict.fromkeys([DEFAULT.strategy, Strategy.RANDOM, *args.strategies])
    metrics: dict[str, float] = {"seeds": len(seeds), "budget_labels": args.budget}
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn names every fit that stops at its last step
        pure = {strategy: curves(strategy, seeds, args.budget, 0.0) for strategy in wanted}
        mixed = curves(DEFAULT.strategy, seeds, args.budget, DEFAULT.random_share)
    yardstick = pure[Strategy.RANDOM]
    for ending, found in (("", pure[DEFAULT.strategy]), ("_with_random", mixed)):
        metrics |= _summary(found, ending) | _gain(found, yardstick, ending)
    for strategy, found in pure.items():
        metrics |= _summary(found, f"_{strategy}")
    return metrics


def curves(strategy: Strategy, seeds: Sequence[int], budget: int, random_share: float) -> list[Curve]:
    """One run for each seed."""
    return [_curve(list(_rounds(strategy, seed, budget, random_share))) for seed in seeds]


def through_label_studio(seed: int, budget: int) -> dict[str, float]:
    """The default strategy with the truth at hand, and again with people who answer in Label Studio.

    Raises RuntimeError when other samples are asked for.
    """
    from benchmarks.active_people import people_in_label_studio

    truth, plainly = Digits.of_seed(seed).labels, list[list[int]]()

    def whoever_knows(rows: list[int]) -> list[int]:
        plainly.append(rows)
        return [int(truth[row]) for row in rows]

    share = DEFAULT.random_share
    plain = _curve(list(_rounds(DEFAULT.strategy, seed, budget, share, whoever_knows)))
    with people_in_label_studio() as people:
        real = _curve(list(_rounds(DEFAULT.strategy, seed, budget, share, people)))
        asked = people.asked
    if asked != plainly:
        first = next(place for place, rows in enumerate(plainly) if asked[place : place + 1] != [rows])
        raise RuntimeError(f"in batch {first + 1} other samples are asked for: {asked[first:][:1]}")
    if real != plain:
        raise RuntimeError(f"the accuracies differ: {real} and {plain}")
    metrics = {
        "seed": float(seed),
        "asked": float(sum(map(len, asked))),
        "same_samples": float(asked == plainly),
        "aulc": round(real.aulc, 5),
    }
    return metrics | ({"labels_to_90": real.labels_to_goal} if isfinite(real.labels_to_goal) else {})


def _curve(points: list[tuple[int, float]]) -> Curve:
    return Curve(tuple(labels for labels, _ in points), tuple(accuracy for _, accuracy in points))


def _rounds(
    strategy: Strategy, seed: int, budget: int, random_share: float, people: People | None = None
) -> Iterator[tuple[int, float]]:
    """Without ``people`` the true labels answer; what nobody was asked about, nobody knows."""
    digits = Digits.of_seed(seed)
    labelled = [int(row) for row in np.random.default_rng(seed).permutation(digits.train)[:START]]
    hidden = np.setdiff1d(digits.train, labelled)
    truth = digits.labels.copy()
    digits.labels[hidden] = UNKNOWN
    while True:
        model = _fit(digits, labelled)
        yield len(labelled), float(model.score(digits.features[digits.test], digits.labels[digits.test]))
        if len(labelled) >= budget:
            return
        pool = np.setdiff1d(digits.train, labelled)
        snapshot = _snapshot(digits, labelled, pool, model, strategy, seed)
        count = min(BATCH, budget - len(labelled))
        picks = choose(
            snapshot, count, strategy, random_share=random_share, seed=seed * 1_000 + len(labelled)
        )
        asked = [int(pool[pick.index]) for pick in picks]
        digits.labels[asked] = people(asked) if people else truth[asked]
        labelled += asked


def _snapshot(
    digits: Digits,
    labelled: list[int],
    pool: NDArray[np.int64],
    model: Any,
    strategy: Strategy,
    seed: int,
) -> Snapshot:
    """The embedding is what the head is given: for a linear model, the features."""
    members = None
    if strategy in NEED_MEMBERS:
        draws = bootstraps(digits.labels[labelled], MEMBERS, seed=seed * 1_000 + len(labelled))
        fitted = [_fit(digits, [labelled[row] for row in rows]) for rows in draws]
        members = np.stack([_probabilities(member, digits.features[pool]) for member in fitted])
    return Snapshot(
        ids=tuple(SampleId(f"{row:04}") for row in pool),
        probabilities=_probabilities(model, digits.features[pool]),
        embeddings=digits.features[pool],
        labelled_embeddings=digits.features[labelled],
        labelled_counts=np.bincount(digits.labels[labelled], minlength=CLASSES),
        members=members,
    )


def _fit(digits: Digits, rows: list[int]) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1, max_iter=1_000).fit(
        digits.features[rows].astype(np.float64), digits.labels[rows]
    )


def _probabilities(model: Any, features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Of all classes: one that no label names yet has none."""
    found = np.zeros((len(features), CLASSES))
    found[:, model.classes_] = model.predict_proba(features.astype(np.float64))
    return found


def _summary(found: list[Curve], ending: str) -> dict[str, float]:
    areas = [curve.aulc for curve in found]
    labels = median(curve.labels_to_goal for curve in found)
    metrics = {f"labels_to_90{ending}": labels} if isfinite(labels) else {}
    metrics[f"aulc{ending}"] = round(mean(areas), 5)
    if len(areas) > 1:
        metrics[f"aulc_sd{ending}"] = round(stdev(areas), 5)
    return metrics


def _gain(found: list[Curve], yardstick: list[Curve], ending: str) -> dict[str, float]:
    gains = [one.aulc - other.aulc for one, other in zip(found, yardstick, strict=True)]
    metrics = {f"gain_over_random{ending}": round(mean(gains), 5)}
    if len(gains) > 1:
        metrics[f"gain_over_random_se{ending}"] = round(stdev(gains) / sqrt(len(gains)), 5)
    return metrics
