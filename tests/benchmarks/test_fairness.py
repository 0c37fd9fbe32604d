"""The fairness benchmark."""

import pytest

from benchmarks.fairness import measure, quota
from benchmarks.simulation.model import Job
from benchmarks.traces.gavel import made_up_projects


def test_no_project_loses_by_sharing_and_what_is_owed_is_soon_there() -> None:
    metrics = measure(made_up_projects(projects=3, jobs=15, load=0.9, seed=1))
    assert metrics["projects"] == 3
    assert metrics["jobs"] == 45
    assert metrics["ftf_worst_project"] <= 1.1
    assert metrics["quota_restore_p95_s"] <= 660
    assert metrics["avg_jct_shared_s"] <= metrics["avg_jct_alone_s"] * 1.1


def test_only_the_first_days_may_be_played() -> None:
    jobs = {"a": [Job("a1", 0.0, 100.0, 1, project="a"), Job("a2", 86_400.0 * 3, 100.0, 1, project="a")]}
    assert measure(jobs, days=1)["jobs"] == 1


@pytest.mark.parametrize(
    ("jobs", "owed"),
    [
        ([(0.0, 10.0, 1), (100.0, 10.0, 1)], 8),
        ([(0.0, 10.0, 16), (100.0, 10.0, 1)], 16),
        ([(0.0, 1000.0, 2), (100.0, 10.0, 1)], 21),
    ],
)
def test_a_quota_is_the_mean_demand_or_the_largest_gang(
    jobs: list[tuple[float, float, int]], owed: int
) -> None:
    assert quota([Job(str(at_s), at_s, duration_s, gpus) for at_s, duration_s, gpus in jobs]) == owed
