"""The rules of a decision, one by one."""

from dataclasses import replace

from resources.gpu.placement.model import Placement, Shape, Slot, Span
from resources.gpu.policy.decide import decide
from resources.gpu.policy.model import Affinity, Drain, Job, JobId, Reservation, Settings
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.state import State
from tests.resources.gpu.policy.cases import (
    LONG_AGO_S,
    NOW_S,
    decided,
    job,
    owed,
    runs,
    state,
    step,
    waits,
)


def test_a_job_that_asks_for_nothing_is_granted_even_when_all_is_taken() -> None:
    full = state(1)
    runs(full, job("x"), (0, 0))
    waits(full, job("none", 0))
    assert decided(full) == {"none": "A1"}


def test_free_devices_are_granted() -> None:
    free = state(2)
    waits(free, job("x", 2))
    assert decided(free) == {"x": "A2 n0:0,1"}


def test_a_decision_leaves_the_state_as_it_was() -> None:
    before = state(2, quotas=owed(a=1, b=1))
    runs(before, job("y", who="b", preemptible=True), (0, 0))
    waits(before, job("x", 2), job("z", who="b"))
    assert decided(before) == decided(before)
    assert before.cluster.free_of_device(0, 1)[0] == 1000


def test_what_waits_says_who_has_its_devices() -> None:
    full = state(1)
    runs(full, job("holder", who="b"), (0, 0))
    waits(full, job("x"))
    [wait] = decide(full, NOW_S)
    assert wait.reason.rule == "W1"
    assert "run holder of b" in wait.reason.text


def test_projects_take_turns_by_what_they_have() -> None:
    one_each = state(3)
    runs(one_each, job("a0"), (0, 0))
    waits(one_each, job("a1", submitted_at_s=LONG_AGO_S - 9), job("b1", who="b"), job("b2", who="b"))
    assert set(decided(one_each)) == {"a1", "b1", "b2"}
    assert decided(one_each)["b1"].startswith("A2")


def test_the_higher_priority_goes_first_in_its_project() -> None:
    one = state(1)
    waits(one, job("old", submitted_at_s=0), job("urgent", priority=1))
    assert decided(one) == {"urgent": "A2 n0:0", "old": "W1"}


def test_within_its_quota_a_project_goes_before_one_that_borrows() -> None:
    one = state(2, quotas=owed(a=1, b=1))
    runs(one, job("a0"), (0, 0))
    waits(one, job("a1", submitted_at_s=0), job("b1", who="b"))
    assert decided(one) == {"b1": "A2 n0:1", "a1": "Q5"}


def test_a_project_borrows_what_others_leave() -> None:
    lent = state(2, quotas=owed(a=1, b=1))
    waits(lent, job("a1", 2))
    assert decided(lent) == {"a1": "A3 n0:0,1"}


def test_what_was_lent_is_taken_back_from_who_borrowed_most() -> None:
    lent = state(4, quotas=owed(a=1, b=1, c=2))
    runs(lent, job("a1", preemptible=True), (0, 0))
    runs(lent, job("a2", preemptible=True), (0, 1))
    runs(lent, job("a3", preemptible=True), (0, 2))
    runs(lent, job("b1", who="b", preemptible=True), (0, 3))
    waits(lent, job("c1", who="c"))
    assert decided(lent)["c1"] == "P1 -a3"


def test_what_is_within_quota_is_never_taken() -> None:
    fair = state(2, quotas=owed(a=1, b=1, c=0))
    runs(fair, job("a1", preemptible=True), (0, 0))
    runs(fair, job("b1", who="b", preemptible=True), (0, 1))
    waits(fair, job("c1", who="c", priority=9))
    assert decided(fair) == {"c1": "Q5"}


def test_a_lower_priority_makes_room_in_its_project() -> None:
    one = state(1)
    runs(one, job("low", preemptible=True), (0, 0))
    waits(one, job("high", priority=5))
    assert decided(one) == {"high": "P2 -low"}


def test_no_more_victims_than_needed() -> None:
    several = state(4)
    for number in range(4):
        runs(several, job(f"low{number}", preemptible=True), (0, number))
    waits(several, job("high", 2, priority=5))
    assert decided(several)["high"].count("low") == 2


def test_a_young_job_is_left_alone() -> None:
    one = state(1)
    runs(one, job("low", preemptible=True), (0, 0), since_s=NOW_S - 5)
    waits(one, job("high", priority=5))
    assert decided(one) == {"high": "W1"}


def test_a_job_that_was_stopped_lately_is_left_alone() -> None:
    one = state(1)
    runs(one, job("low", preemptible=True, evicted_at_s=NOW_S - 1000), (0, 0), since_s=NOW_S - 900)
    waits(one, job("high", priority=5))
    assert decided(one) == {"high": "W1"}
    assert decided(one, NOW_S + 1000) == {"high": "P2 -low"}


def test_a_job_that_cannot_go_on_later_is_never_stopped() -> None:
    one = state(1)
    runs(one, job("low"), (0, 0))
    waits(one, job("high", priority=5))
    assert decided(one) == {"high": "W1"}


def test_freed_devices_are_kept_for_who_they_were_freed_for() -> None:
    one = state(2)
    runs(one, job("low", 2, preemptible=True), (0, 0), (0, 1))
    waits(one, job("high", 2, priority=5))
    assert step(one) == {"high": "P2 -low"}
    waits(one, job("small", who="b"))
    assert step(one) == {"high": "W4", "small": "W1"}
    low = one.running[JobId("low")].job
    one.end(JobId("low"), NOW_S, again=replace(low, evicted_at_s=NOW_S, queued_since_s=NOW_S))
    assert step(one) == {"high": "A4 n0:0,1", "small": "W1", "low": "W1"}


def test_what_was_freed_is_not_given_beyond_a_quota_that_was_set_lower_meanwhile() -> None:
    one = state(2, quotas=owed(a=2))
    runs(one, job("low", 2, preemptible=True), (0, 0), (0, 1))
    waits(one, job("high", 2, priority=5))
    assert step(one) == {"high": "P2 -low"}
    one.end(JobId("low"), NOW_S)
    one.quotas = QuotaTree(owed(a=1))
    waits(one, job("small"))
    assert step(one) == {"high": "Q5", "small": "A2 n0:0"}


def test_the_same_eviction_is_not_decided_twice() -> None:
    one = state(1)
    runs(one, job("low", preemptible=True), (0, 0))
    waits(one, job("high", priority=5), job("high2", priority=5))
    assert sorted(step(one).values()) == ["P2 -low", "W1"]
    assert sorted(step(one).values()) == ["W1", "W4"]


def test_devices_of_one_that_is_told_to_stop_are_nobody_s_until_it_is_gone() -> None:
    one = state(2)
    runs(one, job("low", 2, preemptible=True), (0, 0), (0, 1))
    waits(one, job("high", 1, priority=5))
    step(one)
    waits(one, job("other", who="b"))
    assert step(one)["other"] == "W1"


def test_a_gang_is_granted_over_nodes_or_not_at_all() -> None:
    two = state(2, 2)
    runs(two, job("x"), (0, 0))
    waits(two, job("gang", 4, span=Span.NODES))
    assert decided(two) == {"gang": "W1"}
    waits(two, job("three", 3, span=Span.NODES, submitted_at_s=0))
    assert decided(two)["three"] == "A2 n0:1 n1:0,1"


def test_enough_in_all_but_not_in_one_piece_is_said() -> None:
    two = state(2, 2)
    runs(two, job("x"), (0, 0))
    runs(two, job("y"), (1, 0))
    waits(two, job("pair", 2))
    assert decided(two) == {"pair": "W6"}


def test_too_few_cpus_beside_the_devices_is_said() -> None:
    one = state(2)
    runs(one, job("x", cpu_milli=60_000), (0, 0))
    waits(one, job("y", cpu_milli=8_000))
    assert decided(one) == {"y": "W7"}


def test_a_cluster_that_lost_a_card_says_so_and_keeps_nothing() -> None:
    one = state(2)
    one.cluster.set_usable(0, 1, False)
    waits(one, job("pair", 2, queued_since_s=0), job("single", submitted_at_s=NOW_S))
    assert decided(one) == {"pair": "W5", "single": "A2 n0:0"}


def test_the_first_in_line_is_not_overtaken_for_ever() -> None:
    two = state(2)
    runs(two, job("x"), (0, 0))
    waits(two, job("pair", 2, submitted_at_s=0), job("single"))
    assert decided(two) == {"pair": "W1", "single": "A2 n0:1"}
    waits(two, job("pair", 2, submitted_at_s=0, queued_since_s=NOW_S - 301))
    assert decided(two) == {"pair": "W1", "single": "W3"}


def test_a_job_that_ends_in_time_may_use_what_is_kept() -> None:
    two = state(2)
    runs(two, job("x", max_runtime_s=100_000 + 3600), (0, 0))
    waits(
        two,
        job("pair", 2, submitted_at_s=0, queued_since_s=NOW_S - 301),
        job("short", max_runtime_s=3000),
        job("long", max_runtime_s=4000),
    )
    told = decided(two)
    assert told["short"] == "A2 n0:1"
    assert told["long"] in ("W1", "W3")
    waits(two, job("short", max_runtime_s=5000))
    assert decided(two)["short"] == "W3"


def test_labels_groups_and_their_opposite_decide_where() -> None:
    two = state(2, 2)
    two.labels = ({"zone": "a"}, {"zone": "b"})
    waits(two, job("b", affinity=Affinity(labels=frozenset({("zone", "b")}))))
    assert step(two) == {"b": "A2 n1:0"}
    runs(two, job("g", group="team"), (0, 0))
    waits(two, job("near", affinity=Affinity(near="team")))
    assert step(two) == {"near": "A2 n0:1"}
    waits(two, job("apart", affinity=Affinity(apart="team")))
    assert decided(two) == {"apart": "A2 n1:1"}
    waits(two, job("apart", affinity=Affinity(apart="team", labels=frozenset({("zone", "a")}))))
    assert decided(two) == {"apart": "W8"}


def test_what_is_to_be_started_stands_where_somebody_starts_it_and_a_lease_there_first() -> None:
    three = state(1, 4, 1)
    three.closed = frozenset({1, 2})
    waits(three, job("first"), job("second"), job("pair", 2))
    assert decided(three) == {"first": "A2 n0:0", "second": "W9", "pair": "W9"}
    runs(three, job("all", 5, needs_launcher=False), *((1, device) for device in range(4)), (2, 0))
    assert decided(three) == {"first": "A2 n0:0", "second": "W1", "pair": "W5"}
    lease = state(1, 4)
    lease.closed = frozenset({1})
    waits(lease, job("here", needs_launcher=False))
    assert step(lease) == {"here": "A2 n0:0"}
    waits(lease, job("there", needs_launcher=False), job("run"))
    assert decided(lease) == {"there": "A2 n1:0", "run": "W9"}


def test_who_moves_for_another_goes_where_it_can_be_started() -> None:
    two = state(2, 1)
    two.moves_left = 1.0
    runs(two, job("x", preemptible=True), (0, 0))
    waits(two, job("pair", 2, who="b"))
    assert decided(two)["pair"] == "D1 -x"
    two.closed = frozenset({1})
    assert decided(two) == {"pair": "W1"}


def test_a_reservation_keeps_its_devices_for_its_project() -> None:
    two = state(2)
    pair = job("pair", 2)
    place = _place(two, pair)
    two.reservations["demo"] = Reservation(
        "demo", "b", None, pair.shape, Span.NODE, place, NOW_S - 10, NOW_S + 3600
    )
    waits(two, job("x"), job("mine", who="b"))
    told = decided(two)
    assert told["x"] in ("W1", "W3")
    assert told["mine"].startswith("A5")


def test_before_a_reservation_only_what_ends_in_time_or_can_stop_may_run() -> None:
    two = state(2)
    pair = job("pair", 2)
    place = _place(two, pair)
    two.reservations["demo"] = Reservation(
        "demo", "b", None, pair.shape, Span.NODE, place, NOW_S + 3600, NOW_S + 7200
    )
    waits(two, job("long"), job("short", max_runtime_s=1800), job("stops", preemptible=True))
    told = decided(two)
    assert told["long"] in ("W1", "W3")
    assert told["short"].startswith("A2")
    assert told["stops"].startswith("A2")


def test_when_a_reservation_begins_what_stands_on_it_makes_room() -> None:
    two = state(2)
    runs(two, job("stops", preemptible=True), (0, 0), since_s=NOW_S - 60)
    pair = job("pair", 2)
    two.reservations["demo"] = Reservation(
        "demo", "b", None, pair.shape, Span.NODE, (Slot(0, (0, 1)),), NOW_S, NOW_S + 7200
    )
    assert decided(two) == {"reservation:demo": "P4 -stops"}


def test_long_before_a_reservation_what_declared_no_end_may_begin() -> None:
    one = state(1, settings=Settings(reserve_ahead_s=3600))
    single = job("single")
    one.reservations["demo"] = Reservation(
        "demo", "b", None, single.shape, Span.NODE, _place(one, single), NOW_S + 3600, NOW_S + 7200
    )
    waits(one, job("x"))
    assert decided(one) == {"x": "A2 n0:0"}
    assert decided(one, NOW_S + 1) == {"x": "W3"}
    waits(one, job("x", max_runtime_s=3601))
    assert decided(one) == {"x": "W3"}


def test_a_lease_of_the_name_of_a_reservation_is_not_taken_for_it() -> None:
    two = state(2, settings=Settings(keep_after_s=0))
    runs(two, job("long"), (0, 0))
    pair = job("demo", 2, queued_since_s=LONG_AGO_S)
    two.reservations["demo"] = Reservation(
        "demo", "b", None, job("one").shape, Span.NODE, (Slot(0, (1,)),), NOW_S - 1, NOW_S + 7200
    )
    waits(two, pair, job("mine", who="b"))
    free = two.cluster.free_milli
    assert decided(two) == {"demo": "W1", "mine": "A5 n0:1"}
    assert two.cluster.free_milli == free


def test_on_a_drained_device_nothing_begins_and_what_can_stop_makes_room() -> None:
    two = state(2)
    two.cluster.set_usable(0, 0, False)
    runs(two, job("stops", preemptible=True), (0, 0), since_s=NOW_S - 1)
    runs(two, job("stays"), (0, 1))
    waits(two, job("pair", 2))
    assert decided(two) == {"pair": "W5"}
    two.draining = (Drain("cuda:0", frozenset({(0, 0)})), Drain("n9", frozenset({(9, 0)})))
    told = step(two)
    assert told == {"pair": "W5", "drain:cuda:0": "P5 -stops"}
    assert step(two) == {"pair": "W5"}, "it is told once"
    two.end(JobId("stops"), NOW_S, again=job("stops", preemptible=True))
    assert decided(two)["stops"] in {"W1", "W5"}


def test_small_jobs_move_so_that_a_large_one_has_a_place() -> None:
    two = state(2, 2, settings=Settings(moves_per_job=0.25))
    two.moves_left = 1.0
    runs(two, job("x", preemptible=True), (0, 0))
    runs(two, job("y", preemptible=True), (1, 0))
    waits(two, job("pair", 2, who="b"))
    told = step(two)
    moved = "x" if "x" in told else "y"
    assert told["pair"] == f"D1 -{moved}"
    assert told[moved].startswith("D1 to")
    stopped = two.running[JobId(moved)].job
    two.end(JobId(moved), NOW_S, again=replace(stopped, queued_since_s=NOW_S))
    after = step(two)
    assert after["pair"].startswith("A4")
    assert after[moved].startswith("A4")
    assert two.moves_left == 0.5


def test_moves_are_neither_more_than_allowed_nor_of_who_cools_down() -> None:
    for moves_left, evicted_at_s in ((0.9, None), (1.0, NOW_S - 1000)):
        two = state(2, 2, settings=Settings(moves_per_job=0.25))
        two.moves_left = moves_left
        runs(two, job("x", preemptible=True, evicted_at_s=evicted_at_s), (0, 0))
        runs(two, job("y", preemptible=True, evicted_at_s=evicted_at_s), (1, 0))
        waits(two, job("pair", 2, who="b"))
        assert decided(two) == {"pair": "W6"}


def test_nobody_makes_room_for_the_same_job_twice() -> None:
    one = state(1)
    runs(one, job("low", preemptible=True, made_room_for=frozenset({"high"})), (0, 0))
    waits(one, job("high", priority=1))
    assert decided(one) == {"high": "W1"}
    waits(one, job("other", priority=1, submitted_at_s=NOW_S))
    assert decided(one)["other"] == "P2 -low"


def test_who_makes_room_where_a_device_was_lost_is_not_asked_in_vain() -> None:
    three = state(3)
    for number in range(3):
        runs(three, job(f"low{number}", preemptible=True), (0, number))
    waits(three, job("pair", 2, priority=1))
    first = set(step(three)["pair"].removeprefix("P2 -").split(","))
    assert len(first) == 2
    three.cluster.set_usable(0, int(min(first)[-1]), False)
    told = step(three)["pair"]
    asked = set(told.removeprefix("P2 -").split(","))
    assert asked == {"low0", "low1", "low2"}, "both that go already, and the one that is left"
    assert step(three) == {"pair": "W4"}


def test_nobody_makes_room_on_what_is_reserved_for_others() -> None:
    one = state(1)
    runs(one, job("low", preemptible=True), (0, 0))
    waits(one, job("high", priority=1, max_runtime_s=900.0))
    place = (Slot(0, (0,)),)
    later = Reservation("r", "b", None, Shape(1), Span.NODE, place, NOW_S + 600, NOW_S + 9000)
    one.reservations["r"] = later
    assert decided(one)["high"] == "W1"
    one.reservations["r"] = replace(later, starts_at_s=NOW_S + 900)
    assert decided(one)["high"] == "P2 -low"


def test_what_was_kept_is_not_taken_once_the_affinity_of_the_job_forbids_it() -> None:
    one = state(2)
    runs(one, job("low", preemptible=True), (0, 0))
    runs(one, job("stays"), (0, 1))
    waits(one, job("high", priority=1, affinity=Affinity(apart="g")))
    assert step(one) == {"high": "P2 -low"}
    one.end(JobId("low"), NOW_S)
    one.end(JobId("stays"), NOW_S)
    runs(one, job("other", group="g"), (0, 1))
    assert decided(one)["high"] == "W8"


def test_what_runs_counts_as_used_up_to_now() -> None:
    two = state(2)
    runs(two, job("a0"), (0, 0), since_s=NOW_S - 500_000)
    runs(two, job("b0", who="b"), (0, 1), since_s=NOW_S - 1000)
    waits(two, job("a1"), job("b1", who="b"))
    assert [one.job for one in decide(two, NOW_S)] == ["b1", "a1"]


def _place(of: State, one: Job) -> Placement:
    found = of.cluster.find(one.shape, one.span)
    assert found is not None
    return found


def test_half_a_core_is_told_as_half_a_core() -> None:
    one = state(1)
    runs(one, job("x", milli=500, cpu_milli=63_800), (0, 0))
    waits(one, job("y", milli=500, cpu_milli=500))
    [found] = decide(one, NOW_S)
    assert found.reason.text == (
        "Waits for 1 × 0.5 device(s): the devices are free, but not 0.5 CPU(s) and 0 MiB beside them."
    )
