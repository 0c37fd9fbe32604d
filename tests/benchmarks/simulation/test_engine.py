"""The simulator: what goes in comes out, and the order beats simpler ones."""

from collections.abc import Callable, Mapping
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.simulation.engine import simulate
from benchmarks.simulation.model import Decision, Job, Outcome, Policy
from benchmarks.simulation.nodes import Nodes
from benchmarks.simulation.policies import Ordered, first_come, least_attained, shortest_remaining_service
from benchmarks.traces.philly import declared, grouped, made_up
from resources.gpu.policy.order import JobView, OrderSettings, rank
from tests.examples import drawing

pytestmark = pytest.mark.uncounted

GPUS = 16
JOBS = st.lists(
    st.tuples(
        st.floats(min_value=0.0, max_value=50_000.0),
        st.floats(min_value=1.0, max_value=50_000.0),
        st.sampled_from([1, 2, 4, 8, 16]),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=25,
).map(
    lambda rows: grouped(
        Job(str(number), at_s, duration_s, gpus, priority=priority)
        for number, (at_s, duration_s, gpus, priority) in enumerate(rows)
    )
)


def mean_jct_s(outcome: Outcome) -> float:
    return mean(record.jct_s for record in outcome.records)


@pytest.mark.parametrize(
    "policy", [Ordered, first_come, lambda gpus: least_attained(gpus, 3600.0), shortest_remaining_service]
)
@drawing(0.3)
@given(jobs=JOBS, restart_s=st.sampled_from([0.0, 60.0]), told=st.booleans())
def test_every_job_is_served_in_full_and_nothing_is_sold_twice(
    policy: Callable[[int], Policy], jobs: list[Job], restart_s: float, told: bool
) -> None:
    asked = declared(jobs) if told else jobs
    outcome = simulate(asked, policy(GPUS), gpus=GPUS, restart_s=restart_s)
    assert len(outcome.records) == len(jobs)
    for record in outcome.records:
        restarts_gpu_s = record.evictions * restart_s * record.job.gpus
        assert record.served_gpu_s == record.job.service_gpu_s
        assert record.jct_s >= record.job.duration_s - 1e-3
        assert record.held_gpu_s <= record.job.service_gpu_s + restarts_gpu_s + 1e-3
        assert record.held_gpu_s >= record.job.service_gpu_s - 1e-3
    held_gpu_s = sum(record.held_gpu_s for record in outcome.records)
    assert held_gpu_s <= GPUS * outcome.makespan_s + 1e-3
    assert outcome.most_in_use <= GPUS


def test_the_published_cluster_is_filled_in_the_order_that_is_asked_for() -> None:
    jobs = [Job("long", 0.0, 1000.0, 8), Job("short", 10.0, 10.0, 8), Job("small", 20.0, 5.0, 1)]
    outcome = simulate(declared(jobs), shortest_remaining_service(8), gpus=8)
    ends = {record.job.id: record.end_s for record in outcome.records}
    assert ends == pytest.approx({"short": 20.0, "small": 25.0, "long": 1015.0})
    assert outcome.preemptions == 1


def test_a_restart_costs_what_it_is_said_to() -> None:
    jobs = [Job("long", 0.0, 1000.0, 8), Job("short", 10.0, 10.0, 8)]
    outcome = simulate(declared(jobs), shortest_remaining_service(8), gpus=8, restart_s=60.0)
    assert {r.job.id: r.end_s for r in outcome.records} == pytest.approx({"short": 20.0, "long": 1070.0})


def test_a_new_job_waits_until_the_running_one_had_its_minimum() -> None:
    jobs = grouped([Job("first", 0.0, 5000.0, 8), Job("second", 10.0, 10.0, 8)])
    outcome = simulate(jobs, Ordered(8), gpus=8)
    ends = {record.job.id: record.end_s for record in outcome.records}
    assert ends["second"] == pytest.approx(OrderSettings().minimum_run_s + 10.0, abs=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_beats_first_come_and_two_levels_without_knowing_durations(seed: int) -> None:
    jobs = made_up(jobs=200, load=1.5, gpus=64, seed=seed)
    ordered = mean_jct_s(simulate(jobs, Ordered(64), gpus=64))
    assert ordered < 0.8 * mean_jct_s(simulate(jobs, first_come(64), gpus=64))
    assert ordered < mean_jct_s(simulate(jobs, least_attained(64, 3600.0), gpus=64))


@pytest.mark.parametrize("seed", range(3))
def test_with_declared_runtimes_the_order_is_close_to_the_shortest_remaining_service(seed: int) -> None:
    jobs = declared(made_up(jobs=200, load=1.5, gpus=64, seed=seed))
    best = mean_jct_s(simulate(jobs, shortest_remaining_service(64), gpus=64))
    assert mean_jct_s(simulate(jobs, Ordered(64), gpus=64)) < 1.05 * best


def test_no_long_job_is_slowed_down_a_hundredfold() -> None:
    short = [Job(f"short {n}", n * 100.0, 150.0, 8, groups=("short",)) for n in range(3200)]
    long = Job("long", 0.0, 4000.0, 8, groups=("long",))
    outcome = simulate([long, *short], Ordered(8), gpus=8)
    slowed = next(record.slowdown for record in outcome.records if record.job is long)
    assert 50.0 < slowed < 100.0


def test_a_gang_goes_on_the_tightest_node_or_over_as_few_as_it_takes() -> None:
    nodes = Nodes(24)
    assert nodes.take(6) == {0: 6}
    assert nodes.take(2) == {0: 2}
    assert nodes.take(12) == {1: 8, 2: 4}
    nodes.give_back({0: 6})
    assert nodes.free == 10
    assert nodes.take(4) == {2: 4}
    with pytest.raises(ValueError, match="7 devices asked, 6 free"):
        nodes.take(7)


def test_a_job_that_is_owed_time_still_waits_for_a_higher_priority() -> None:
    low = Job("low", 0.0, 4000.0, 8)
    high = [Job(f"high {n}", n * 1000.0, 2000.0, 8, priority=1) for n in range(300)]
    outcome = simulate([low, *high], Ordered(8), gpus=8)
    ends = {record.job.id: record.end_s for record in outcome.records}
    assert max(ends, key=ends.__getitem__) == "low"


@pytest.mark.parametrize("seed", range(2))
def test_the_simulator_ranks_as_the_order_does(seed: int) -> None:
    """What it keeps sorted is what sorting everything anew gives, at each decision."""
    jobs = made_up(jobs=80, load=2.0, gpus=64, seed=seed)
    policy = Ordered(64)
    decided = policy.decide
    compared = 0

    def checked(
        waiting: Mapping[str, JobView], running: Mapping[str, JobView], free: int, now_s: float
    ) -> Decision:
        nonlocal compared
        decision = decided(waiting, running, free, now_s)
        left = [name for name in waiting if name not in decision.start]
        kept = [name for _, name in policy._queue if name in waiting]
        afresh = sorted(left, key=lambda name: rank(waiting[name], policy.history, policy.settings))
        assert kept == afresh
        compared += len(left) > 1
        return decision

    policy.decide = checked  # type: ignore[method-assign]
    simulate(jobs, policy, gpus=64)
    assert compared > 20
