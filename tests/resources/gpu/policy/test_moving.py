"""Moves that make a place in one piece: who moves, and how many."""

import pytest

from resources.gpu.policy.model import JobId
from resources.gpu.policy.state import State
from tests.resources.gpu.policy.cases import decided, job, runs, state, waits


@pytest.fixture
def shared() -> State:
    """Two devices with a share of each in use, and half of a third free elsewhere."""
    of = state(2, 1)
    of.moves_left = 1.0
    runs(of, job("small", milli=400, preemptible=True), (0, 0))
    runs(of, job("large", milli=500, preemptible=True), (0, 1))
    runs(of, job("half", milli=500), (1, 0))
    return of


def test_a_share_moves_off_a_device_that_is_asked_for_as_a_whole(shared: State) -> None:
    waits(shared, job("whole", who="b"))
    told = decided(shared)
    assert told["whole"] == "D1 -small"
    assert told["small"] == "D1 to n1:0"


def test_no_more_moves_are_planned_in_a_pass_than_are_left(shared: State) -> None:
    waits(shared, job("whole", who="b"), job("other", who="c"))
    assert sorted(rule[0] for rule in decided(shared).values()) == ["D", "D", "W"]


def test_nobody_moves_where_none_is_allowed(shared: State) -> None:
    shared.moves_left = 0.9
    waits(shared, job("whole", who="b"))
    assert decided(shared)["whole"].startswith("W")


def test_who_cannot_go_on_from_a_checkpoint_stays(shared: State) -> None:
    one = shared.running.pop(JobId("small"))
    shared.cluster.give_back(one.job.shape, one.placement)
    runs(shared, job("fixed", milli=400), (0, 0))
    waits(shared, job("whole", who="b"))
    assert decided(shared)["whole"] == "D1 -large"


def test_what_moved_without_need_stays_where_it_was() -> None:
    of = state(2, 2)
    of.moves_left = 4.0
    runs(of, job("one", milli=300, preemptible=True), (0, 0))
    runs(of, job("two", milli=300, preemptible=True), (0, 0))
    runs(of, job("pair", 2, milli=600), (1, 0), (1, 1))
    runs(of, job("rest", milli=900), (0, 1))
    waits(of, job("more", milli=700, who="b"))
    told = decided(of)
    assert told["more"].startswith("D1 -")
    assert told["more"].count(",") == 0


def two_shares(small_milli: int) -> State:
    """A share on each of two devices of one node, and somebody who wants a whole one."""
    of = state(2)
    of.moves_left = 1.0
    runs(of, job("small", milli=small_milli, preemptible=True), (0, 0))
    runs(of, job("large", milli=500, preemptible=True), (0, 1))
    waits(of, job("whole", who="b"))
    return of


def test_a_share_moves_to_another_device_of_its_own_node_where_no_other_has_room() -> None:
    told = decided(two_shares(400))
    assert told["whole"] == "D1 -small"
    assert told["small"] == "D1 to n0:1"


def test_a_share_that_fits_on_no_other_device_stays() -> None:
    assert decided(two_shares(600))["whole"].startswith("W")


def test_a_place_that_another_one_has_moved_to_is_not_taken_back() -> None:
    of = state(3)
    of.moves_left = 8.0
    runs(of, job("fixed", milli=200), (0, 0))
    runs(of, job("first", milli=500, preemptible=True), (0, 0))
    runs(of, job("then", milli=800, preemptible=True), (0, 1))
    runs(of, job("half", milli=500), (0, 2))
    waits(of, job("whole", who="b"))
    told = decided(of)
    assert told["first"] == "D1 to n0:2"
    assert told["then"] == "D1 to n0:0"
    assert told["whole"].startswith("D1 -")
