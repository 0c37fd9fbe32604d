"""The benchmark of the forecast, and the made-up demand that it and other tests use."""

from argparse import ArgumentParser

import pytest

from benchmarks import forecast
from benchmarks.demand import KINDS, made_up
from resources.gpu.forecast.history import DAY_H, WEEK_H


def test_the_same_seed_gives_the_same_demand_and_another_one_another() -> None:
    assert made_up(1, 2) == made_up(1, 2)
    assert made_up(1, 2) != made_up(2, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_project_asks_for_something_and_never_for_less_than_nothing(kind: str) -> None:
    series = made_up(1, 4, (kind,)).demand[kind]
    assert len(series) == 4 * WEEK_H
    assert min(series) >= 0 < max(series)


def test_offices_are_busier_by_day_than_by_night_and_at_weekends() -> None:
    series = made_up(1, 8, ("office",)).demand["office"]

    def mean(days: range, hours: range) -> float:
        found = [
            value for hour, value in enumerate(series) if hour // DAY_H % 7 in days and hour % DAY_H in hours
        ]
        return sum(found) / len(found)

    assert mean(range(5), range(9, 18)) > 2 * mean(range(5), range(6))
    assert mean(range(5), range(9, 18)) > 2 * mean(range(5, 7), range(9, 18))


def test_the_benchmark_tells_both_methods_and_what_is_used() -> None:
    parser = ArgumentParser()
    forecast.add_arguments(parser)
    metrics = forecast.run(parser.parse_args(["--series", "1", "--weeks", "2"]))
    assert metrics["pinball_seasonal_naive_ratio"] == 1
    assert metrics["pinball_used_ratio"] <= min(1, metrics["pinball_model_ratio"])
    assert {"mase_used", "mase_model", "mase_seasonal_naive", "fit_and_predict_cpu_s"} <= set(metrics)
