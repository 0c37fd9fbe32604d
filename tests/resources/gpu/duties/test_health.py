"""Devices that fall ill or vanish under leases, on either database."""

from dataclasses import replace

import pytest

from resources.database.audit import recent
from resources.database.engine import Database
from resources.errors import Conflict, NotFound, Unavailable
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.model import Device, DeviceId, Inventory, Vendor
from resources.gpu.inventory.slots import cpu_slots
from resources.gpu.inventory.xid import XidError
from resources.gpu.model import Attempt, LeaseState, Origin, RunId, Terms
from resources.gpu.service import GpuService
from tests.resources.gpu.duties.clock import ANN, ME, VISION, Clock, submit, told

CARDS = tuple(
    Device(DeviceId(f"cuda:{n}"), "V100", 16_384, vendor=Vendor.NVIDIA, uuid=f"GPU-{n}") for n in range(3)
)
STOPS = Terms(preemptible=True)


class Machine:
    """Its cards; a test takes some away, or makes them ill."""

    def __init__(self) -> None:
        self.cards = CARDS

    def __call__(self) -> Inventory:
        if not self.cards:
            raise Unavailable("NVML does not answer", "Run nvidia-smi.")
        return one_node(self.cards)

    def loses(self, number: int) -> None:
        """The driver counts the others anew."""
        left = [one for one in CARDS if one.uuid != f"GPU-{number}"]
        self.cards = tuple(
            Device(DeviceId(f"cuda:{n}"), "V100", 16_384, vendor=Vendor.NVIDIA, uuid=one.uuid)
            for n, one in enumerate(left)
        )

    def has_errors(self, number: int) -> None:
        self.cards = tuple(
            Device(one.id, "V100", 16_384, vendor=Vendor.NVIDIA, uuid=one.uuid,
                   fault="Errors." if one.uuid == f"GPU-{number}" else None)
            for one in CARDS
        )  # fmt: skip


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("TRAINPLAT_ACCELERATOR", "auto")
    return Machine()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(
    any_database: Database, machine: Machine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> GpuService:
    monkeypatch.setattr("resources.gpu.duties.base.READ_AGAIN_S", -1.0)
    made = GpuService(any_database, inventory=machine, clock=clock, readings=lambda _: {})
    assert made.tend_devices(ANN) == []
    return made


def runs(service: GpuService, run: str, text: str, terms: Terms) -> tuple[str, ...]:
    submit(service, run, text, terms)
    service.decide_now(ANN)
    assert service.claim(RunId(run), ME)
    (lease,) = service.leases_of(RunId(run))
    return lease.devices


def rules(service: GpuService, run: str) -> list[tuple[str, str]]:
    return [(one.kind, one.why.rule) for one in service.decisions_of(RunId(run))]


def test_what_can_stop_leaves_a_device_that_is_ill_and_what_cannot_goes_on(
    service: GpuService, machine: Machine
) -> None:
    submit(service, "b", "8G,0.5", STOPS)
    submit(service, "a", "8G,0.5")
    service.decide_now(ANN)
    for run in "ab":
        assert service.claim(RunId(run), ME)
    (device,) = {lease.devices for lease in service.live_leases()}
    machine.has_errors(int(device[0].partition(":")[2]))
    assert [(one.run_id, one.rule, one.for_run) for one in service.tend_devices(ANN)] == [
        ("b", "H1", f"device:{device[0]}")
    ]
    assert service.tend_devices(ANN) == []
    assert rules(service, "a") == [("grant", "A2"), ("warn", "H3")]
    assert rules(service, "b") == [("grant", "A2"), ("stop", "H1")]
    service.try_again(RunId("b"), Attempt(1), reason="a device of it was out of order", actor=ANN)
    service.decide_now(ANN)
    again = service.newest_lease(RunId("b"))
    assert again is not None
    assert (again.attempt, again.state) == (2, LeaseState.GRANTED)
    assert again.devices != device


def test_a_run_whose_device_is_gone_is_put_back_and_its_gang_keeps_the_others(
    service: GpuService, machine: Machine
) -> None:
    held = runs(service, "a", "2", Terms())
    machine.loses(int(held[0].partition(":")[2]))
    submit(service, "c", "2")
    assert told(service.decide_now(ANN))["c"] in {"W1", "W5"}, "one card is free, and one is the gang's"
    assert [(one.run_id, one.rule) for one in service.tend_devices(ANN)] == [("a", "H2")]
    assert [one.fault is None for one in service.status().devices].count(False) == 1
    (lease,) = service.live_leases()
    assert (lease.run_id, lease.devices) == ("a", held)


def test_a_lease_without_a_run_ends_with_its_device_and_says_why(
    service: GpuService, machine: Machine
) -> None:
    asked = service.allocate("probe", "2", for_s=3600, owner=VISION, actor=ANN, holder=ME)
    service.decide_now(ANN)
    lease = service.claim(asked.run_id, ME)
    assert lease is not None
    machine.has_errors(int(lease.devices[0].partition(":")[2]))
    assert service.tend_devices(ANN) == []
    assert rules(service, asked.run_id)[-1] == ("warn", "H3"), "it goes on while the device answers"
    machine.loses(int(lease.devices[0].partition(":")[2]))
    assert [(one.run_id, one.rule) for one in service.tend_devices(ANN)] == [("lease:probe", "H4")]
    assert service.tend_devices(ANN) == []
    assert rules(service, asked.run_id)[-1] == ("stop", "H4")
    with pytest.raises(Conflict, match=r"H4: .* does not answer any more"):
        service.renew("probe", for_s=60, owner=VISION, actor=ANN)
    assert not service.left_of_overdue()[service.live_leases()[0]], "nobody is on what is left of it"
    service.decide_now(ANN)
    assert service.live_leases() == []


def test_a_run_stops_as_one_with_its_second_lease(service: GpuService, machine: Machine) -> None:
    runs(service, "a", "1", STOPS)
    second = service.submit_second(
        RunId("a"), "1", owner=VISION, instance="x", actor=ANN, holder=ME, terms=Terms()
    )
    service.decide_now(ANN)
    lease = service.claim(second, ME)
    assert lease is not None
    machine.has_errors(int(lease.devices[0].partition(":")[2]))
    assert [(one.run_id, one.rule) for one in service.tend_devices(ANN)] == [("a", "H1")]
    assert service.tend_devices(ANN) == []


def test_what_was_granted_and_not_taken_up_goes_back_to_the_line(
    service: GpuService, machine: Machine
) -> None:
    service.submit(RunId("a"), "1", owner=VISION, origin=Origin.DIRECT, instance="x", actor=ANN, holder=ME)
    service.decide_now(ANN)
    (granted,) = service.live_leases()
    machine.has_errors(int(granted.devices[0].partition(":")[2]))
    assert service.tend_devices(ANN) == []
    service.decide_now(ANN)
    lease = service.claim(RunId("a"), ME)
    assert lease is not None
    assert (lease.attempt, lease.holder) == (2, ME)
    assert lease.devices != granted.devices


def test_with_every_accelerator_ill_what_can_stop_stops_and_is_shown(
    service: GpuService, machine: Machine
) -> None:
    runs(service, "a", "1", STOPS)
    machine.cards = tuple(replace(one, fault="Errors.") for one in CARDS)
    assert [(one.run_id, one.rule) for one in service.tend_devices(ANN)] == [("a", "H1")]
    assert {one.fault for one in service.status().devices} == {"Errors."}
    with pytest.raises(Unavailable, match="every accelerator of this machine is ill"):
        service.devices()


def test_cards_keep_their_ids_when_the_driver_counts_anew(service: GpuService, machine: Machine) -> None:
    machine.loses(0)
    names = {device.id: device.uuid for device in service.status().devices}
    assert names == {"cuda:0": "GPU-0", "cuda:1": "GPU-1", "cuda:2": "GPU-2"}
    assert [device.id for device in service.devices()] == ["cuda:1", "cuda:2"]


def test_a_device_is_given_out_again_when_it_has_been_well_for_a_while(
    service: GpuService, machine: Machine, clock: Clock, any_database: Database
) -> None:
    machine.has_errors(0)
    service.tend_devices(ANN)
    assert recent(any_database, 1)[0].action == "gpu.device_ill"
    machine.cards = CARDS
    service.tend_devices(ANN)
    assert len(service.devices()) == 2
    clock.forward(301)
    service.tend_devices(ANN)
    assert len(service.devices()) == 3
    assert recent(any_database, 1)[0].action == "gpu.device_well"


def test_undrain_takes_a_device_that_is_well_into_use_at_once(service: GpuService, machine: Machine) -> None:
    machine.has_errors(0)
    service.tend_devices(ANN)
    machine.cards = CARDS
    service.undrain("cuda:0", ANN)
    service.tend_devices(ANN)
    assert len(service.devices()) == 3
    with pytest.raises(NotFound):
        service.undrain("cuda:0", ANN)


def test_nothing_is_done_while_the_driver_is_silent_or_the_accelerators_are_left_to_others(
    service: GpuService, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs(service, "a", "1", STOPS)
    machine.cards = ()
    assert service.tend_devices(ANN) == []
    machine.cards = cpu_slots()
    with pytest.raises(Unavailable, match="every accelerator of this machine is ill"):
        service.devices()
    monkeypatch.setenv("TRAINPLAT_ACCELERATOR", "cpu")
    assert service.tend_devices(ANN) == []
    assert service.devices() == cpu_slots()


def test_a_card_with_a_critical_error_is_ill_until_somebody_takes_it_into_use_again(
    any_database: Database, clock: Clock, machine: Machine
) -> None:
    service = GpuService(any_database, inventory=machine, clock=clock)
    service.note_xids((), ANN)
    for run in ("stops", "goes-on"):
        submit(service, run, terms=STOPS if run == "stops" else Terms())
    service.decide_now(ANN)
    service.note_xids((XidError("GPU-0", 79), XidError("GPU-1", 62), XidError("GPU-9", 48)), ANN)
    assert told(list(service.tend_devices(ANN))) == {"stops": "H1"}
    first, second, third = [one.fault or "" for one in service.status().devices]
    assert first.startswith("Its driver told of Xid 79 (it fell off the bus)")
    assert second.startswith("Its driver told of Xid 62")
    assert third == ""
    assert [one.why.rule for one in service.decisions_of(RunId("goes-on"))] == ["A2", "H3"]
    assert {one.subject for one in recent(any_database, 50) if one.action == "gpu.xid"} == {
        "cuda:0",
        "cuda:1",
        "GPU-9",
    }
    clock.forward(3600)
    service.tend_devices(ANN)
    assert len(service.devices()) == 1, "time alone heals nothing"
    service.undrain("cuda:1", ANN)
    service.tend_devices(ANN)
    assert {one.id for one in service.devices()} == {"cuda:1", "cuda:2"}


def test_an_error_of_a_card_that_nobody_can_look_at_is_noted_all_the_same(
    any_database: Database, clock: Clock, machine: Machine
) -> None:
    service = GpuService(any_database, inventory=machine, clock=clock)
    service.tend_devices(ANN)
    machine.cards = ()
    service.note_xids((XidError("GPU-2", 79),), ANN)
    machine.cards = CARDS
    service.tend_devices(ANN)
    assert [one.id for one in service.devices()] == ["cuda:0", "cuda:1"]
