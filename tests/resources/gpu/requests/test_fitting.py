"""The largest of several requests, and requests that this machine can never meet."""

from dataclasses import replace

import pytest

from resources.gpu.inventory.model import LOCAL, Device, DeviceId, Inventory, Node, Vendor
from resources.gpu.model import Terms
from resources.gpu.placement.model import Span
from resources.gpu.requests.errors import ImpossibleGpuRequest
from resources.gpu.requests.fitting import largest, refuse_impossible, refuse_terms
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


def test_use_that_reserves_nothing_is_refused_and_a_share_is_not() -> None:
    with pytest.raises(
        ImpossibleGpuRequest, match="asks for shared use; devices or shares are leased: cuda:0"
    ):
        refuse_impossible(parse_request("-1"), CARDS)
    refuse_impossible(parse_request("0.5"), CARDS)


@pytest.mark.parametrize(
    ("terms", "what"),
    [
        (Terms(cpu_milli=9000), "9 CPUs are asked for; the most that one machine has is 8"),
        (Terms(host_memory_mib=9000), "9000 MiB of memory are asked for; a machine has at most 8192"),
    ],
)
def test_more_cpus_or_memory_than_a_machine_has_are_refused(terms: Terms, what: str) -> None:
    machine = Inventory((Node(LOCAL, 8000, 8192, CARDS),))
    with pytest.raises(ImpossibleGpuRequest, match=what):
        refuse_terms(parse_request("1"), terms, machine)
    refuse_terms(parse_request("2"), replace(terms, span=Span.NODES), machine)


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
