"""Who goes first: rules O1 to O5, and the laws that hold for all jobs."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.policy.history import History
from resources.gpu.policy.order import (
    JobView,
    OrderSettings,
    footing,
    in_order,
    is_owed,
    is_protected,
    level,
    minimum_run_s,
    next_change_s,
    rank,
    slowdown,
    worth_preempting,
)

SETTINGS = OrderSettings()
NOW_S = 1_000_000.0
NEW = JobView("new", 1000, submitted_at_s=NOW_S)
CAPACITY_MILLI = 8000


def order(*jobs: JobView, history: History | None = None) -> list[str]:
    found = in_order(jobs, NOW_S, history or History(), SETTINGS, capacity_milli=CAPACITY_MILLI)
    return [job.id for job in found]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(
            JobView("urgent", 1000, NOW_S, attained_gpu_s=1e6, priority=1), NEW, id="O1: the higher priority"
        ),
        pytest.param(
            JobView("slowed down", 1000, NOW_S - 900_000.0, attained_gpu_s=5000.0),
            NEW,
            id="O2: one that is owed time",
        ),
        pytest.param(
            NEW, JobView("old hand", 1000, NOW_S - 50_000.0, attained_gpu_s=20_000.0), id="O3: less expected"
        ),
        pytest.param(
            JobView("small", 1000, NOW_S, max_runtime_s=600.0),
            JobView("gang", 8000, NOW_S, max_runtime_s=600.0),
            id="O3: a gang needs more for the same time",
        ),
        pytest.param(
            JobView("nearly done", 1000, NOW_S, attained_gpu_s=86_000.0, max_runtime_s=86_400.0),
            JobView("short", 1000, NOW_S, max_runtime_s=1000.0),
            id="O3: what is left of the declared time counts, not what was declared",
        ),
        pytest.param(
            JobView("running", 1000, NOW_S, started_at_s=NOW_S),
            JobView("earlier", 1000, NOW_S - 100.0),
            id="O4: what runs stays",
        ),
        pytest.param(JobView("earlier", 1000, NOW_S - 1.0), NEW, id="O5: first come"),
        pytest.param(JobView("a", 1000, NOW_S), JobView("b", 1000, NOW_S), id="O5: by id in the end"),
    ],
)
def test_who_goes_first(first: JobView, second: JobView) -> None:
    assert order(first, second) == order(second, first) == [first.id, second.id]


def test_a_job_that_outran_what_it_declared_is_ranked_as_one_that_declared_nothing() -> None:
    outran = JobView("a", 1000, NOW_S, attained_gpu_s=700.0, max_runtime_s=600.0)
    assert rank(outran, History(), SETTINGS) == rank(replace(outran, max_runtime_s=None), History(), SETTINGS)


def test_jobs_that_are_owed_time_fill_their_share_and_no_more() -> None:
    owed = [JobView(f"owed {n}", 2000, NOW_S - 900_000.0 - n, attained_gpu_s=20_000.0) for n in range(5)]
    assert all(is_owed(job, NOW_S, SETTINGS) for job in owed)
    # Half of eight devices are two jobs' worth: those slowed down most. The new one comes next.
    assert order(*owed, NEW)[:3] == ["owed 4", "owed 3", "new"]


def test_a_job_with_a_declared_time_is_owed_when_it_could_no_more_end_in_time() -> None:
    job = JobView("a", 1000, submitted_at_s=0.0, max_runtime_s=7200.0)
    latest_start_s = SETTINGS.owed_after * 7200.0 - 7200.0
    assert not is_owed(job, latest_start_s - 1.0, SETTINGS)
    assert is_owed(job, latest_start_s, SETTINGS)


def test_a_running_job_is_owed_time_for_a_while_longer() -> None:
    waiting = JobView("a", 1000, submitted_at_s=0.0, attained_gpu_s=10_000.0)
    running = replace(waiting, started_at_s=0.0)
    between_s = 10_000.0 * (SETTINGS.owed_after + SETTINGS.owed_until) / 2.0
    assert not is_owed(waiting, between_s, SETTINGS)
    assert is_owed(running, between_s, SETTINGS)


def test_each_eviction_doubles_the_time_that_a_job_keeps_its_devices_up_to_a_limit() -> None:
    times = [minimum_run_s(replace(NEW, evictions=evictions), SETTINGS) for evictions in range(6)]
    assert times == [600.0, 1200.0, 2400.0, 4800.0, 4800.0, 4800.0]


OLD = JobView("old", 1000, NOW_S - 50_000.0, attained_gpu_s=40_000.0, started_at_s=NOW_S - 40_000.0)


@pytest.mark.parametrize(
    ("victim", "waiting", "worth"),
    [
        pytest.param(OLD, NEW, True, id="a lower level"),
        pytest.param(replace(OLD, started_at_s=NOW_S - 599.0), NEW, False, id="before its minimum runtime"),
        pytest.param(
            replace(OLD, started_at_s=NOW_S), replace(NEW, priority=1), True, id="a higher priority at once"
        ),
        pytest.param(replace(OLD, priority=1), NEW, False, id="never a higher priority"),
        pytest.param(OLD, replace(OLD, id="twin", started_at_s=None), False, id="not for the same level"),
        pytest.param(
            replace(OLD, submitted_at_s=0.0, attained_gpu_s=4000.0), NEW, False, id="owed time itself"
        ),
        pytest.param(
            OLD,
            JobView("owed", 8000, NOW_S - 900_000.0, attained_gpu_s=80_000.0),
            True,
            id="for one that is owed time",
        ),
    ],
)
def test_who_may_be_evicted(victim: JobView, waiting: JobView, worth: bool) -> None:
    assert may_evict(waiting, victim) is worth


def may_evict(waiting: JobView, victim: JobView, history: History | None = None) -> bool:
    known = history or History()
    return worth_preempting(*(footing(job, NOW_S, known, SETTINGS) for job in (victim, waiting)))


TIMES = st.floats(min_value=0.0, max_value=NOW_S)
JOBS = st.builds(
    JobView,
    id=st.uuids().map(str),
    milli=st.sampled_from([500, 1000, 4000, 8000, 32000]),
    submitted_at_s=TIMES,
    attained_gpu_s=st.floats(min_value=0.0, max_value=1e7),
    groups=st.sampled_from([(), ("small",), ("large", "batch")]),
    priority=st.integers(-1, 1),
    max_runtime_s=st.none() | st.floats(min_value=1.0, max_value=1e6),
    started_at_s=st.none() | TIMES,
    evictions=st.integers(0, 5),
)


def taught(ended: list[tuple[tuple[str, ...], float]]) -> History:
    history = History()
    for number, (groups, service) in enumerate(ended):
        history.end(str(number), groups, service)
    return history


HISTORIES = st.lists(
    st.tuples(st.sampled_from([(), ("small",), ("large", "batch")]), st.floats(min_value=0.0, max_value=1e7)),
    max_size=20,
).map(taught)


@given(st.lists(JOBS, max_size=12, unique_by=lambda job: job.id), HISTORIES, st.randoms())
def test_there_is_one_order_whatever_order_jobs_are_told_in(
    jobs: list[JobView], history: History, draw: object
) -> None:
    shuffled = list(jobs)
    draw.shuffle(shuffled)  # type: ignore[attr-defined]
    assert order(*jobs, history=history) == order(*shuffled, history=history)
    assert sorted(order(*jobs, history=history)) == sorted(job.id for job in jobs)


@given(JOBS, JOBS, HISTORIES, st.floats(min_value=0.0, max_value=1e7))
def test_a_job_that_waits_falls_behind_nobody_who_waits_too(
    job: JobView, other: JobView, history: History, wait_s: float
) -> None:
    """The rank by level does not change at all while a job waits, and what is owed stays owed."""
    waiting = replace(job, started_at_s=None)
    assert slowdown(waiting, NOW_S + wait_s, SETTINGS) >= slowdown(waiting, NOW_S, SETTINGS)
    if is_owed(waiting, NOW_S, SETTINGS):
        assert is_owed(waiting, NOW_S + wait_s, SETTINGS)
    later = replace(other, submitted_at_s=NOW_S + wait_s, id="later", priority=waiting.priority)
    same = replace(later, **{name: getattr(waiting, name) for name in ("milli", "attained_gpu_s", "groups")})
    twin = replace(same, max_runtime_s=waiting.max_runtime_s, started_at_s=None)
    assert rank(waiting, history, SETTINGS) < rank(twin, history, SETTINGS)


@given(st.floats(min_value=0.0, max_value=1e7), st.floats(min_value=0.0, max_value=1e7))
def test_while_nothing_is_known_service_never_improves_the_level(first: float, second: float) -> None:
    less, more = (
        level(replace(NEW, attained_gpu_s=service), History(), SETTINGS)
        for service in sorted((first, second))
    )
    assert less <= more


@given(JOBS, JOBS, HISTORIES)
def test_no_two_jobs_may_evict_each_other_in_turn(one: JobView, other: JobView, history: History) -> None:
    first, second = replace(one, id="1"), replace(other, id="2")
    taken = may_evict(replace(second, started_at_s=None), replace(first, started_at_s=0.0), history)
    back = may_evict(replace(first, started_at_s=None), replace(second, started_at_s=NOW_S), history)
    assert not (taken and back)


@given(JOBS, HISTORIES)
def test_nothing_changes_before_it_is_said_to(job: JobView, history: History) -> None:
    at_s = next_change_s(job, NOW_S, history, SETTINGS)
    assert at_s > NOW_S
    if at_s == math.inf:
        return
    just_before_s = NOW_S + (at_s - NOW_S) * 0.999
    assert is_protected(job, just_before_s, SETTINGS) == is_protected(job, NOW_S, SETTINGS)
    if not job.running:
        assert is_owed(job, just_before_s, SETTINGS) == is_owed(job, NOW_S, SETTINGS)
    elif job.left_s is None:
        served = replace(
            job, attained_gpu_s=job.attained_gpu_s + (just_before_s - NOW_S) * job.milli / 1000.0
        )
        assert rank(served, history, SETTINGS) == rank(job, history, SETTINGS)
