"""How good the forecast of demand is, and what it costs, on made-up demand of ten kinds of projects."""

import time
from argparse import ArgumentParser, Namespace
from statistics import fmean, median

from benchmarks.demand import made_up
from resources.gpu.forecast.backtest import Score, backtest
from resources.gpu.forecast.model import MOST_LEAD_H, Method, fit, predict

NAME = "forecast"
DESCRIPTION = (
    "The forecast of demand against seasonal-naive: back-test over the last two weeks of each seed's history "
    "of ten projects; MASE and coverage are means, the pinball loss a ratio to that of seasonal-naive."
)


def add_arguments(parser: ArgumentParser) -> None:
    """The arguments of this benchmark."""
    parser.add_argument("--series", type=int, default=5, help="how many seeds, from 1 on (default: 5)")
    parser.add_argument("--weeks", type=int, default=8, help="weeks of history, 2 or more (default: 8)")


def run(args: Namespace) -> dict[str, float]:
    """Scores of the model alone, of seasonal-naive, and of what is used for each project; times of a fit."""
    histories = [made_up(seed, args.weeks) for seed in range(1, args.series + 1)]
    tested = [backtest(history) for history in histories]
    metrics: dict[str, float] = {"seeds": args.series, "weeks": args.weeks}
    for name, scores in {
        "used": [one.chosen for one in tested],
        "model": [one.model for one in tested],
        "seasonal_naive": [one.naive for one in tested],
    }.items():
        metrics[f"mase_{name}"] = fmean(_mase(score) for score in scores)
        metrics[f"covered_{name}_pct"] = 100 * fmean(score.covered for score in scores)
        metrics[f"pinball_{name}_ratio"] = fmean(
            score.pinball_milli / one.naive.pinball_milli for score, one in zip(scores, tested, strict=True)
        )
    methods = [method for one in tested for method in one.methods.values()]
    metrics["projects_by_model_pct"] = 100 * fmean(method is Method.MODEL for method in methods)
    times = []
    for history in histories:
        began = time.process_time()
        predict(fit(history), history, MOST_LEAD_H)
        times.append(time.process_time() - began)
    return metrics | {"fit_and_predict_cpu_s": median(times)}


def _mase(score: Score) -> float:
    if score.mase is None:
        raise ValueError("made-up demand never changed; expected it to")
    return score.mase
