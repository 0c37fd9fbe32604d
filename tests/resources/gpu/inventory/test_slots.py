import pytest

from resources.errors import BadInput
from resources.gpu.inventory.slots import cpu_slots, leaves_accelerators


def test_as_many_slots_as_declared_two_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [device.id for device in cpu_slots()] == ["cpu:0", "cpu:1"]
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "1")
    (slot,) = cpu_slots()
    assert slot.is_cpu_slot
    assert (slot.model, slot.memory_mib, slot.fault) == (None, None, None)


@pytest.mark.parametrize("declared", ["0", "-1", "two", "", "1.5", "9999", "²"])
def test_a_bad_count_of_slots_is_named(declared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", declared)
    with pytest.raises(BadInput, match=r"TRAINPLAT_CPU_SLOTS is .*; expected a whole number from 1 to 1024"):
        cpu_slots()


def test_an_accelerator_that_nobody_knows_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_ACCELERATOR", "tpu")
    with pytest.raises(BadInput, match="TRAINPLAT_ACCELERATOR is 'tpu'; expected one of: auto, cpu"):
        leaves_accelerators()


@pytest.mark.parametrize(("told", "leaves"), [("cpu", True), ("auto", False)])
def test_accelerators_are_left_alone_where_told(
    told: str, leaves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_ACCELERATOR", told)
    assert leaves_accelerators() is leaves
