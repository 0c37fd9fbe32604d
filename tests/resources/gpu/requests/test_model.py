"""What a request is worth, and which devices it matches."""

from dataclasses import replace

import pytest

from resources.gpu.inventory.model import Device, DeviceId, Vendor
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.model import GpuRequest, Mode

SLOT = Device(DeviceId("cpu:0"), None, None)


def card(model: str, memory_mib: int | None = None, vendor: Vendor | None = Vendor.NVIDIA) -> Device:
    return Device(DeviceId("cuda:0"), model, memory_mib, vendor=vendor)


@pytest.mark.parametrize(
    ("text", "units_milli", "fraction"),
    [("2", 2000, 1.0), ("0", 0, 1.0), ("-1", 0, 1.0), ("0.25", 250, 0.25), ("0.125(V100)", 125, 0.125)],
)
def test_what_is_charged_is_count_times_fraction(text: str, units_milli: int, fraction: float) -> None:
    request = parse_request(text)
    assert (request.units_milli, request.fraction) == (units_milli, fraction)


@pytest.mark.parametrize(
    "wrong",
    [
        {"count": 0},
        {"count": -1, "mode": Mode.SHARED},
        {"count": 1, "mode": Mode.NONE},
        {"count": 1, "mode": Mode.SHARED},
        {"count": 1, "milli": 500},
        {"count": 1, "mode": Mode.FRACTION},
        {"count": 1, "milli": 0, "mode": Mode.FRACTION},
        {"count": 1, "memory_mib": 0},
    ],
    ids=str,
)
def test_a_value_that_contradicts_itself_cannot_be_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"mode|memory"):
        GpuRequest("x", **wrong)  # type: ignore[arg-type]


def test_requests_are_equal_when_they_ask_for_the_same() -> None:
    assert parse_request("2(v100)") == parse_request("V100:2")
    assert parse_request("2(V100)") != parse_request("2")


@pytest.mark.parametrize("text", ["1", "0.5", "1(npu)", "nvidia:16GB", "1(mig-1g.5gb)"])
def test_a_cpu_slot_matches_whatever_names_no_model(text: str) -> None:
    assert parse_request(text).matches(SLOT)
    assert not parse_request("1(V100)").matches(SLOT)


@pytest.mark.parametrize(
    ("model", "name", "fits"),
    [
        ("V100", "Tesla V100-SXM2-32GB", True),
        ("A100-80GB", "NVIDIA A100-SXM4-80GB", True),
        ("A100_80GB", "NVIDIA A100-SXM4-80GB", True),
        ("A10", "NVIDIA A100-SXM4-80GB", False),
        ("A100-40GB", "NVIDIA A100-SXM4-80GB", False),
    ],
)
def test_each_word_of_the_model_stands_in_the_name_of_the_device(model: str, name: str, fits: bool) -> None:
    assert parse_request(f"1({model})").matches(card(name)) is fits


def test_a_device_of_another_vendor_does_not_match_and_one_of_an_unknown_vendor_may() -> None:
    assert not parse_request("1(amd)").matches(card("NVIDIA H200"))
    assert parse_request("1(amd)").matches(card("AMD Instinct MI300X", vendor=Vendor.AMD))
    assert parse_request("1(amd)").matches(card("Instinct MI300X", vendor=None))


@pytest.mark.parametrize(
    ("text", "has_mib", "fits"),
    [
        ("nvidia:16GB", 15_109, True),  # a T4
        ("H100:80GB:1", 81_559, True),
        ("A100:80GB:1", 40_960, False),
        ("nvidia:16GB", None, True),
        ("8G,0.5", 8192, True),
        ("8G,0.5", 8191, False),
    ],
)
def test_a_whole_device_has_about_the_memory_named_and_a_share_has_all_of_it(
    text: str, has_mib: int | None, fits: bool
) -> None:
    assert parse_request(text).matches(card("NVIDIA H100", has_mib)) is fits


def test_a_mig_instance_is_given_to_who_asks_for_its_profile_and_to_nobody_else() -> None:
    whole = card("NVIDIA A100-SXM4-40GB", 4864)
    instance = replace(whole, mig_profile="1g.5gb")
    with_media = replace(whole, mig_profile="1g.5gb+me")
    assert parse_request("1(mig-1g.5gb)").matches(instance)
    assert parse_request("A100:1g.5gb").matches(instance)
    assert parse_request("1(1g.5gb+me)").matches(with_media)
    for other in ("1", "1(A100)", "1(mig-2g.10gb)", "1(1g.5gb+me)", "H100:1g.5gb"):
        assert not parse_request(other).matches(instance), other
    assert not parse_request("1(mig-1g.5gb)").matches(card("NVIDIA A100-SXM4-40GB", 40_960))
