"""The largest of several requests, and requests that this machine can never meet."""

import pytest

from resources.gpu.inventory.model import Device, DeviceId, Vendor
from resources.gpu.requests.errors import ImpossibleGpuRequest
from resources.gpu.requests.fitting import largest, refuse_impossible
from resources.gpu.requests.grammar import parse_request

SLOTS = (Device(DeviceId("cpu:0"), None, None), Device(DeviceId("cpu:1"), None, None))
CARDS = (
    Device(DeviceId("cuda:0"), "Tesla V100-SXM2-32GB", 32768, vendor=Vendor.NVIDIA),
    Device(DeviceId("cuda:1"), "NVIDIA H200", 143771, vendor=Vendor.NVIDIA),
)


def test_a_request_that_fits_is_not_refused() -> None:
    for text in ("2", "1(npu)", "0(T4)", "nvidia:16GB"):
        refuse_impossible(parse_request(text), SLOTS)
    for text in ("1(V100)", "V100:32GB:1", "nvidia:16GB:2"):
        refuse_impossible(parse_request(text), CARDS)


def test_a_request_for_more_than_there_is_says_what_there_is() -> None:
    with pytest.raises(
        ImpossibleGpuRequest, match=r"asks for 3 devices; this machine has 2: cpu:0"
    ) as refusal:
        refuse_impossible(parse_request("3"), SLOTS)
    assert refusal.value.next_step == "Ask for at most 2, or declare more CPU slots with TRAINPLAT_CPU_SLOTS."
    with pytest.raises(ImpossibleGpuRequest, match=r"asks for 2 devices of model V100; this machine has 1"):
        refuse_impossible(parse_request("2(V100)"), CARDS)


@pytest.mark.parametrize(
    ("text", "devices", "what"),
    [
        ("1(A100)", SLOTS, "names the model A100"),
        ("1(A100)", CARDS, "names the model A100"),
        ("A100:80GB:1", CARDS, "names the model A100 with 81920 MiB"),
        ("nvidia:1T", CARDS, "asks for devices with 1048576 MiB"),
        ("1(npu)", CARDS, "asks for devices of the vendor huawei"),
        ("1(mig-1g.18gb)", CARDS, "names the MIG profile 1g.18gb"),
        ("1", (), "asks for 1 devices"),
    ],
)
def test_what_this_machine_has_none_of_is_named(text: str, devices: tuple[Device, ...], what: str) -> None:
    here = devices[0].id if devices else "no device"
    with pytest.raises(
        ImpossibleGpuRequest, match=f"{what}, which this machine does not have; it has {here}"
    ):
        refuse_impossible(parse_request(text), devices)


@pytest.mark.parametrize(("text", "asked"), [("0.5", "0.5 of a device"), ("-1", "shared use")])
def test_shares_are_refused_where_whole_devices_are_leased(text: str, asked: str) -> None:
    with pytest.raises(
        ImpossibleGpuRequest, match=f"asks for {asked}; this machine leases whole devices: cuda:0"
    ):
        refuse_impossible(parse_request(text), CARDS)


@pytest.mark.parametrize(
    ("texts", "most"),
    [
        (["1", "2(V100)", "0"], "2(V100)"),
        (["0.5", "1"], "1"),
        (["24G,0.5", "0.5"], "24G,0.5"),
        (["nvidia:16GB", "nvidia:80GB", "1"], "nvidia:80GB"),
        (["0", "-1"], "-1"),
    ],
)
def test_the_largest_request_of_a_run_has_the_most_units_then_the_most_memory(
    texts: list[str], most: str
) -> None:
    assert largest([parse_request(text) for text in texts]) == parse_request(most)
    assert largest([]) is None
