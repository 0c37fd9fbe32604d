"""How good the models of the loop become: the demo's rounds, over several seeds, without servers.

Each seed has first labels of its own. A round trains (first from nothing, then on from the champion), keeps
the better model, and lets a query strategy choose whose true labels come next, some of them at random.
"""

import tempfile
import time
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean

from benchmarks.seeds import parse_seeds
from resources.asking import QueryPlan, Strategy
from resources.continual import ContinualSettings, MethodName
from resources.data.model import ConfirmedLabel, ImageSet, Split
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.home import Home
from resources.learning.continual.lesson import lesson_of
from resources.learning.evaluation import evaluate
from resources.learning.model import ClassIndices, TrainedWeights
from resources.learning.querying.choosing import choose
from resources.learning.training import train
from resources.terms import Actor, VersionKey
from resources.train_settings import TrainSettings
from trainplat_assets.datasets import DIGITS
from trainplat_assets.pool_outlook import look_at_pool, query_seed, snapshot_of
from trainplat_assets.who_looks import here

NAME = "accuracy"
DESCRIPTION = "Test accuracy after each round of the loop, over seeds, and the time of a training."

ACTOR = Actor("user:benchmark")
DEFAULT = QueryPlan()


@dataclass(frozen=True)
class RoundOutcome:
    """One round of one seed."""

    labels: int
    champion_accuracy: float
    cpu_s: float
    """Processor seconds of the training."""


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of this benchmark."""
    parser.add_argument("--seeds", default="0-4", help="a range such as 0-4, or one number (default: 0-4)")
    parser.add_argument("--rounds", type=int, default=3, help="versions to train, v1.0 included (default: 3)")
    parser.add_argument("--strategy", type=Strategy, default=DEFAULT.strategy, choices=list(Strategy))
    parser.add_argument(
        "--random-share",
        type=float,
        default=DEFAULT.random_share,
        help=f"the share of each batch that chance takes (default: {DEFAULT.random_share})",
    )
    parser.add_argument(
        "--method", type=MethodName, choices=list(MethodName), help="default: the digits' own"
    )
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of a training (default: 1)")


def variant(args: Namespace) -> str:
    """The method, where it is not the digits' own."""
    return "" if args.method is None else str(args.method)


def run(args: Namespace) -> dict[str, float]:
    """The champion's accuracy by number of labels, mean and lowest over the seeds; CPU time of a training."""
    seeds = parse_seeds(args.seeds)
    plan = QueryPlan(args.strategy, args.random_share)
    continual = DIGITS.continual if args.method is None else ContinualSettings(args.method)
    spec = replace(DIGITS, query=plan, continual=continual)
    outcomes = [_loop(replace(spec, seed=seed), args.rounds, args.threads) for seed in seeds]
    metrics: dict[str, float] = {"seeds": len(seeds), "test_images": DIGITS.test_count}
    for rounds in zip(*outcomes, strict=True):
        labels = rounds[0].labels
        metrics[f"accuracy_{labels}_labels_mean"] = round(mean(one.champion_accuracy for one in rounds), 5)
        metrics[f"accuracy_{labels}_labels_lowest"] = round(min(one.champion_accuracy for one in rounds), 5)
        metrics[f"training_{labels}_labels_cpu_s"] = round(mean(one.cpu_s for one in rounds), 3)
    return metrics


def _loop(spec: DatasetSpec, rounds: int, threads: int) -> list[RoundOutcome]:
    with tempfile.TemporaryDirectory(prefix="trainplat-accuracy-") as folder:
        home = Home(Path(folder))
        data = DataService(home, home.database())
        version = data.plan_first(spec, ACTOR).version
        champion: TrainedWeights | None = None
        known: dict[str, int] | None = None
        best = -1.0
        outcomes: list[RoundOutcome] = []
        while True:
            data.make(spec, version, ACTOR)
            labelled = data.images(spec.name, version, Split.TRAIN)
            labels = _labels(labelled)
            memory = champion.memory if champion else None
            lesson = lesson_of(spec.continual, labelled.ids, labels, known, memory, len(outcomes))
            began = time.process_time()
            trained = train(
                labelled.images,
                labels,
                spec.classes,
                TrainSettings(),
                seed=spec.seed_in_use(),
                start=champion.weights if champion and not lesson.starts_anew else None,
                lesson=lesson,
                threads=threads,
            )
            cpu_s = time.process_time() - began
            test = data.images(spec.name, version, Split.TEST)
            accuracy = evaluate(trained.weights, test.images, _labels(test), spec.classes).accuracy
            if accuracy > best:
                champion, best = trained, accuracy
                known = dict(zip(labelled.ids, labels.tolist(), strict=True))
            outcomes.append(RoundOutcome(len(labelled.ids), best, cpu_s))
            if len(outcomes) == rounds:
                return outcomes
            answers = _answers(data, spec, version, (champion or trained).weights)
            version = data.plan_next(spec, answers, ACTOR).version


def _answers(
    data: DataService, spec: DatasetSpec, version: VersionKey, champion: bytes
) -> list[ConfirmedLabel]:
    """The true labels of the samples that the champion makes the strategy choose."""
    seen = look_at_pool(spec, version, data, "champion", here(spec.kind, champion))
    chosen = choose(
        snapshot_of(spec, version, seen, frozenset()),
        spec.labels_per_round,
        spec.query.strategy,
        random_share=spec.query.random_share,
        seed=query_seed(spec, version),
    )
    truth = data.true_labels(spec.name)
    return [ConfirmedLabel(one.sample, truth[one.sample], f"{version}-{one.sample}") for one in chosen]


def _labels(images: ImageSet) -> ClassIndices:
    if images.labels is None:
        raise ValueError(f"{len(images.ids)} images came without labels; expected a labelled split")
    return images.labels
