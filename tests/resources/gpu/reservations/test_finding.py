"""Where a reservation can lie: nothing is set aside twice, and the nearest time that is named is free."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.inventory.model import LOCAL, Device, DeviceId, Inventory, Node
from resources.gpu.model import (
    NO_TERMS,
    Attempt,
    Drained,
    Lease,
    LeaseState,
    Origin,
    Owner,
    Reserved,
    RunId,
    Terms,
)
from resources.gpu.requests.grammar import parse_request
from resources.gpu.reservations.finding import World, clashes, find_devices, nearest_start
from resources.terms import Actor
from tests.examples import drawing

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SLOTS = tuple(DeviceId(f"cpu:{number}") for number in range(3))
INVENTORY = Inventory((Node(LOCAL, 8000, 8192, tuple(Device(one, None, None) for one in SLOTS)),))


def lease(run: str, *devices: int, terms: Terms = NO_TERMS) -> Lease:
    return Lease(
        RunId(run), Attempt(1), tuple(SLOTS[one] for one in devices), parse_request(str(len(devices))),
        Owner("vision", "ann"), Origin.QUEUE, "x", LeaseState.CLAIMED, NOW, terms=terms,
    )  # fmt: skip


def reserved(name: str, starts_h: float, ends_h: float, *devices: int) -> Reserved:
    return Reserved(
        name, "vision", None, tuple(SLOTS[one] for one in devices), NOW + starts_h * HOUR, NOW + ends_h * HOUR
    )


def found(world: World, text: str, starts_h: float, ends_h: float) -> tuple[DeviceId, ...] | None:
    return find_devices(world, parse_request(text), NO_TERMS, NOW + starts_h * HOUR, NOW + ends_h * HOUR)


def test_only_what_is_set_aside_at_the_same_time_is_in_the_way() -> None:
    world = World(INVENTORY, (), (reserved("a", 1, 2, 0, 1),))
    assert found(world, "2", 2, 3) is not None
    assert found(world, "2", 0, 1) is not None
    assert found(world, "2", 1.5, 3) is None
    assert found(world, "1", 1.5, 3) == (SLOTS[2],)


def test_two_that_follow_each_other_are_not_counted_together() -> None:
    world = World(INVENTORY, (), (reserved("a", 1, 2, 0), reserved("b", 2, 3, 0)))
    assert found(world, "2", 1, 3) == (SLOTS[1], SLOTS[2])


def test_what_has_declared_to_be_there_is_in_the_way_and_what_can_stop_is_not() -> None:
    long, short = Terms(max_runtime_s=7200), Terms(max_runtime_s=3600)
    assert found(World(INVENTORY, (lease("a", 0, 1, 2, terms=long),), ()), "1", 1, 3) is None
    assert found(World(INVENTORY, (lease("a", 0, 1, 2, terms=short),), ()), "3", 1, 3) is not None
    stops = replace(long, preemptible=True)
    assert found(World(INVENTORY, (lease("a", 0, 1, 2, terms=stops),), ()), "3", 1, 3) is not None


def test_what_has_declared_no_end_is_kept_clear_of_where_that_is_possible() -> None:
    world = World(INVENTORY, (lease("a", 0, 1),), ())
    assert found(world, "1", 1, 3) == (SLOTS[2],)
    assert found(world, "3", 1, 3) == SLOTS


def test_nothing_is_set_aside_on_what_is_drained() -> None:
    drained = Drained("cpu:0", "", evict=False, since=NOW, actor=Actor("user:ann"))
    assert found(World(INVENTORY, (), (), (drained,)), "3", 1, 2) is None


def test_those_in_the_way_are_named_the_first_to_end_first() -> None:
    world = World(
        INVENTORY,
        (lease("run", 0, terms=Terms(max_runtime_s=5400)),),
        (reserved("a", 1, 2, 1), reserved("b", 5, 6, 2)),
    )
    in_the_way = clashes(world, parse_request("3"), NOW + HOUR, NOW + 3 * HOUR)
    assert [one.id if isinstance(one, Reserved) else one.run_id for one in in_the_way] == ["run", "a"]


asks = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 9), st.integers(1, 5)), min_size=1, max_size=12)


@drawing(0.6)
@given(asks)
def test_nothing_is_oversold_and_the_nearest_time_is_free_and_the_first(
    drawn: list[tuple[int, int, int]],
) -> None:
    there: list[Reserved] = []
    for number, (count, starts_h, hours) in enumerate(drawn):
        world, request = World(INVENTORY, (), there), parse_request(str(count))
        starts_at, length = NOW + starts_h * HOUR, hours * HOUR
        devices = find_devices(world, request, NO_TERMS, starts_at, starts_at + length)
        if devices is None:
            nearest = nearest_start(world, request, NO_TERMS, starts_at, length)
            assert nearest is not None
            assert find_devices(world, request, NO_TERMS, nearest, nearest + length) is not None
            earlier = starts_at
            while earlier < nearest:
                assert find_devices(world, request, NO_TERMS, earlier, earlier + length) is None
                earlier += HOUR
            continue
        there.append(Reserved(str(number), "vision", None, devices, starts_at, starts_at + length))
    for hour in range(15):
        moment = NOW + (hour + 0.5) * HOUR
        held = Counter(
            one for each in there if each.starts_at <= moment < each.ends_at for one in each.devices
        )
        assert max(held.values(), default=0) <= 1
