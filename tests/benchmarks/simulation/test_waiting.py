"""The waiting system: static policies by hand, and who is measured."""

import pytest

from benchmarks.simulation.model import Job
from benchmarks.simulation.waiting import arrivals, serve, size_of, waits_of_statics
from resources.gpu.placement.cluster import Cluster
from resources.gpu.placement.model import DeviceSpec, NodeSpec, Shape

NODES = [NodeSpec(f"node{number}", 0, 0, (DeviceSpec("A100"),) * 8) for number in range(2)]
JOBS = [
    Job("half", 0.0, 100.0, 5),
    Job("too large", 10.0, 50.0, 8),
    Job("small", 20.0, 10.0, 1),
]


@pytest.mark.parametrize(
    ("strict", "waits"),
    [
        (True, {"half": 0.0, "too large": 90.0, "small": 130.0}),
        (False, {"half": 0.0, "too large": 90.0, "small": 0.0}),
    ],
)
def test_who_does_not_fit_blocks_those_behind_it_or_is_passed(strict: bool, waits: dict[str, float]) -> None:
    served = serve(JOBS, Cluster(NODES[:1]), strict=strict)
    assert {job.id: wait_s for job, wait_s in served} == waits


def test_each_static_policy_serves_all_that_is_measured() -> None:
    shapes = [Shape(1)] * 12 + [Shape(8), Shape(1, 500)]
    by_policy = waits_of_statics(NODES, shapes, 3)
    counts = {name: sum(map(len, waits.values())) for name, waits in by_policy.items()}
    assert set(counts) == {"_fifo", "_backfill", "_partition"}
    assert len(set(counts.values())) == 1


def test_nobody_asks_for_what_the_cluster_never_has() -> None:
    asked = {size_of(job.wants) for job in arrivals(NODES, [Shape(1), Shape(16)], 0)}
    assert asked == {"1gpu"}
