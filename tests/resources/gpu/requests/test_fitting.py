"""The largest of several requests, and requests that this machine can never meet."""

import pytest

from resources.gpu.inventory.model import LOCAL, Device, DeviceId, Inventory, Node, NodeId, Vendor
from resources.gpu.model import NO_TERMS, Terms
from resources.gpu.placement.model import Span
from resources.gpu.requests.errors import ImpossibleGpuRequest
from resources.gpu.requests.fitting import largest, refuse_impossible
from resources.gpu.requests.grammar import parse_request
from resources.texts import in_language, translator


def machine(*devices: Device) -> Inventory:
    """One node with 8 cores and 8 GiB."""
    return Inventory((Node(LOCAL, 8000, 8192, devices),))


def card(number: int, model: str, memory_mib: int, island: int | None = None) -> Device:
    return Device(DeviceId(f"cuda:{number}"), model, memory_mib, vendor=Vendor.NVIDIA, island=island)


SLOTS = machine(Device(DeviceId("cpu:0"), None, None), Device(DeviceId("cpu:1"), None, None))
CARDS = machine(card(0, "Tesla V100-SXM2-32GB", 32_768), card(1, "NVIDIA H200", 143_771))
FOUR = range(4)
CLUSTER = Inventory(
    (
        Node(
            NodeId("a"),
            16_000,
            64_000,
            tuple(card(n, "NVIDIA A100-SXM4-40GB", 40_960, n // 2) for n in FOUR),
        ),
        Node(NodeId("b"), 32_000, 32_000, tuple(card(n, "Tesla V100-SXM2-32GB", 32_768) for n in range(2))),
    )
)


def refusal(text: str, inventory: Inventory, terms: Terms = NO_TERMS) -> ImpossibleGpuRequest:
    with pytest.raises(ImpossibleGpuRequest) as refused:
        refuse_impossible(parse_request(text), inventory, terms)
    return refused.value


def test_a_request_that_fits_is_not_refused() -> None:
    for text in ("2", "1(npu)", "0(T4)", "nvidia:16GB", "0.5"):
        refuse_impossible(parse_request(text), SLOTS)
    for text in ("1(V100)", "V100:32GB:1", "nvidia:16GB:2", "0.5(H200)"):
        refuse_impossible(parse_request(text), CARDS)
    refuse_impossible(parse_request("6"), CLUSTER, Terms(span=Span.NODES))
    refuse_impossible(parse_request("2(A100)"), CLUSTER, Terms(span=Span.ISLAND))


def test_a_request_for_more_than_there_is_says_what_there_is_and_what_would_do() -> None:
    slots = refusal("3", SLOTS)
    assert "asks for 3 devices; this machine has 2: cpu:0" in slots.problem
    assert slots.next_step == "Ask for 2 of any model, or declare more CPU slots with TRAINPLAT_CPU_SLOTS."
    cards = refusal("2(V100)", CARDS)
    assert "asks for 2 devices of model V100; this machine has 1" in cards.problem
    assert cards.next_step == "Ask for 1(V100), or 2 of any model, or 1(H200)."


@pytest.mark.parametrize(
    ("text", "inventory", "what"),
    [
        ("1(A100)", SLOTS, "names the model A100"),
        ("1(A100)", CARDS, "names the model A100"),
        ("A100:80GB:1", CARDS, "names the model A100 with 81920 MiB"),
        ("nvidia:1T", CARDS, "asks for devices with 1048576 MiB"),
        ("1(npu)", CARDS, "asks for devices of the vendor huawei"),
        ("1(mig-1g.18gb)", CARDS, "names the MIG profile 1g.18gb"),
        ("1", machine(), "asks for 1 devices"),
    ],
)
def test_what_this_machine_has_none_of_is_named(text: str, inventory: Inventory, what: str) -> None:
    here = inventory.devices[0].id if inventory.devices else "no device"
    assert f"{what}, which this machine does not have; it has {here}" in refusal(text, inventory).problem


def test_use_that_reserves_nothing_is_refused_and_a_share_is_not() -> None:
    assert "asks for shared use; devices or shares are leased: cuda:0" in refusal("-1", CARDS).problem
    refuse_impossible(parse_request("0.5"), CARDS)


@pytest.mark.parametrize(
    ("terms", "what", "change"),
    [
        (
            Terms(cpu_milli=9000),
            "9 CPUs are asked for; the most that one machine has is 8",
            "Ask for 1 with trainplat/cpus 8.",
        ),
        (
            Terms(host_memory_mib=9000),
            "9000 MiB of memory are asked for; a machine has at most 8192",
            "Ask for 1 with trainplat/memory 8192M.",
        ),
    ],
)
def test_more_cpus_or_memory_than_a_machine_has_are_refused(terms: Terms, what: str, change: str) -> None:
    refused = refusal("1", CARDS, terms)
    assert (refused.problem, refused.next_step) == (what, change)


@pytest.mark.parametrize(
    ("text", "terms", "problem", "change"),
    [
        ("6", NO_TERMS, "asks for 6 devices on one node; of the 6 there are, at most 4 lie so",
         "Ask for 6 with trainplat/span nodes, or 4 of any model"),
        ("4(A100)", Terms(span=Span.ISLAND), "in one NVLink island; of the 4 there are, at most 2 lie so",
         "Ask for 4(A100) with trainplat/span node, or 4(A100) with trainplat/span nodes, or 2(A100)."),
        ("2(V100)", Terms(host_memory_mib=40_000), "no machine has the devices of GPU request '2(V100)' with",
         "Ask for 2(V100) with trainplat/memory 32000M, or 2 of any model, "),
        ("A100:80GB:2", NO_TERMS, "names the model A100 with 81920 MiB",
         "Ask for gpu:A100:40960M:2 (40 GiB is the most that any A100 here has), "),
        ("40G,0.5(V100)", NO_TERMS, "names the model V100 with 40960 MiB",
         "Ask for 32768M,0.5(V100) (32 GiB is the most that any V100 here has), "),
        ("1(V10)", NO_TERMS, "names the model V10", "Ask for 1(V100-SXM2-32GB), or 1 of any model, or "),
        ("2(AMD)", NO_TERMS, "asks for devices of the vendor amd", "Ask for 2("),
    ],
)  # fmt: skip
def test_the_nearest_changes_are_named(text: str, terms: Terms, problem: str, change: str) -> None:
    refused = refusal(text, CLUSTER, terms)
    assert problem in refused.problem
    assert refused.next_step.startswith(change)


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


LABELLED = Inventory(
    (
        Node(NodeId("a"), 16_000, 64_000, (card(0, "NVIDIA A100", 40_960),), (("rack", "a1"),)),
        Node(NodeId("b"), 16_000, 64_000, (card(0, "Tesla V100", 32_768),), (("rack", "b1"),)),
    )
)


def test_labels_that_no_node_has_are_refused_with_those_there_are() -> None:
    refused = refusal("1", LABELLED, Terms(nodes=(("rack", "c1"),)))
    assert refused.problem == (
        "no node of the cluster is rack=c1; the labels there are: node=a, node=b, rack=a1, rack=b1"
    )
    assert "leave them out" in refused.next_step
    together = refusal("1", LABELLED, Terms(nodes=(("node", "a"), ("rack", "b1"))))
    assert "no node of the cluster is node=a,rack=b1" in together.problem


def test_what_only_nodes_with_other_labels_have_is_refused() -> None:
    refuse_impossible(parse_request("1(V100)"), LABELLED, Terms(nodes=(("rack", "b1"),)))
    refused = refusal("1(V100)", LABELLED, Terms(nodes=(("node", "a"),)))
    assert refused.problem == (
        "on the nodes that are node=a: GPU request '1(V100)' names the model V100, which this machine does "
        "not have; it has cuda:0 (NVIDIA A100)"
    )
    assert refused.next_step == "Ask for 1(A100). Nodes with other labels have it."


def test_a_refusal_is_said_in_chinese_but_for_what_people_wrote() -> None:
    refused = refusal("3", SLOTS)
    problem, step = (in_language(one, translator("zh_CN")) for one in (refused.problem, refused.next_step))
    assert problem == "GPU 请求 '3' 要求 3 个设备；本机有 2 个：cpu:0（CPU 槽位）、cpu:1（CPU 槽位）"
    assert step == "改为请求 2（任意型号），或用 TRAINPLAT_CPU_SLOTS 声明更多 CPU 槽位。"
