"""The benchmark of the order."""

import pytest

from benchmarks.queue import measure
from benchmarks.traces.philly import made_up

pytestmark = pytest.mark.uncounted


def test_the_order_is_measured_with_and_without_restarts_and_against_static_cards() -> None:
    metrics = measure(made_up(jobs=60, load=1.5, gpus=64, seed=0), 64)
    asked = {"avg_jct_s", "avg_jct_restart60_s", "p99_jct_s", "makespan_s", "preemptions"}
    assert asked <= set(metrics)
    assert metrics["declared_over_srsf"] < 1.05
    assert 0.0 < metrics["static_use_pct"] <= 100.0
    assert 0.0 < metrics["shared_use_pct"] <= 100.0
    assert metrics["shared_cards"] < metrics["static_cards"]
    assert metrics["shared_avg_jct_s"] <= metrics["static_avg_jct_s"]
    told = metrics["static_paid_gpu_h"] / metrics["shared_paid_gpu_h"]
    assert metrics["use_over_static"] == pytest.approx(told)
