"""The rules of overuse, on looks that are written down; and laws over looks that are drawn."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.enforcement.model import (
    Action,
    DeviceMemory,
    Finding,
    Limits,
    Look,
    Stranger,
    Use,
)
from resources.gpu.enforcement.rules import LOOK_EVERY_S, LOOKS_TO_WARN, History, Patience, judge
from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import Overuse, RunId

GPU, OTHER = DeviceId("cuda:0"), DeviceId("cuda:1")
A, B = RunId("a"), RunId("b")
PATIENCE = Patience(grace_s=10, again_s=20)


class Watched:
    """Looks one after the other, four seconds apart."""

    def __init__(self, *limits: Limits, room: bool = False) -> None:
        self.limits = limits
        self.history: History = {}
        self.now_s = 0.0
        self.room = room

    def sees(self, *uses: Use, free_mib: int = 10**6, strangers: tuple[Stranger, ...] = ()) -> list[Finding]:
        look = Look(uses, strangers, (DeviceMemory(GPU, free_mib),))
        judged = judge(
            self.limits,
            look,
            self.history,
            self.now_s,
            has_room=lambda _: self.room,
            patience=PATIENCE,
        )
        self.history, self.now_s = judged.history, self.now_s + 4
        return list(judged.findings)


def told(findings: list[Finding], run: RunId | None = A) -> list[tuple[str, Action]]:
    return [(one.rule, one.action) for one in findings if one.run_id == run]


def lease(run: RunId = A, overuse: Overuse = Overuse.LEAVE, memory_mib: int = 8000) -> Limits:
    return Limits(run, {GPU: memory_mib}, 2000, 4000, overuse)


def uses(
    run: RunId = A, memory_mib: int = 0, cpu_milli: int | None = 0, host_mib: int = 0, device: DeviceId = GPU
) -> Use:
    return Use(run, {device: memory_mib}, cpu_milli, host_mib)


def test_a_run_at_its_limits_is_within_its_lease() -> None:
    assert told(Watched(lease()).sees(uses(A, 8000, 2000, 4000))) == [("U1", Action.NONE)]


@pytest.mark.parametrize(
    ("rule", "use"),
    [
        ("U2", uses(memory_mib=8001)),
        ("U3", uses(cpu_milli=2201)),
        ("U4", uses(host_mib=4001)),
        ("U5", uses(memory_mib=1, device=OTHER)),
    ],
)
def test_too_much_is_noted_then_warned_of_then_left(rule: str, use: Use) -> None:
    watched = Watched(lease())
    seen = [told(watched.sees(use)) for _ in range(7)]
    quiet = (rule, Action.NONE)
    # The warning is of second 4, the grace of 10 s is over at second 16.
    steps = [(rule, Action.NOTE), (rule, Action.WARN), quiet, quiet, (rule, Action.LEAVE), quiet, quiet]
    assert seen == [[step] for step in steps]


def test_a_warning_comes_within_ten_seconds() -> None:
    assert (LOOKS_TO_WARN + 1) * LOOK_EVERY_S < 10


def test_what_uses_the_cpu_a_little_above_its_lease_is_within() -> None:
    watched = Watched(lease(), Limits(B, cpu_milli=100))
    findings = watched.sees(uses(A, cpu_milli=2200), Use(B, cpu_milli=200))
    assert told(findings, A) == told(findings, B) == [("U1", Action.NONE)]


def test_the_first_look_knows_no_cpu() -> None:
    assert told(Watched(lease()).sees(uses(cpu_milli=None))) == [("U1", Action.NONE)]


def test_what_no_lease_limits_is_never_too_much() -> None:
    watched = Watched(Limits(A, {GPU: None}))
    assert told(watched.sees(uses(A, 80_000, 64_000, 10**6))) == [("U1", Action.NONE)]


def test_a_spike_of_one_look_is_forgotten() -> None:
    watched = Watched(lease())
    seen = [told(watched.sees(uses(memory_mib=mib))) for mib in (9000, 8000, 9000, 8000, 9000)]
    spike, within = [("U2", Action.NOTE)], [("U1", Action.NONE)]
    assert seen == [spike, within, spike, within, spike]


def test_a_run_that_was_warned_is_clear_after_two_looks_within() -> None:
    watched = Watched(lease())
    for mib in (9000, 9000, 8000):
        watched.sees(uses(memory_mib=mib))
    assert told(watched.sees(uses(memory_mib=8000))) == [("U1", Action.CLEAR), ("U1", Action.NONE)]
    assert told(watched.sees(uses(memory_mib=9000))) == [("U2", Action.NOTE)]


def test_looks_within_that_are_not_in_a_row_clear_nothing() -> None:
    watched = Watched(lease())
    for mib in (9000, 9000, 8000, 9000):
        watched.sees(uses(memory_mib=mib))
    assert told(watched.sees(uses(memory_mib=8000))) == [("U1", Action.NONE)]


def test_one_look_within_does_not_stop_the_grace() -> None:
    watched = Watched(lease(overuse=Overuse.EVICT))
    for mib in (9000, 9000, 8000, 9000):
        watched.sees(uses(memory_mib=mib))
    assert told(watched.sees(uses(memory_mib=9000))) == [("U2", Action.EVICT)]


def after_grace(watched: Watched, use: Use) -> list[tuple[str, Action]]:
    for _ in range(4):
        watched.sees(use)
    return told(watched.sees(use))


def test_where_there_is_room_the_lease_grows() -> None:
    watched = Watched(lease(overuse=Overuse.RESIZE), room=True)
    assert after_grace(watched, uses(memory_mib=9000)) == [("U2", Action.RESIZE)]


def test_where_there_is_none_it_is_left_and_asked_for_again_in_the_next_look() -> None:
    watched = Watched(lease(overuse=Overuse.RESIZE))
    assert after_grace(watched, uses(memory_mib=9000)) == [("U2", Action.LEAVE)]
    watched.room = True
    assert told(watched.sees(uses(memory_mib=9000))) == [("U2", Action.RESIZE)]


def test_a_lease_does_not_grow_onto_a_device_that_is_not_in_it() -> None:
    watched = Watched(lease(overuse=Overuse.RESIZE), room=True)
    assert after_grace(watched, uses(memory_mib=1, device=OTHER)) == [("U5", Action.LEAVE)]


def test_an_eviction_is_asked_for_once_and_again_when_it_had_no_effect() -> None:
    watched = Watched(lease(overuse=Overuse.EVICT))
    assert after_grace(watched, uses(memory_mib=9000)) == [("U2", Action.EVICT)]
    later = [told(watched.sees(uses(memory_mib=9000))) for _ in range(5)]
    assert later == [*[[("U2", Action.NONE)]] * 4, [("U2", Action.EVICT)]]


def test_whoever_endangers_a_neighbour_is_evicted_whatever_it_declared() -> None:
    watched = Watched(lease(A), lease(B))
    over, neighbour = uses(A, 12_000), uses(B, 3000)
    assert told(watched.sees(over, neighbour, free_mib=4999)) == [("U2", Action.NOTE), ("U6", Action.NOTE)]
    second = watched.sees(over, neighbour, free_mib=4999)
    assert told(second) == [("U2", Action.WARN), ("U6", Action.EVICT)]
    assert told(second, B) == [("U1", Action.NONE)]
    third = watched.sees(over, neighbour, free_mib=4999)
    assert told(third) == [("U2", Action.NONE), ("U6", Action.NONE)]
    assert second[1].reason.values == {
        "device": GPU,
        "free_mib": 4999,
        "owed_mib": 5000,
        "used_mib": 12_000,
        "allowed_mib": 8000,
    }


def test_nobody_is_evicted_while_the_neighbour_has_its_memory() -> None:
    watched = Watched(lease(A), lease(B))
    for _ in range(3):
        findings = watched.sees(uses(A, 12_000), uses(B, 3000), free_mib=5000)
    assert told(findings) == [("U2", Action.NONE)]


def test_nobody_within_their_lease_is_evicted() -> None:
    watched = Watched(lease(A), lease(B))
    for _ in range(3):
        findings = watched.sees(uses(A, 8000), uses(B, 3000), free_mib=0)
    assert [one.action for one in findings] == [Action.NONE, Action.NONE]


def test_no_more_are_evicted_than_it_takes() -> None:
    c, d = RunId("c"), RunId("d")
    watched = Watched(lease(A), lease(B), lease(c, memory_mib=30_000), lease(d, memory_mib=20_000))
    for _ in range(2):
        # The excess of a is greater, but what it has is not enough for d; what c has is.
        look = [uses(A, 14_000), uses(B, 8000), uses(c, 31_000), uses(d)]
        findings = watched.sees(*look, free_mib=100)
    evicted = [one.run_id for one in findings if one.action is Action.EVICT]
    assert evicted == [c]


def test_who_uses_a_device_without_a_reservation_makes_room_for_those_that_have_one() -> None:
    watched = Watched(lease(A), Limits(B, unreserved=frozenset({GPU})))
    free = [9000, 9000, 7999, 8000, 7999, 7999]
    seen = [told(watched.sees(uses(A), uses(B, 3000), free_mib=free_mib), B) for free_mib in free]
    within, noted = [("U1", Action.NONE)], [("U6", Action.NOTE)]
    assert seen == [within, within, noted, within, noted, [("U6", Action.EVICT)]]


def test_a_stranger_is_told_to_the_operators_once() -> None:
    watched = Watched(lease())
    stranger = Stranger(GPU, 4711, 700, "eve")
    seen = [told(watched.sees(strangers=(stranger,)), None) for _ in range(6)]
    assert seen[:2] == [[("U5", Action.NOTE)], [("U5", Action.WARN)]]
    assert seen[2:] == [[("U5", Action.NONE)]] * 4


def test_a_stranger_that_leaves_a_lease_short_is_told_so() -> None:
    findings = Watched(lease()).sees(uses(), free_mib=7000, strangers=(Stranger(GPU, 4711, 9000, None),))
    assert told(findings, None) == [("U6", Action.NOTE)]
    assert findings[0].reason.text == (
        "Process 4711 of user ? has 9000 MiB on cuda:0 without a lease; the 7000 MiB that are free there are "
        "less than the 8000 MiB that leases are owed."
    )


def test_what_is_said_names_the_values() -> None:
    findings = Watched(lease()).sees(Use(A, {GPU: 9000, OTHER: 5}, 3140, 4100))
    assert [one.reason.text for one in findings] == [
        "It has 9000 MiB of the memory of cuda:0; its lease reserves 8000 MiB.",
        "It has 5 MiB on cuda:1, which is not in its lease.",
        "It uses 3.1 CPU cores; its lease has 2.0.",
        "It has 4100 MiB of main memory; its lease has 4000 MiB.",
    ]


def test_a_run_whose_lease_is_over_is_forgotten() -> None:
    watched = Watched(lease())
    for _ in range(2):
        watched.sees(uses(memory_mib=9000))
    watched.limits = ()
    assert watched.sees() == []
    assert watched.history == {}


RUNS = [RunId(name) for name in "abc"]
AMOUNTS = st.integers(0, 12_000)
LOOKS = st.lists(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, st.integers(0, 20_000)), min_size=1, max_size=12)


def drawn(amounts: tuple[int, int, int, int]) -> tuple[Mapping[RunId, int], int]:
    return dict(zip(RUNS, amounts[:3], strict=True)), amounts[3]


@given(looks=LOOKS, declared=st.lists(st.sampled_from(Overuse), min_size=3, max_size=3))
def test_nobody_is_touched_who_was_not_above_their_lease_in_two_looks(
    looks: list[tuple[int, int, int, int]], declared: list[Overuse]
) -> None:
    watched = Watched(*(lease(run, rule) for run, rule in zip(RUNS, declared, strict=True)), room=True)
    above_before, warned = set[RunId](), set[RunId]()
    for look in looks:
        amounts, free_mib = drawn(look)
        above = {run for run, mib in amounts.items() if mib > 8000}
        findings = watched.sees(*(uses(run, mib) for run, mib in amounts.items()), free_mib=free_mib)
        touched = {
            one.run_id
            for one in findings
            if one.run_id is not None and one.action in {Action.WARN, Action.RESIZE, Action.EVICT}
        }
        assert touched <= above & (above_before | warned)
        above_before, warned = above, warned | touched


@given(look=st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, st.integers(0, 20_000)))
def test_after_the_evictions_everybody_left_has_their_memory_or_nobody_is_above(
    look: tuple[int, int, int, int],
) -> None:
    amounts, free_mib = drawn(look)
    watched = Watched(*(lease(run) for run in RUNS))
    for _ in range(2):
        findings = watched.sees(*(uses(run, mib) for run, mib in amounts.items()), free_mib=free_mib)
    gone = {one.run_id for one in findings if one.action is Action.EVICT}
    left = {run: mib for run, mib in amounts.items() if run not in gone}
    free_after_mib = free_mib + sum(amounts[run] for run in gone if run)
    owed_mib = sum(max(0, 8000 - mib) for mib in left.values())
    assert free_after_mib >= owed_mib or all(mib <= 8000 for mib in left.values())
    for run in gone:
        assert run is not None
        assert amounts[run] > 8000
        assert free_after_mib - amounts[run] < owed_mib, "one that could have stayed was evicted"
