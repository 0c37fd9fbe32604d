"""The number of replicas that keeps a wait short is Erlang's."""

from math import factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.serving.scaling.model import HIGHEST_REPLICAS
from resources.serving.scaling.queueing import replicas_for


def waiting(servers: int, load: float) -> float:
    """Erlang C as books have it."""
    all_busy = load**servers / factorial(servers) * servers / (servers - load)
    return all_busy / (sum(load**k / factorial(k) for k in range(servers)) + all_busy)


@pytest.mark.parametrize("load", [0.2, 0.9, 3.0, 7.5, 20.0])
@pytest.mark.parametrize("late", [0.01, 0.2])
def test_it_is_the_least_with_which_few_enough_requests_wait_at_all(load: float, late: float) -> None:
    found = replicas_for(load, 1.0, 0.0, late)
    assert waiting(found, load) <= late
    assert found - 1 <= load or waiting(found - 1, load) > late


def test_many_replicas_may_be_busier_than_few_at_the_same_wait() -> None:
    few, many = replicas_for(5, 0.2, 0.2), replicas_for(100, 0.2, 0.2)
    assert 1 / few < 0.5
    assert 20 / many > 0.7


def test_without_requests_no_replica_is_needed() -> None:
    assert replicas_for(0.0, 0.2, 0.1) == 0


def test_a_load_that_no_number_of_replicas_answers_asks_for_the_most_there_can_be() -> None:
    assert replicas_for(1e6, 1.0, 0.1) >= HIGHEST_REPLICAS


@given(st.floats(0.01, 300), st.floats(0.01, 1), st.floats(0, 2), st.floats(0, 50), st.floats(0, 2))
def test_more_requests_never_need_fewer_and_more_patience_never_needs_more(
    rate: float, service_s: float, wait_s: float, more: float, patience_s: float
) -> None:
    found = replicas_for(rate, service_s, wait_s)
    assert found > rate * service_s
    assert replicas_for(rate + more, service_s, wait_s) >= found
    assert replicas_for(rate, service_s, wait_s + patience_s) <= found
