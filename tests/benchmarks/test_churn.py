"""The churn benchmark."""

import pytest

from benchmarks.churn import carried_percent
from benchmarks.traces import openb
from resources.gpu.placement.model import DeviceSpec, NodeSpec, Shape


def test_on_one_device_what_is_carried_is_what_queueing_theory_says() -> None:
    """Erlang's loss formula for one server and an offered load a: a / (1 + a) is carried."""
    one = [NodeSpec("one", 0, 0, (DeviceSpec("A100"),))]
    carried = [carried_percent(one, [Shape(1)], seed) for seed in range(400)]
    assert sum(carried) / len(carried) == pytest.approx(100 * 1.15 / 2.15, abs=4)


def test_on_many_devices_nearly_all_of_them_are_in_use() -> None:
    pods = [pod.shape for pod in openb.synthetic_pods()]
    carried = carried_percent(openb.synthetic_nodes(), pods, 42)
    assert 85 < carried < 100
