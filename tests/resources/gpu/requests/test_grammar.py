"""The grammar: the corpus of the field, texts like it, and laws over all texts."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.errors import BadInput
from resources.gpu.requests.canonical import canonical
from resources.gpu.requests.errors import BadGpuRequest
from resources.gpu.requests.grammar import MOST_CHARACTERS, parse_request
from resources.gpu.requests.kubernetes import k8s_requests
from resources.gpu.requests.model import GpuRequest, Mode
from tests.examples import drawing
from tests.house.modules import CHECKOUT

OURS = Path(__file__).with_name("corpus.json")
BESIDE_THE_CHECKOUT = CHECKOUT.parent / "shared" / "gpu_strings.json"
CORPUS: list[dict[str, Any]] = json.loads(OURS.read_text())


def plain(request: GpuRequest) -> dict[str, object]:
    return {
        "count": request.count,
        "model": request.model,
        "fraction": request.fraction,
        "memory": request.memory_mib,
        "vendor": request.vendor,
        "resource_name": request.resource_name,
    }


def holds(case: dict[str, Any]) -> bool:
    """Whether a case of the corpus is read as it says, or refused for the reason that it gives."""
    profile = case.get("profile")
    try:
        request = parse_request(case["input"], profile=profile)
    except BadGpuRequest as refusal:
        reason = case.get("error", "?").partition("; known")[0]
        return case["expected"] is None and refusal.reason.startswith(reason)
    if "k8s_requests" in case and k8s_requests(request, profile=profile) != case["k8s_requests"]:
        return False
    return bool(plain(request) == case["expected"] and request.mode == case["mode"])


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: repr(case["input"]))
def test_every_case_of_the_corpus_holds(case: dict[str, Any]) -> None:
    assert holds(case)


@pytest.mark.skipif(not BESIDE_THE_CHECKOUT.exists(), reason="there is no other corpus beside the checkout")
def test_every_case_of_the_corpus_beside_the_checkout_holds() -> None:
    assert [case["input"] for case in json.loads(BESIDE_THE_CHECKOUT.read_text()) if not holds(case)] == []


@pytest.mark.parametrize(
    ("text", "count", "model", "milli", "memory_mib", "resource_name", "mode"),
    [
        ("2（V100)", 2, "V100", 1000, None, "nvidia.com/gpu", Mode.WHOLE),
        ("1（gpu，V100）", 1, "V100", 1000, None, "nvidia.com/gpu", Mode.WHOLE),
        ("8G，0.5（V100）", 1, "V100", 500, 8192, "nvidia.com/gpu", Mode.FRACTION),
        ("A100：80GB：2", 2, "A100", 1000, 81920, "nvidia.com/gpu", Mode.WHOLE),
        ("\u30002\u3000(\u3000t4 )", 2, "T4", 1000, None, "nvidia.com/gpu", Mode.WHOLE),
        ("A100:80GB:2", 2, "A100", 1000, 81920, "nvidia.com/gpu", Mode.WHOLE),
        ("A100:80GB", 1, "A100", 1000, 81920, "nvidia.com/gpu", Mode.WHOLE),
        ("A100-80GB:2", 2, "A100-80GB", 1000, None, "nvidia.com/gpu", Mode.WHOLE),
        ("24GB:2", 2, None, 1000, 24576, "nvidia.com/gpu", Mode.WHOLE),
        ("nvidia:A100:80GB:2", 2, "A100", 1000, 81920, "nvidia.com/gpu", Mode.WHOLE),
        ("nvidia:A100", 1, "A100", 1000, None, "nvidia.com/gpu", Mode.WHOLE),
        ("gpu:2", 2, None, 1000, None, "nvidia.com/gpu", Mode.WHOLE),
        ("A100:0.5", 1, "A100", 500, None, "nvidia.com/gpu", Mode.FRACTION),
        ("A100:8GB:0.5", 1, "A100", 500, 8192, "nvidia.com/gpu", Mode.FRACTION),
        ("A100:0", 0, "A100", 1000, None, "nvidia.com/gpu", Mode.NONE),
        ("npu:910B:2", 2, "910B", 1000, None, "huawei.com/Ascend910B", Mode.WHOLE),
        ("npu:310:2", 2, "310", 1000, None, "huawei.com/Ascend310", Mode.WHOLE),
        ("1(npu,ascend-910b3)", 1, "ASCEND-910B3", 1000, None, "huawei.com/Ascend910B3", Mode.WHOLE),
        ("MI300X:8", 8, "MI300X", 1000, None, "amd.com/gpu", Mode.WHOLE),
        ("1(910B)", 1, "910B", 1000, None, "huawei.com/Ascend910B", Mode.WHOLE),
        ("1(3090)", 1, "3090", 1000, None, "nvidia.com/gpu", Mode.WHOLE),
        ("1(NVIDIA,v100)", 1, "V100", 1000, None, "nvidia.com/gpu", Mode.WHOLE),
        ("1(vgpu,V100)", 1, "V100", 1000, None, "nvidia.com/vgpu", Mode.WHOLE),
        ("1(mig-1g.10gb)", 1, None, 1000, None, "nvidia.com/mig-1g.10gb", Mode.WHOLE),
        ("1(mig,1g.10gb)", 1, None, 1000, None, "nvidia.com/mig-1g.10gb", Mode.WHOLE),
        ("2(gpu,1G.10GB)", 2, None, 1000, None, "nvidia.com/mig-1g.10gb", Mode.WHOLE),
        ("A100:1g.5gb", 1, "A100", 1000, None, "nvidia.com/mig-1g.5gb", Mode.WHOLE),
        ("nvidia:A100:1g.5gb:2", 2, "A100", 1000, None, "nvidia.com/mig-1g.5gb", Mode.WHOLE),
        ("1(mig-1g.5gb,A100)", 1, "A100", 1000, None, "nvidia.com/mig-1g.5gb", Mode.WHOLE),
        ("-1(V100)", 0, "V100", 1000, None, "nvidia.com/gpu", Mode.SHARED),
        ("1.0", 1, None, 1000, None, "nvidia.com/gpu", Mode.WHOLE),
        ("02", 2, None, 1000, None, "nvidia.com/gpu", Mode.WHOLE),
    ],
)
def test_texts_like_those_of_the_corpus_are_read(
    text: str,
    count: int,
    model: str | None,
    milli: int,
    memory_mib: int | None,
    resource_name: str,
    mode: Mode,
) -> None:
    request = parse_request(text)
    assert (request.count, request.model, request.milli) == (count, model, milli)
    assert (request.memory_mib, request.resource_name, request.mode) == (memory_mib, resource_name, mode)
    assert request.text == text


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("", 1, "not a GPU quantity"),
        ("   ", 4, "not a GPU quantity"),
        ("\t2", 1, "not a GPU quantity"),
        ("2\n", 2, "not a GPU quantity"),
        ("2\x00", 2, "not a GPU quantity"),
        ("2\u00a0", 2, "not a GPU quantity"),
        ("many", 1, "not a GPU quantity"),
        ("gpu", 1, "count missing before the vendor"),
        ("H100", 1, "count missing before the model"),
        ("(V100)", 1, "not a GPU quantity"),
        ("+2", 1, "not a GPU quantity"),
        ("-2", 1, "not a GPU quantity"),
        ("--1", 1, "not a GPU quantity"),
        ("-1.0", 1, "not a GPU quantity"),
        ("-10", 1, "not a GPU quantity"),
        ("- 1", 1, "not a GPU quantity"),
        ("-0", 1, "not a GPU quantity"),
        ("−1", 1, "not a GPU quantity"),
        ("-1,0.5", 3, "not a GPU quantity"),
        ("0x2", 2, "not a GPU quantity"),
        ("1_0", 2, "not a GPU quantity"),
        ("1 0", 3, "not a GPU quantity"),
        (".5", 1, "not a GPU quantity"),
        ("5.", 2, "not a GPU quantity"),
        ("1..2", 2, "not a GPU quantity"),
        ("1/2", 2, "not a GPU quantity"),
        ("50%", 3, "not a GPU quantity"),
        ("2V100", 2, "not a GPU quantity"),
        ("2 V100", 3, "not a GPU quantity"),
        ("0。5", 2, "not a GPU quantity"),
        ("２", 1, "ASCII digits only"),
        ("2٣", 2, "ASCII digits only"),
        ("1(V１00)", 4, "ASCII digits only"),
        ("½", 1, "ASCII digits only"),
        ("1.5", 2, "a share of more than one device"),
        ("0.0", 1, "a share of nothing"),
        ("0.1234", 6, "finer than a thousandth"),
        ("2.0001", 6, "finer than a thousandth"),
        ("0.10001000", 6, "finer than a thousandth"),
        ("0.0000", 1, "a share of nothing"),
        ("10001", 1, "more devices than anybody has"),
        ("9" * 150, 1, "more devices than anybody has"),
        ("9" * 5000, 201, "too long"),
        ("2(", 3, "nothing named"),
        ("2()", 3, "nothing named"),
        ("2( )", 4, "nothing named"),
        ("1(,)", 3, "empty vendor"),
        ("1(gpu,)", 7, "empty model"),
        ("2(V100", 7, "not a GPU quantity"),
        ("2V100)", 2, "not a GPU quantity"),
        ("1)", 2, "not a GPU quantity"),
        ("1(V100]", 7, "not a GPU quantity"),
        ("2(V100)x", 8, "not a GPU quantity"),
        ("2(V100)(T4)", 8, "one model only"),
        ("1((V100))", 3, "nothing named"),
        ("1(gpu,V100,T4)", 11, "one model only"),
        ("1(V100,T4)", 3, "unknown vendor"),
        ("1(gpu,gpu)", 7, '"gpu" is no model'),
        ("1(gpu,npu)", 7, '"npu" is no model'),
        ("1(RTX 4090)", 7, "not a GPU quantity"),
        ("1(V100/T4)", 7, "not a GPU quantity"),
        ("1(-V100)", 3, "nothing named"),
        ("1(V100-)", 7, "not a model"),
        ("1(V--100)", 4, "not a model"),
        ("1(8G)", 3, "8G is an amount of memory"),
        ("16KB:2", 1, "16KB is an amount of memory"),
        ("1(2)", 3, "not a model"),
        ("1(0.5)", 4, "not a model"),
        (f"1({'x' * 64})", 3, "not a model"),
        ("1(npu,950)", 7, "unknown model of npu"),
        ("1(mig)", 3, "mig without a profile"),
        ("1(mig-9g.9gb)", 3, "unknown MIG profile"),
        ("1(gpu,1g.7gb)", 7, "unknown MIG profile"),
        ("1(npu,1g.5gb)", 7, '"1g.5gb" is no model'),
        ("0.5(mig-1g.5gb)", 1, "a mig partition is given whole"),
        ("8G,0.5(1g.5gb)", 1, "a mig partition is given whole"),
        ("0.25(gaudi)", 1, "no way to share a device of gaudi"),
        ("0.3(npu,310P)", 1, "no template of npu,310P"),
        ("8G,0.25(npu,310P)", 1, "no template of npu,310P"),
        ("0.5(npu)", 1, "no template of npu"),
        ("8G", 3, "memory without a share"),
        ("8G(V100)", 3, "memory without a share"),
        ("8G,", 4, "not a GPU quantity"),
        ("8G,1", 4, "not a share"),
        ("8G,0", 4, "not a share"),
        ("8G,8G", 4, "not a share"),
        ("8G,0.5,2", 7, "not a GPU quantity"),
        ("8X,0.5", 2, "not a GPU quantity"),
        ("8KB,0.5", 2, "not a GPU quantity"),
        ("50,8", 3, "memory without a unit"),
        ("0.5,8G", 4, "memory without a unit"),
        (",0.5", 1, "not a GPU quantity"),
        (":2", 1, "not a GPU quantity"),
        ("A100:", 6, "not a GPU quantity"),
        ("A100::2", 6, "not a GPU quantity"),
        ("A100:2:80GB", 7, "the number of devices comes last"),
        ("2:A100", 2, "the number of devices comes last"),
        ("A100:80GB:40GB", 11, "one amount of memory only"),
        ("80GB:A100", 6, "the model comes before the memory"),
        ("A100:H100:2", 6, "one model only"),
        ("A100,H100:2", 5, "one model only"),
        ("nvidia:amd:2", 8, '"amd" is no model'),
        ("foo:V100:1", 5, "one model only"),
        ("A100:-1", 6, "not a GPU quantity"),
        ("A100:1.5", 7, "a share of more than one device"),
        ("A100:1..4", 6, "not a GPU quantity"),
        ("A100:2(V100)", 7, "the number of devices comes last"),
        ("2(A100:80GB)", 7, "not a GPU quantity"),
        ("1g.5gb:8GB:1", 8, "a mig partition is given whole"),
        ("A100:80GB+:1", 6, "not a GPU quantity"),
    ],
)
def test_a_text_that_is_no_request_is_refused_with_the_position_and_the_reason(
    text: str, position: int, reason: str
) -> None:
    with pytest.raises(BadGpuRequest) as refusal:
        parse_request(text)
    assert (refusal.value.position, refusal.value.reason[: len(reason)]) == (position, reason)
    assert refusal.value.expected
    assert refusal.value.next_step.endswith(".")


@pytest.mark.parametrize(
    ("text", "milli", "memory_mib"), [("50,8", 500, 8192), ("1 , 1", 10, 1024), ("8G,0.5", 500, 8192)]
)
def test_the_old_order_is_read_in_its_profile_and_a_unit_decides(
    text: str, milli: int, memory_mib: int
) -> None:
    request = parse_request(text, profile="tencent-2021")
    assert (request.count, request.milli, request.memory_mib) == (1, milli, memory_mib)
    assert request.resource_name == "tencent.com/vcuda-core"
    assert parse_request("2", profile="tencent-2021").resource_name == "nvidia.com/gpu"


@pytest.mark.parametrize(
    ("text", "position"), [("0,8", 1), ("100,8", 1), ("5.5,8", 1), ("50,", 4), ("50,0", 4), ("50,1.5", 4)]
)
def test_the_old_order_takes_hundredths_and_whole_gib(text: str, position: int) -> None:
    with pytest.raises(BadGpuRequest) as refusal:
        parse_request(text, profile="tencent-2021")
    assert refusal.value.position == position


def test_a_profile_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(BadInput, match=r"no profile 'tencent'.*; known: hami, volcano, qgpu, tencent-2021"):
        parse_request("1", profile="tencent")


NUMBERS = st.one_of(
    st.integers(0, 12).map(str),
    st.sampled_from(["0.5", "0.25", "0.125", "0.001", "2.0", "1.5", "0.0", "-1", "007", "0.1234", "99999"]),
)
MEMORIES = st.sampled_from(["8G", "512M", "1.5 GiB", "80GB", "1T", "0G", "7K", "16384mib"])
FAMILIES = st.sampled_from(["gpu", "NVIDIA", "vgpu", "npu", "dcu", "amd", "mig", "corex", "gaudi", "foo", ""])
MODELS = st.sampled_from(
    [
        "V100",
        "a100-80g",
        "910B",
        "310P",
        "Ascend310",
        "MI300X",
        "1g.5gb",
        "mig-1g.10gb+me",
        "BI-V150",
        "3090",
        "8G",
        "",
    ]
)


@st.composite
def shaped(draw: st.DrawFn) -> str:
    """Texts that have the form of a request, right or nearly."""
    if draw(st.booleans()):
        parts = draw(st.lists(st.one_of(FAMILIES, MODELS, MEMORIES, NUMBERS), min_size=2, max_size=4))
        return ":".join(parts)
    amount = draw(st.one_of(NUMBERS, st.builds("{},{}".format, MEMORIES, NUMBERS)))
    inside = draw(
        st.one_of(
            st.just(""),
            st.builds("({})".format, st.one_of(FAMILIES, MODELS)),
            st.builds("({},{})".format, FAMILIES, MODELS),
        )
    )
    return amount + inside


TEXTS = st.one_of(shaped(), st.text("0129 ()（）,，:V.-Gmx\u3000", max_size=14), st.text(max_size=20))


def read(text: str, profile: str | None = None) -> GpuRequest | None:
    try:
        return parse_request(text, profile=profile)
    except BadGpuRequest as refusal:
        told = refusal
    assert 1 <= told.position <= len(text) + 1
    assert told.expected
    return None


@drawing(4)
@given(TEXTS, st.sampled_from([None, "tencent-2021"]))
def test_any_text_is_read_or_refused_and_nothing_becomes_0_by_accident(
    text: str, profile: str | None
) -> None:
    request = read(text, profile)
    if request is None:
        return
    assert (request.units_milli > 0) == (request.mode in {Mode.WHOLE, Mode.FRACTION})
    if request.mode is Mode.NONE:
        assert text.replace("（", "(").partition("(")[0].rpartition(":")[2].strip(" \u3000").strip("0") == ""
    if request.mode is Mode.SHARED:
        assert text.lstrip(" \u3000").startswith("-1")


@drawing(4)
@given(TEXTS, st.sampled_from([None, "tencent-2021"]))
def test_the_canonical_text_means_the_same(text: str, profile: str | None) -> None:
    request = read(text, profile)
    if request is not None:
        written = canonical(request)
        assert parse_request(written, profile=profile) == request
        assert canonical(parse_request(written, profile=profile)) == written


@drawing(3)
@given(shaped(), st.randoms(use_true_random=False))
def test_case_and_blanks_between_the_parts_change_nothing(text: str, random: Any) -> None:
    request = read(text)
    if request is None:
        return
    changed = "".join(
        f"{random.choice(' _')}{sign}{random.choice(' _')}".replace("_", "")
        if sign in "(),:"
        else random.choice([sign.lower(), sign.upper()])
        for sign in text
    )
    again = parse_request(f" {changed}\u3000"[:MOST_CHARACTERS])
    assert again == request


@drawing(3)
@given(TEXTS)
def test_what_stands_before_the_position_of_an_error_was_fine(text: str) -> None:
    position = refused_at(text)
    if position is None or (":" in text.replace("：", ":")) != (
        ":" in text[: position - 1].replace("：", ":")
    ):
        return  # a colon makes it another kind of text
    again = refused_at(text[: position - 1] + "!")
    assert again is not None
    assert again >= position


def refused_at(text: str) -> int | None:
    """The position that the refusal of ``text`` names, or None where it is read."""
    try:
        parse_request(text)
    except BadGpuRequest as refusal:
        return refusal.position
    return None


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2.0000", "2"),
        ("0.5000", "0.5"),
        ("8.0000G,0.2500(V100)", "8G,0.25(V100)"),
        ("A100:0.50000", "A100:0.5"),
    ],
)
def test_zeros_at_the_end_say_nothing(text: str, same: str) -> None:
    assert parse_request(text) == parse_request(same)
