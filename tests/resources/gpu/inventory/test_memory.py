from dataclasses import replace
from datetime import UTC, datetime, timedelta

from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.memory import Remembered, from_json, remember, seen_again, to_json
from resources.gpu.inventory.model import ComputeMode, Device, DeviceId, Inventory, Vendor
from resources.gpu.inventory.slots import cpu_slots

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def card(place: int, uuid: str | None, fault: str | None = None, *, answers: bool = True) -> Device:
    return Device(
        DeviceId(f"cuda:{place}"),
        "V100",
        16_384,
        vendor=Vendor.NVIDIA,
        uuid=uuid,
        fault=fault,
        answers=answers,
    )


def machine(*devices: Device) -> Inventory:
    return one_node(devices)


BOTH = machine(card(0, "GPU-a"), card(1, "GPU-b"))
KNOWN = remember(BOTH, (), (), NOW)


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def test_a_card_that_is_gone_is_missed_and_the_others_keep_their_ids() -> None:
    gone, there = seen_again(machine(card(0, "GPU-b")), KNOWN).devices
    assert (gone.id, gone.uuid, gone.answers) == ("cuda:0", "GPU-a", False)
    assert "It is gone" in str(gone.fault)
    assert (there.id, there.uuid, there.fault) == ("cuda:1", "GPU-b", None)


def test_a_card_that_is_too_ill_to_tell_who_it_is_keeps_its_name_and_tells_its_fault() -> None:
    lost = card(1, None, "It has fallen off the bus.", answers=False)
    seen = seen_again(machine(card(0, "GPU-a"), lost), KNOWN).devices[1]
    assert (seen.uuid, seen.fault, seen.answers) == ("GPU-b", "It has fallen off the bus.", False)
    assert remember(machine(lost), (), (), NOW) == ()
    assert len(remember(machine(card(0, "GPU-a"), lost), KNOWN, (), NOW)) == 2


def test_a_card_that_was_ill_is_given_out_when_it_has_been_well_for_five_minutes() -> None:
    ill = remember(machine(card(0, "GPU-a", "Errors."), card(1, "GPU-b")), KNOWN, (), NOW)
    assert (ill[0].fault, ill[0].ill_since) == ("Errors.", NOW)
    well = remember(BOTH, ill, (), after(1))
    seen = seen_again(BOTH, well).devices[0]
    assert seen.is_recovering
    assert str(seen.fault).endswith("Before: Errors.")
    assert remember(BOTH, well, (), after(5.9)) == well
    again = remember(machine(card(0, "GPU-a", "Errors."), card(1, "GPU-b")), well, (), after(5))
    assert (again[0].ill_since, again[0].well_since) == (NOW, None)
    assert remember(BOTH, well, (), after(6)) == KNOWN
    assert seen_again(BOTH, KNOWN) == BOTH


def test_a_card_that_stays_away_is_forgotten_after_a_day_unless_a_lease_holds_it() -> None:
    left = machine(card(0, "GPU-b"))
    gone = remember(left, KNOWN, (), NOW)
    assert [one.device.id for one in gone] == ["cuda:0", "cuda:1"]
    late = after(24 * 60 + 1)
    assert len(remember(left, gone, {DeviceId("cuda:0")}, late)) == 2
    assert [one.device.uuid for one in remember(left, gone, (), late)] == ["GPU-b"]


def test_another_card_under_its_id_takes_its_place_once_no_lease_holds_it() -> None:
    other = machine(card(0, "GPU-c"), card(1, "GPU-b"))
    held = remember(other, KNOWN, {DeviceId("cuda:0")}, NOW)
    assert [one.device.uuid for one in held] == ["GPU-a", "GPU-b"]
    free = remember(other, held, (), NOW)
    assert [one.device.uuid for one in remember(other, free, (), NOW)] == ["GPU-b", "GPU-c"]


def test_cpu_slots_do_not_take_the_place_of_accelerators_that_are_gone() -> None:
    assert [one.fault is None for one in seen_again(one_node(cpu_slots()), KNOWN).devices] == [False, False]
    assert remember(one_node(cpu_slots()), (), (), NOW) == ()


def test_a_device_is_stored_as_it_is() -> None:
    full = replace(
        card(0, "GPU-a"), compute_capability=(7, 0), compute_mode=ComputeMode.DEFAULT, numa_node=1, island=0
    )
    assert from_json(to_json(full)) == full
    assert from_json(to_json(full).replace('"id"', '"colour": "green", "id"')) == full
    assert Remembered(full).fault is None
