"""Services of low priority make room for those of high priority, and keep what they are guaranteed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.policy.reason import Reason
from resources.serving.scaling.autoscaler import Autoscaler
from resources.serving.scaling.fleet import Fleet, Scaled
from resources.serving.scaling.grammar.parsing import parse_scaling
from resources.serving.scaling.model import ScalingSnapshot
from resources.serving.scaling.sharing import Need, share
from tests.resources.serving.scaling.made import NOW, later, seen

DEVICE = 1000


def need(
    endpoint: str, current: int, wanted: int, least: int = 1, priority: int = 0, device_milli: int = DEVICE
) -> Need:
    return Need(endpoint, current, wanted, least, device_milli, priority)


def free(needs: list[Need], devices: float, **coming: int) -> dict[str, int | None]:
    found = share(needs, round(devices * DEVICE), NOW, **coming)
    return {name: one.free_replicas for name, one in found.items()}


def owed(needs: list[Need], devices: float, **coming: int) -> dict[str, int]:
    found = share(needs, round(devices * DEVICE), NOW, **coming)
    return {name: one.owed_replicas for name, one in found.items() if one.owed_replicas}


def test_free_devices_go_to_the_higher_priority_first() -> None:
    assert free([need("a", 1, 3), need("b", 1, 3, priority=1)], 3) == {"a": 1, "b": 2}


def test_what_is_guaranteed_goes_before_what_a_higher_priority_wants() -> None:
    assert free([need("a", 0, 1), need("b", 1, 5, priority=1)], 2) == {"a": 1, "b": 1}


def test_services_of_one_priority_take_turns() -> None:
    assert free([need("a", 1, 9), need("b", 1, 9)], 4) == {"a": 2, "b": 2}


def test_a_service_that_needs_no_device_starts_as_many_as_it_wants() -> None:
    assert free([need("a", 1, 9, device_milli=0), need("b", 1, 2)], 0) == {"a": None, "b": 0}


def test_small_wishes_do_not_overtake_a_large_one_of_higher_priority() -> None:
    needs = [need("big", 0, 1, 0, priority=1, device_milli=2000), need("small", 1, 2, device_milli=500)]
    assert free(needs, 1.5) == {"big": 0, "small": 0}


def test_a_lower_priority_gives_back_what_is_above_its_guarantee() -> None:
    needs = [need("a", 4, 4, least=3), need("b", 1, 3, priority=1)]
    assert owed(needs, 0) == {"a": 1}
    assert share(needs, 0, NOW)["a"].owed_to == "b"


def test_an_equal_priority_gives_nothing_back() -> None:
    assert owed([need("a", 4, 4), need("b", 1, 3)], 0) == {}


def test_the_lowest_priority_gives_first_and_then_who_is_furthest_above_its_guarantee() -> None:
    needs = [
        need("a", 3, 3, priority=1),
        need("b", 2, 2),
        need("c", 4, 4),
        need("high", 1, 3, priority=2),
    ]
    assert owed(needs, 0) == {"c": 2}
    assert owed([*needs[:3], need("high", 1, 7, priority=2)], 0) == {"a": 2, "b": 1, "c": 3}


def test_nobody_gives_for_a_replica_that_could_not_start_all_the_same() -> None:
    needs = [need("a", 2, 2), need("big", 1, 2, priority=1, device_milli=2000)]
    assert owed(needs, 0) == {}
    assert owed(needs, 1) == {"a": 1}


def test_nobody_gives_for_devices_that_are_on_their_way_back() -> None:
    needs = [need("a", 4, 4), need("b", 1, 2, priority=1)]
    assert owed(needs, 0, coming_milli=DEVICE) == {}
    assert owed([need("a", 4, 4), need("c", 3, 2), need("b", 1, 2, priority=1)], 0) == {}


def test_who_gave_a_replica_is_left_alone_for_a_while() -> None:
    needs = [replace(need("a", 4, 4), gave_at=NOW - timedelta(seconds=399)), need("b", 1, 2, priority=1)]
    assert owed(needs, 0) == {}
    needs[0] = replace(needs[0], gave_at=NOW - timedelta(seconds=400))
    assert owed(needs, 0) == {"a": 1}


def test_numbers_below_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="a needs"):
        need("a", -1, 2)


needs_of_one = st.builds(
    Need,
    st.just("x"),
    st.integers(0, 6),
    st.integers(0, 8),
    st.integers(0, 3),
    st.sampled_from([0, 250, 500, 1000, 2000]),
    st.integers(0, 2),
    st.none() | st.just(NOW - timedelta(seconds=100)),
)
fleets = st.lists(needs_of_one, max_size=6).map(
    lambda ones: [replace(one, endpoint=f"s{index}") for index, one in enumerate(ones)]
)
frees = st.integers(0, 8000)


@given(fleets, frees, st.integers(0, 3000))
def test_no_more_is_given_than_there_is_and_no_guarantee_is_touched(
    needs: list[Need], free_milli: int, coming_milli: int
) -> None:
    shares = share(needs, free_milli, NOW, coming_milli=coming_milli)
    assert sum((shares[one.endpoint].free_replicas or 0) * one.device_milli for one in needs) <= free_milli
    for one in needs:
        given = shares[one.endpoint]
        assert given.owed_replicas <= max(0, min(one.current, one.wanted) - one.least)
        if given.owed_replicas:
            assert one.gave_at is None
            assert given.owed_to not in ("", one.endpoint)
        if given.free_replicas is not None:
            assert given.free_replicas <= max(0, max(one.wanted, one.least) - one.current)


@given(fleets, frees, st.randoms())
def test_the_order_in_which_services_are_told_makes_no_difference(
    needs: list[Need], free_milli: int, random: st.DataObject
) -> None:
    told = list(needs)
    random.shuffle(told)  # type: ignore[attr-defined]
    assert share(told, free_milli, NOW) == share(needs, free_milli, NOW)


@given(fleets, frees)
def test_a_service_of_the_lowest_priority_takes_nothing_from_those_above_it(
    needs: list[Need], free_milli: int
) -> None:
    alone = share(needs, free_milli, NOW)
    greedy = Need("z", 0, 8, 0, DEVICE, -1)
    beside = share([*needs, greedy], free_milli, NOW)
    assert {name: beside[name].free_replicas for name in alone} == {
        name: one.free_replicas for name, one in alone.items()
    }
    assert all(one.owed_to != "z" for one in beside.values())


def scaled(name: str, text: str, snapshot: ScalingSnapshot, least: int = 1) -> Scaled:
    spec = parse_scaling(text, least=least, most=8)
    return Scaled(Autoscaler(spec), replace(snapshot, endpoint=name), DEVICE)


def test_a_high_service_waits_until_a_low_one_has_given_and_each_says_why() -> None:
    low, high = (
        scaled("low", "gpu:50%", seen(3, gpu=0.5)),
        scaled("high", "gpu:50%,priority:high", seen(1, gpu=1.0)),
    )
    fleet = Fleet()
    shrunk, waits = fleet.decide([low, high], 0, NOW)
    assert (shrunk.replicas, shrunk.by) == (2, "S12")
    assert (waits.replicas, waits.by) == (1, "S13")
    low = replace(low, seen=replace(low.seen, ready=2))
    still, grows = fleet.decide([low, high], DEVICE, later(10))
    assert (still.replicas, grows.replicas) == (2, 2)


def test_nobody_starts_more_than_the_arbiter_would_give_and_it_says_why() -> None:
    why = Reason("W1", "Its devices are in use.", {})
    one = replace(scaled("one", "gpu:50%", seen(2, gpu=1.0)), offered=1, offered_why=why)
    assert Fleet().wish(one, NOW) == 2
    (found,) = Fleet().decide([one], 4 * DEVICE, NOW)
    assert (found.replicas, found.by) == (3, "S13")
    assert [reason.rule for reason in found.reasons] == ["S1", "W1", "S13"]
    (fewer,) = Fleet().decide([replace(one, offered=4)], DEVICE, NOW)
    assert (fewer.replicas, [reason.rule for reason in fewer.reasons]) == (3, ["S1", "S13"])


def test_a_service_of_another_project_gives_nothing_back() -> None:
    low = replace(scaled("low", "gpu:50%", seen(3, gpu=0.5)), project="vision")
    high = replace(scaled("high", "gpu:50%,priority:high", seen(1, gpu=1.0)), project="speech")
    kept, waits = Fleet().decide([low, high], 0, NOW)
    assert (kept.replicas, waits.replicas, waits.by) == (3, 1, "S13")
    given, _ = Fleet().decide([low, replace(high, project="vision")], 0, NOW)
    assert (given.replicas, given.by) == (2, "S12")


def test_a_dry_run_neither_takes_nor_gives() -> None:
    low = scaled("low", "gpu:50%,dry_run:on", seen(3, gpu=0.5))
    high = scaled("high", "gpu:50%,priority:high", seen(1, gpu=1.0))
    first, second = Fleet().decide([low, high], 0, NOW)
    assert (first.replicas, second.replicas) == (3, 1)
