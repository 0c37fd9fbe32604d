"""The benchmark of query strategies, on two seeds and a small budget."""

from argparse import ArgumentParser

import numpy as np
import pytest

from benchmarks import active
from benchmarks.active import Curve, Digits
from resources.asking import QueryPlan, Strategy
from tests.needs import needs


def test_the_default_beats_random_and_every_strategy_asked_for_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(active, "MEMBERS", 3)
    parser = ArgumentParser()
    active.add_arguments(parser)

    found = active.run(parser.parse_args(["--seeds", "0-1", "--budget", "60", "--strategies", "bald"]))

    assert found["seeds"] == 2
    assert found["gain_over_random"] == pytest.approx(found["aulc"] - found["aulc_random"], abs=2e-5)
    assert found["gain_over_random"] > 0.01
    assert found["gain_over_random_with_random"] > 0
    assert found[f"aulc_{QueryPlan().strategy}"] == found["aulc"]
    assert 0.5 < found["aulc_bald"] < 1
    assert "labels_to_90_entropy" not in found


def test_a_run_starts_with_20_labels_and_every_strategy_with_the_same_ones() -> None:
    curves = [active.curves(one, [3], 40, 0.0)[0] for one in (Strategy.MARGIN, Strategy.RANDOM)]
    assert [curve.labels for curve in curves] == [(20, 30, 40)] * 2
    assert curves[0].accuracies[0] == curves[1].accuracies[0]
    assert curves[0] == active.curves(Strategy.MARGIN, [3], 40, 0.0)[0]


def test_a_seed_holds_out_360_images_with_each_class_its_share() -> None:
    digits = Digits.of_seed(5)
    assert (len(digits.train), len(digits.test)) == (1437, 360)
    assert set(np.bincount(digits.labels[digits.test])) <= {34, 35, 36, 37}
    assert digits.features.max() == 1


def test_the_area_and_the_labels_to_the_goal_are_read_off_the_curve() -> None:
    curve = Curve((20, 30, 40), (0.8, 0.9, 0.95))
    assert curve.aulc == pytest.approx((0.85 * 10 + 0.925 * 10) / 20)
    assert curve.labels_to_goal == 30
    assert Curve((20, 30), (0.1, 0.2)).labels_to_goal == float("inf")


def test_a_goal_that_half_of_the_runs_miss_is_left_out() -> None:
    reached, missed = Curve((20, 30), (0.1, 0.9)), Curve((20, 30), (0.1, 0.2))
    assert active._summary([reached, reached, missed], "_x")["labels_to_90_x"] == 30
    assert "labels_to_90_x" not in active._summary([reached, missed, missed], "_x")


@pytest.mark.slow
@pytest.mark.real
def test_through_a_real_label_studio_the_same_samples_are_asked_for() -> None:
    needs("label studio")

    found = active.through_label_studio(seed=0, budget=60)

    assert found["same_samples"] == 1.0
    assert found["asked"] == 40
