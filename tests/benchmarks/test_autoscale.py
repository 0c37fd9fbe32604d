"""The benchmark of scaling compares at the same wait."""

from argparse import ArgumentParser

import pytest

from benchmarks import autoscale
from benchmarks.scaling import live
from benchmarks.scaling.load import made_up
from benchmarks.scaling.plain import PlainRule
from benchmarks.scaling.service import Model
from resources.serving.scaling.grammar.parsing import parse_scaling

pytestmark = pytest.mark.uncounted


def test_what_ours_is_compared_with_waits_no_longer() -> None:
    spec = parse_scaling(autoscale.OURS, least=1, most=autoscale.MOST)
    found = autoscale.measure(made_up(1, scale=0.1), spec, 1, Model(tick_s=60), (5,))
    assert found["fixed_same_p99_p99_ms"] <= found["ours_p99_ms"]
    assert found["hpa_same_p99_p99_ms"] <= found["ours_p99_ms"]
    assert found["ours_replica_h"] > found["load_mean_replicas"] * 24
    assert {"hpa_70_replica_h", "hpa_70_p99_ms", "saved_over_fixed_pct"} <= set(found)


def test_the_plain_rule_is_the_cheapest_that_waits_no_longer() -> None:
    plain = PlainRule(made_up(1, scale=0.02), Model(tick_s=60), 1, most=20)
    p99_ms = plain.at(50).p99_ms
    found = plain.cheapest(p99_ms, (90, 50))
    assert found is not None
    assert found.p99_ms <= p99_ms
    assert found.replica_h <= min(plain.at(one).replica_h for one in range(50, 55))
    assert plain.cheapest(0.0, (90, 50)) is None


def test_a_result_is_called_after_its_load() -> None:
    parser = ArgumentParser()
    autoscale.add_arguments(parser)
    assert autoscale.variant(parser.parse_args([])) == ""
    assert (
        autoscale.variant(parser.parse_args(["--load", "openb_pod_list_default.csv.gz"])) == "openb default"
    )


@pytest.mark.slow
def test_what_is_measured_for_real_grows_to_the_most_replicas() -> None:
    found = live.measured()
    assert found["live_replicas"] == live.REPLICAS
    assert found["live_decision_to_ready_s"] > 0
    assert found["live_cold_start_s"] > 0
