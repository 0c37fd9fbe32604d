"""The simulated queue serves first come, first served, and pays for what is there."""

import numpy as np
import pytest

from benchmarks.scaling.load import Load
from benchmarks.scaling.service import Model, fixed, scaled
from resources.serving.scaling.autoscaler import Autoscaler
from resources.serving.scaling.grammar.parsing import parse_scaling

pytestmark = pytest.mark.uncounted

EVEN = Model(service_s=1.0, spread=0.0, cold_start_s=20.0)


def load(*times_s: float) -> Load:
    return Load(np.array(times_s, dtype=np.float64))


def test_a_request_waits_for_the_one_before_it() -> None:
    found = fixed(load(10.0, 10.0, 10.5), EVEN, 1, seed=0)
    assert found.p50_ms == pytest.approx(2000)
    assert found.replica_h == pytest.approx(24)


def test_two_replicas_answer_two_requests_at_once() -> None:
    found = fixed(load(10.0, 10.0, 10.5), EVEN, 2, seed=0)
    assert found.p50_ms == pytest.approx(1000)
    assert found.replica_h == pytest.approx(48)


def test_more_replicas_never_wait_longer() -> None:
    times = np.sort(np.random.default_rng(1).uniform(0, 3600, 5000))
    waits = [fixed(Load(times), EVEN, count, seed=0).p99_ms for count in (1, 2, 4)]
    assert waits == sorted(waits, reverse=True)


def test_a_service_that_sleeps_costs_nothing_and_its_first_request_waits_for_a_start() -> None:
    asleep = Autoscaler(parse_scaling("cpu:50%,idle:60s", least=0, most=4))
    found = scaled(load(40_000.0), EVEN, asleep, seed=0)
    assert found.starts == 2
    assert found.replica_h == pytest.approx((60 + 95) / 3600, abs=0.01)
    assert 20_000 <= found.p50_ms <= 20_000 + 1000 + 15_000


def test_what_is_guaranteed_is_paid_for_all_day() -> None:
    found = scaled(load(40_000.0), EVEN, Autoscaler(parse_scaling("cpu:50%")), seed=0)
    assert found.replica_h == pytest.approx(24)
    assert found.p50_ms == pytest.approx(1000)


def test_replicas_follow_the_load_up_and_down() -> None:
    busy = np.arange(20_000, 30_000, 0.25)
    quiet = np.arange(0, 86_400, 50.0)
    scaler = Autoscaler(parse_scaling("cpu:60%", least=1, most=20))
    found = scaled(Load(np.sort(np.concatenate([busy, quiet]))), EVEN, scaler, seed=0)
    assert 5 <= found.most < 20  # what waits until they are there is to be caught up with
    assert 24 < found.replica_h < 24 + 12 * 3
