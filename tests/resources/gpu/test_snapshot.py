"""From rows to the state of the policy and back to names."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from resources.gpu.inventory.model import LOCAL, Device, DeviceId, Inventory, Node, Vendor
from resources.gpu.model import (
    Attempt,
    Drained,
    Kept,
    Lease,
    LeaseState,
    Origin,
    Owner,
    Reserved,
    RunId,
    Terms,
    WaitingRequest,
)
from resources.gpu.placement.model import Slot
from resources.gpu.policy.amounts import Amounts
from resources.gpu.policy.decay import WEEK_S, DecayedUsage
from resources.gpu.policy.decide import decide
from resources.gpu.policy.history import History
from resources.gpu.policy.model import JobId, Settings
from resources.gpu.policy.past import PastUse
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import project, user
from resources.gpu.policy.reason import Reason
from resources.gpu.requests.grammar import parse_request
from resources.gpu.shapes import kind_of
from resources.gpu.snapshot import Known, Snapshot
from resources.terms import Actor

NOW = datetime(2026, 1, 1, tzinfo=UTC)
V100 = Device(DeviceId("cuda:0"), "Tesla V100", 16_384, vendor=Vendor.NVIDIA)
T4 = Device(DeviceId("cuda:1"), "Tesla T4", 15_109, vendor=Vendor.NVIDIA)
SLICE = Device(DeviceId("cuda:2:0"), "A100", 4864, vendor=Vendor.NVIDIA, mig_profile="1g.5gb")


def snapshot(*devices: Device, known: Known | None = None) -> Snapshot:
    inventory = Inventory((Node(LOCAL, 8000, 16_384, devices, (("zone", "a"),)),))
    return Snapshot(inventory, known or Known((), ()), QuotaTree(), Settings())


def lease(run: str, *devices: str, text: str = "1", **more: object) -> Lease:
    ids = tuple(DeviceId(one) for one in devices)
    made = Lease(
        RunId(run), Attempt(1), ids, parse_request(text), Owner("vision", "ann"), Origin.QUEUE, "x",
        LeaseState.CLAIMED, NOW,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def waiting(run: str, text: str = "1", terms: Terms | None = None) -> WaitingRequest:
    return WaitingRequest(
        RunId(run), Attempt(1), parse_request(text), Owner("vision", "ann"), Origin.QUEUE, "x", NOW,
        terms=terms or Terms(),
    )  # fmt: skip


def test_a_request_with_a_model_asks_for_the_exact_names_that_match() -> None:
    made = snapshot(V100, T4)
    assert made.shapes.shape_of(parse_request("1(V100)"), Terms()).models == frozenset({"Tesla V100"})
    assert made.shapes.shape_of(parse_request("1"), Terms()).models is None


def test_a_slice_is_counted_under_a_name_of_its_own() -> None:
    assert kind_of(SLICE) == "A100 MIG 1g.5gb"
    assert snapshot(SLICE, V100).shapes.shape_of(parse_request("1(mig-1g.5gb)"), Terms()).models == frozenset(
        {"A100 MIG 1g.5gb"}
    )


def test_memory_is_reserved_for_a_share_and_only_looked_at_for_a_whole_device() -> None:
    made = snapshot(V100, T4)
    assert made.shapes.shape_of(parse_request("8G,0.5"), Terms()).memory_mib == 8192
    whole = made.shapes.shape_of(parse_request("nvidia:16GB"), Terms())
    assert (whole.memory_mib, whole.models) == (0, None)


def test_what_leases_hold_is_taken_and_what_is_ill_is_not_given_out() -> None:
    ill = replace(T4, fault="It has fallen off the bus.")
    made = snapshot(V100, ill, known=Known([lease("a", "cuda:0", text="0.25")], [waiting("b")]))
    assert made.state.cluster.free_of_device(0, 0)[0] == 750
    assert made.state.cluster.find(made.state.waiting[JobId("b")].shape) is None


def test_a_lease_on_a_device_that_is_gone_keeps_its_cpus_and_main_memory() -> None:
    terms = Terms(cpu_milli=3000, host_memory_mib=1024)
    made = snapshot(V100, known=Known([lease("a", "cuda:7", terms=terms)], []))
    assert made.state.cluster.free_of_device(0, 0)[0] == 1000
    assert made.state.cluster.free_of_node(0) == (5000, 15_360)


def test_a_gang_of_which_one_device_is_gone_still_holds_the_others() -> None:
    known = Known([lease("a", "cuda:0", "cuda:1", "cuda:7", text="3")], [waiting("b")])
    made = snapshot(V100, T4, known=known)
    assert made.state.running[JobId("a")].placement == (Slot(0, (0, 1)),)
    assert made.state.cluster.free_milli == ((0, 0),)
    assert [one.reason.rule for one in decide(made.state, NOW.timestamp())] == ["W1"]


def test_a_machine_that_came_back_smaller_has_nothing_free_and_fails_no_pass() -> None:
    terms = Terms(cpu_milli=6000, host_memory_mib=10_000)
    leases = [
        lease("a", "cuda:0", text="14G,0.5", terms=terms),
        lease("b", "cuda:0", text="14G,0.5", terms=terms),
    ]
    made = snapshot(V100, known=Known(leases, [waiting("c", "0.1")]))
    assert made.state.cluster.free_of_node(0) == (0, 0)
    assert made.state.cluster.free_of_device(0, 0) == (0, 0)
    assert [one.reason.rule for one in decide(made.state, NOW.timestamp())] == ["W1"]


def test_leases_whose_texts_no_longer_say_what_share_they_have_fail_no_pass() -> None:
    leases = [lease("a", "cuda:0", text="1"), lease("b", "cuda:0", text="1")]
    made = snapshot(V100, known=Known(leases, [waiting("c", "0.1")]))
    assert made.state.cluster.free_of_device(0, 0)[0] == 0
    assert [one.reason.rule for one in decide(made.state, NOW.timestamp())] == ["W1"]


def test_a_lease_has_room_where_what_it_would_be_is_free_and_kept_for_nobody() -> None:
    other = lease("b", "cuda:0", text="8G,0.5", terms=Terms(cpu_milli=5000))
    kept = Kept(RunId("c"), (DeviceId("cuda:0"),), (), NOW)
    made = snapshot(V100, known=Known([other], []))

    def grown(text: str, cpus: int) -> Lease:
        return lease("a", "cuda:0", text=text, terms=Terms(cpu_milli=cpus))

    assert made.has_room_for(grown("8G,0.5", 3000), ())
    assert not made.has_room_for(grown("8G,0.5", 3000), [kept])
    assert not made.has_room_for(grown("8G,0.5", 3100), ())
    assert not made.has_room_for(grown("9G,0.5", 3000), ())


def test_a_hold_is_restored_with_its_victims() -> None:
    kept = Kept(RunId("b"), (DeviceId("cuda:0"),), (RunId("a"),), NOW)
    known = Known([lease("a", "cuda:0", stop_for=RunId("b"))], [waiting("b")], [kept])
    hold = snapshot(V100, known=known).state.holds[JobId("b")]
    assert (list(hold.victims), hold.placement) == ([JobId("a")], (Slot(0, (0,)),))


DRAINED = Drained("cuda:1", "", evict=False, since=NOW, actor=Actor("user:ann"))


def test_what_is_reserved_or_drained_is_not_given_to_others() -> None:
    reserved = Reserved("night", "speech", None, (DeviceId("cuda:0"),), NOW, NOW + timedelta(hours=1))
    known = Known([], [waiting("b")], reservations=[reserved], drains=[DRAINED])
    state = snapshot(V100, T4, known=known).state
    assert state.reservations["night"].placement == (Slot(0, (0,)),)
    assert not state.cluster.is_usable(0, 1)
    assert [one.reason.rule for one in decide(state, NOW.timestamp())] == ["W3"]


def test_a_reservation_of_a_device_that_is_gone_keeps_nothing() -> None:
    reserved = Reserved("night", "speech", None, (DeviceId("cuda:7"),), NOW, NOW + timedelta(hours=1))
    assert not snapshot(V100, known=Known([], [], reservations=[reserved])).state.reservations


def test_past_use_history_and_budgets_are_what_the_ledger_says() -> None:
    half_a_week, none = DecayedUsage(value=500 * WEEK_S, as_of_s=1.0), DecayedUsage(as_of_s=1.0)
    used, history = {Owner("vision", "ann"): PastUse(half_a_week, none, none)}, History()
    why = Reason("B1", "used up")
    known = Known([], [], usage=used, history=history, over_budget={project("vision"): why})
    state = snapshot(V100, known=known).state
    assert state.history is history
    for party in (user("vision", "ann"), project("vision")):
        assert state.usage[party] == DecayedUsage(value=WEEK_S / 2, as_of_s=1.0), "of the one device there is"
    assert state.quotas.fits(Owner("vision", "ann"), Amounts.of_devices(1)).reason == why


def test_devices_have_their_names_again() -> None:
    made = snapshot(V100, T4)
    assert made.devices_of((Slot(0, (0, 1)),)) == ("cuda:0", "cuda:1")
    assert made.state.labels == [{"node": "local", "zone": "a"}]
