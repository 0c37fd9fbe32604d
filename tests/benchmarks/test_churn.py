"""The churn benchmark."""

from statistics import mean

import pytest

from benchmarks.churn import lost, waiting
from benchmarks.simulation.loss import carried
from benchmarks.traces import openb
from resources.gpu.placement.model import DeviceSpec, NodeSpec, Shape

pytestmark = pytest.mark.uncounted


def test_on_one_device_what_is_carried_is_what_queueing_theory_says() -> None:
    """Erlang's loss formula for one server and an offered load a: a / (1 + a) is carried."""
    one = [NodeSpec("one", 0, 0, (DeviceSpec("A100"),))]
    percents = [carried(one, [Shape(1)], seed).percent for seed in range(400)]
    assert mean(percents) == pytest.approx(100 * 1.15 / 2.15, abs=4)


def test_more_is_carried_where_a_few_may_move() -> None:
    nodes = openb.synthetic_nodes()[::4]
    metrics = lost(nodes, [pod.shape for pod in openb.synthetic_pods()], [42, 43])
    assert 85 < metrics["carried_pct"] < metrics["carried_defrag_pct"] < 100
    assert 0 < metrics["migrations_per_100_jobs"] <= 5


def test_a_large_job_waits_less_than_where_all_others_are_let_past() -> None:
    nodes = [NodeSpec(f"node{number}", 0, 0, (DeviceSpec("A100"),) * 8) for number in range(4)]
    metrics = waiting(nodes, [Shape(1)] * 12 + [Shape(8)], [6])
    assert 0 < metrics["wait_p95_8gpu_s"] < metrics["wait_p95_8gpu_backfill_s"]
    best = min(metrics[f"wait_p95_8gpu_{one}_s"] for one in ("fifo", "backfill", "partition"))
    assert metrics["wait_p95_8gpu_over_best_static"] == pytest.approx(metrics["wait_p95_8gpu_s"] / best)
