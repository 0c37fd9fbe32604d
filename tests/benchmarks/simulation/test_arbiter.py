"""The arbiter on a trace: all are served, stops and starts cost what they cost, and quotas come back."""

from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.fairness import cluster_of
from benchmarks.simulation.arbiter import Played, World, play
from benchmarks.simulation.engine import simulate
from benchmarks.simulation.model import Job
from benchmarks.simulation.policies import Ordered
from benchmarks.traces.philly import grouped, made_up
from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import DeviceSpec, NodeSpec
from resources.gpu.policy.amounts import ANY_DEVICE
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.state import State
from tests.examples import drawing

pytestmark = pytest.mark.uncounted

FREE = World(stop_s=0.0, restart_s=0.0)
JOBS = st.lists(
    st.tuples(
        st.floats(min_value=0.0, max_value=50_000.0),
        st.floats(min_value=1.0, max_value=50_000.0),
        st.sampled_from([1, 2, 4, 8]),
        st.sampled_from("ab"),
    ),
    min_size=1,
    max_size=15,
).map(
    lambda rows: grouped(
        Job(str(number), at_s, duration_s, gpus, project=who)
        for number, (at_s, duration_s, gpus, who) in enumerate(rows)
    )
)


def without_quotas(gpus: int) -> State:
    nodes = [NodeSpec(f"node{number}", 0, 0, (DeviceSpec("V100"),) * 8) for number in range(gpus // 8)]
    return State(Cluster(nodes), QuotaTree(), {ANY_DEVICE: gpus * 1000})


def ends(played: Played) -> dict[str, float]:
    return {record.job.id: record.end_s for record in played.records}


@drawing(0.3, derandomize=True)
@given(jobs=JOBS)
def test_every_job_is_served_in_full_and_nothing_is_sold_twice(jobs: list[Job]) -> None:
    played = play(jobs, cluster_of({"a": 8, "b": 8}))
    assert len(played.records) == len(jobs)
    assert played.most_in_use <= 16
    for record in played.records:
        lost_gpu_s = record.evictions * 90.0 * record.job.gpus
        assert record.jct_s >= record.job.duration_s - 1e-3
        assert record.held_gpu_s >= record.job.service_gpu_s - 1e-3
        assert record.held_gpu_s <= record.job.service_gpu_s + lost_gpu_s + 1e-3
    assert len(played.claims_s) >= 1


def test_what_was_lent_comes_back_after_a_stop_and_the_other_goes_on_where_it_was() -> None:
    jobs = [Job("lent", 0.0, 10_000.0, 16, project="a"), Job("owed", 5_000.0, 1_000.0, 8, project="b")]
    played = play(jobs, cluster_of({"a": 8, "b": 8}), World(stop_s=30.0, restart_s=60.0))
    # It stops at 5,030 and starts anew at 6,030, with 60 s without progress and what is left before it.
    assert ends(played) == pytest.approx({"owed": 6_030.0, "lent": 6_030.0 + 60.0 + 4_970.0})
    assert played.claims_s == pytest.approx([30.0])
    assert played.preemptions == 1


def test_a_young_job_on_lent_devices_is_left_its_minimum() -> None:
    jobs = [Job("lent", 0.0, 10_000.0, 16, project="a"), Job("owed", 100.0, 1_000.0, 8, project="b")]
    played = play(jobs, cluster_of({"a": 8, "b": 8}), FREE)
    assert ends(played)["owed"] == pytest.approx(1_600.0, abs=61.0)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_arbiter_and_the_simulation_of_its_order_agree_on_a_small_trace(seed: int) -> None:
    jobs = made_up(jobs=30, load=1.5, gpus=16, seed=seed)
    jobs = [job for job in jobs if job.gpus <= 16]
    one_project = [Job(job.id, job.submitted_s, job.duration_s, job.gpus, job.groups) for job in jobs]
    ordered = simulate(one_project, Ordered(16), gpus=16)
    arbiter = play(one_project, without_quotas(16), FREE)
    jct_s = mean(record.jct_s for record in arbiter.records)
    assert jct_s == pytest.approx(mean(record.jct_s for record in ordered.records), rel=0.15)
