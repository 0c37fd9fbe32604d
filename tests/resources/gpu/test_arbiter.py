"""First come, first served: the rules, and laws over random histories."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.arbiter import decide
from resources.gpu.inventory.model import Device, DeviceId
from resources.gpu.model import (
    Attempt,
    Grant,
    Lease,
    LeaseState,
    Origin,
    Owner,
    RunId,
    Snapshot,
    Wait,
    WaitingRequest,
)
from resources.gpu.requests.model import GpuRequest, Mode

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OWNER = Owner("vision", "ann")
ONE = Attempt(1)


def cards(*models: str | None) -> tuple[Device, ...]:
    return tuple(Device(DeviceId(f"d:{index}"), model, None) for index, model in enumerate(models))


def asks(run: str, count: int, model: str | None = None, *, minutes_ago: float = 1) -> WaitingRequest:
    text = f"{count}({model})" if model else str(count)
    submitted = NOW - timedelta(minutes=minutes_ago)
    request = GpuRequest(text, count, model, mode=Mode.WHOLE if count else Mode.NONE)
    return WaitingRequest(RunId(run), ONE, request, OWNER, Origin.QUEUE, "x", submitted)


def holds(run: str, *devices: str) -> Lease:
    ids = tuple(DeviceId(device) for device in devices)
    request = GpuRequest(str(len(ids)), len(ids))
    return Lease(RunId(run), ONE, ids, request, OWNER, Origin.QUEUE, "x", LeaseState.CLAIMED, NOW)


def decided(devices: tuple[Device, ...], leases: list[Lease], *waiting: WaitingRequest) -> dict[str, str]:
    """Run id to its rule and devices, such as ``A2 d:0,d:1``."""
    decisions = decide(Snapshot(devices, tuple(leases), tuple(waiting)), NOW)
    return {
        one.run_id: f"{one.rule} {','.join(one.devices) if isinstance(one, Grant) else ''}".strip()
        for one in decisions
    }


def test_a_request_for_nothing_is_granted_even_when_all_is_taken() -> None:
    assert decided(cards(None), [holds("a", "d:0")], asks("b", 0)) == {"b": "A1"}


def test_free_devices_go_to_who_came_first() -> None:
    late, early = asks("late", 1, minutes_ago=1), asks("early", 1, minutes_ago=2)
    assert decided(cards(None), [], late, early) == {"early": "A2 d:0", "late": "A3"}


def test_a_small_request_does_not_overtake_a_large_one() -> None:
    large, small = asks("large", 2, minutes_ago=2), asks("small", 1, minutes_ago=1)
    assert decided(cards(None, None), [holds("a", "d:0")], large, small) == {"large": "A3", "small": "A4"}


def test_a_request_for_another_model_passes_by() -> None:
    first, second = asks("first", 1, "V100", minutes_ago=2), asks("second", 1, "H200", minutes_ago=1)
    devices = cards("Tesla V100-SXM2", "NVIDIA H200")
    assert decided(devices, [holds("a", "d:0")], first, second) == {"first": "A3", "second": "A2 d:1"}


def test_a_model_is_matched_as_a_word_and_not_as_a_part_of_one() -> None:
    assert decided(cards("NVIDIA A100"), [], asks("a", 1, "A10")) == {"a": "A5"}


def test_a_model_may_be_named_in_full() -> None:
    devices = cards("NVIDIA A100-SXM4-40GB", "NVIDIA A100-SXM4-80GB")
    assert decided(devices, [], asks("a", 1, "A100-SXM4-80GB")) == {"a": "A2 d:1"}
    assert decided(devices, [], asks("a", 1, "A100-80GB")) == {"a": "A2 d:1"}
    assert decided(devices, [], asks("a", 2, "A100")) == {"a": "A2 d:0,d:1"}


def test_the_reason_names_who_holds_what() -> None:
    [wait] = decide(Snapshot(cards(None), (holds("holder12345", "d:0"),), (asks("b", 1),)), NOW)
    assert isinstance(wait, Wait)
    assert wait.reason == "Waits for 1 device(s), 0 free; in use by run holder12 of vision (d:0)."


def test_a_request_kept_back_is_told_for_whom() -> None:
    large, small = asks("large", 2, minutes_ago=2), asks("small", 1)
    decisions = decide(Snapshot(cards(None, None), (holds("a", "d:0"),), (large, small)), NOW)
    assert decisions[1].reason == (
        "Waits for 1 of 1 free devices, which are kept for run large (2 asked earlier)."
    )


def test_a_device_that_vanished_is_not_given_out() -> None:
    assert decided((), [holds("a", "d:0")], asks("b", 1)) == {"b": "A5"}


def test_a_request_that_outgrew_the_machine_lets_others_pass() -> None:
    large, small = asks("large", 2, minutes_ago=2), asks("small", 1)
    assert decided(cards(None), [], large, small) == {"large": "A5", "small": "A2 d:0"}
    [wait] = decide(Snapshot(cards(None), (), (large,)), NOW)
    assert wait.reason == (
        "Waits for 2 device(s), and this machine has 1 that match any more. "
        "Bring the missing ones back, or cancel the run and ask for less."
    )


def test_a_clock_that_was_set_back_puts_a_request_at_the_end_and_not_out_of_line() -> None:
    future, past = asks("future", 1, minutes_ago=-60), asks("past", 1)
    assert decided(cards(None), [], future, past) == {"past": "A2 d:0", "future": "A3"}


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    devices = cards(*draw(st.lists(st.sampled_from(["X V100", "X H200"]), max_size=6)))
    held = draw(st.lists(st.sampled_from(devices), unique=True)) if devices else []
    leases = tuple(holds(f"held{index}", device.id) for index, device in enumerate(held))
    waiting = tuple(
        asks(
            f"run{index}",
            draw(st.integers(0, 4)),
            draw(st.sampled_from([None, "V100", "H200"])),
            minutes_ago=draw(st.integers(0, 5)),
        )
        for index in range(draw(st.integers(0, 8)))
    )
    return Snapshot(devices, leases, waiting)


@given(snapshots())
def test_no_device_is_given_twice_and_each_is_of_the_kind_asked_for(snapshot: Snapshot) -> None:
    taken = [device for lease in snapshot.leases for device in lease.devices]
    asked = {one.run_id: one.request for one in snapshot.waiting}
    by_id = {device.id: device for device in snapshot.devices}
    for decision in decide(snapshot, NOW):
        if isinstance(decision, Grant):
            request = asked[decision.run_id]
            assert len(decision.devices) == request.count
            assert all(request.matches(by_id[device]) for device in decision.devices)
            taken += decision.devices
    assert len(taken) == len(set(taken))


@given(snapshots())
def test_every_waiting_request_gets_one_decision_with_a_rule_and_a_sentence(snapshot: Snapshot) -> None:
    decisions = decide(snapshot, NOW)
    assert sorted(one.run_id for one in decisions) == sorted(one.run_id for one in snapshot.waiting)
    assert all(one.rule and one.reason.endswith(".") for one in decisions)


@given(snapshots())
def test_the_first_in_line_gets_its_devices_whenever_enough_are_free(snapshot: Snapshot) -> None:
    if not snapshot.waiting:
        return
    first = min(snapshot.waiting, key=lambda one: (min(one.submitted_at, NOW), one.run_id))
    held = {device for lease in snapshot.leases for device in lease.devices}
    free = [one for one in snapshot.devices if one.id not in held and first.request.matches(one)]
    decision = next(one for one in decide(snapshot, NOW) if one.run_id == first.run_id)
    assert isinstance(decision, Grant) == (len(free) >= first.request.count)


@given(snapshots())
def test_whatever_is_free_goes_to_somebody_unless_it_is_kept_for_who_can_get_it(snapshot: Snapshot) -> None:
    decisions = decide(snapshot, NOW)
    given = {device for one in decisions if isinstance(one, Grant) for device in one.devices}
    held = {device for lease in snapshot.leases for device in lease.devices}
    idle = [device for device in snapshot.devices if device.id not in held | given]
    asked = {one.run_id: one.request for one in snapshot.waiting}
    possible = [
        asked[one.run_id]
        for one in decisions
        if isinstance(one, Wait)
        and sum(1 for device in snapshot.devices if asked[one.run_id].matches(device))
        >= asked[one.run_id].count
    ]
    for request in possible:
        enough = sum(1 for device in idle if request.matches(device)) >= request.count
        assert not enough or any(other is not request for other in possible)


@given(snapshots(), st.integers(0, 10_000))
def test_the_order_of_the_rows_does_not_matter(snapshot: Snapshot, seed: int) -> None:
    shuffled = sorted(snapshot.waiting, key=lambda one: hash((one.run_id, seed)))
    again = Snapshot(snapshot.devices, snapshot.leases, tuple(shuffled))
    assert decide(snapshot, NOW) == decide(again, NOW)
