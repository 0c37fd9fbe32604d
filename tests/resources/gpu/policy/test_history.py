"""What ended jobs tell of those under way."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.policy.history import History, HistorySettings

SERVICES = st.lists(st.floats(min_value=0.0, max_value=1e9), min_size=1, max_size=40)


def taught(services: list[float], groups: tuple[str, ...] = ()) -> History:
    history = History()
    for number, service in enumerate(services):
        history.end(str(number), groups, service)
    return history


@pytest.mark.parametrize(
    ("attained_gpu_s", "bin_index", "next_gpu_s"),
    [(0.0, 0, 8.0), (7.9, 0, 8.0), (8.0, 1, 16.0), (16.0, 2, 32.0), (1e30, 29, math.inf)],
)
def test_bins_double(attained_gpu_s: float, bin_index: int, next_gpu_s: float) -> None:
    history = History()
    assert history.bin_of(attained_gpu_s) == bin_index
    assert history.next_bin_gpu_s(attained_gpu_s) == next_gpu_s


def test_with_nothing_known_a_job_is_expected_to_need_the_more_the_more_it_had() -> None:
    costs = [History().cost_gpu_s((), 10.0**exponent) for exponent in range(8)]
    assert costs == sorted(costs)
    assert costs[0] < costs[-1] / 1e5


def test_jobs_of_one_length_go_first_when_they_are_nearly_there() -> None:
    """What no rule by service alone finds: it would put the one that has had most last."""
    history = taught([1000.0] * 200)
    assert history.cost_gpu_s((), 600.0) < history.cost_gpu_s((), 0.0)


def test_a_job_is_taken_to_be_like_those_of_its_group() -> None:
    history = History()
    for number in range(40):
        history.end(f"short {number}", ("short",), 20.0)
        history.end(f"long {number}", ("long",), 100_000.0)
    assert history.cost_gpu_s(("short",), 0.0) * 10 < history.cost_gpu_s(("long",), 0.0)


def test_one_that_runs_on_and_on_puts_its_like_off_before_it_has_ended() -> None:
    history = taught([30.0] * 50, ("reports",))
    before = history.cost_gpu_s(("reports", "tonight"), 0.0)
    history.note("the first of tonight", ("reports", "tonight"), 50_000.0)
    assert history.cost_gpu_s(("reports", "tonight"), 0.0) > before


def test_a_group_of_which_nothing_is_known_is_like_the_wider_one() -> None:
    history = taught([500.0] * 30, ("reports",))
    assert history.cost_gpu_s(("reports", "tonight"), 0.0) == history.cost_gpu_s(("reports",), 0.0)


def test_telling_the_same_service_again_changes_nothing() -> None:
    history = History()
    history.note("job", ("group",), 5000.0)
    told = history.state()
    kept = json.dumps(told)
    history.note("job", ("group",), 5000.0)
    history.note("job", ("group",), 10.0)
    assert json.dumps(history.state()) == kept


def test_a_cancelled_job_counts_as_far_as_it_came() -> None:
    history = History()
    history.note("job", (), 5000.0)
    told = history.state()["counts"]
    history.leave("job")
    assert history.state()["counts"] == told
    assert history.state()["reached"] == {}


def test_a_forgotten_group_leans_on_the_wider_one_again() -> None:
    history = taught([20.0] * 30, ("reports",))
    history.end("slow", ("reports", "tonight"), 1e6)
    apart = history.cost_gpu_s(("reports", "tonight"), 0.0)
    history.forget("tonight")
    assert "tonight" not in history.state()["counts"]
    assert history.cost_gpu_s(("reports", "tonight"), 0.0) != apart


def test_what_was_long_ago_weighs_less_than_what_is_new() -> None:
    history = History(HistorySettings(memory_jobs=100.0))
    for number in range(400):
        history.end(f"old {number}", (), 1e6)
    for number in range(150):
        history.end(f"new {number}", (), 20.0)
    steady = History(HistorySettings(memory_jobs=1e9))
    for number in range(400):
        steady.end(f"old {number}", (), 1e6)
    for number in range(150):
        steady.end(f"new {number}", (), 20.0)
    assert history.cost_gpu_s((), 0.0) < steady.cost_gpu_s((), 0.0) / 2


@given(SERVICES, st.floats(min_value=0.0, max_value=1e9))
def test_what_is_expected_is_finite_positive_and_at_least_half_the_current_bin(
    services: list[float], attained_gpu_s: float
) -> None:
    cost = taught(services).cost_gpu_s((), attained_gpu_s)
    assert 4.0 <= cost < math.inf


@given(SERVICES, st.floats(min_value=0.0, max_value=1e9))
def test_a_history_is_the_same_after_a_restart(services: list[float], attained_gpu_s: float) -> None:
    history = taught(services, ("group",))
    history.note("under way", ("group",), 1000.0)
    again = History.from_state(json.loads(json.dumps(history.state())))
    fresh = History.from_state(history.state())
    assert again.state() == history.state()
    assert again.cost_gpu_s(("group",), attained_gpu_s) == fresh.cost_gpu_s(("group",), attained_gpu_s)
