"""Request strings: what parses, and what an error says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.inventory.model import Device, DeviceId
from resources.gpu.model import GpuRequest
from resources.gpu.request import (
    BadGpuRequest,
    ImpossibleGpuRequest,
    largest,
    parse_request,
    refuse_impossible,
)

SLOTS = (Device(DeviceId("cpu:0"), None, None), Device(DeviceId("cpu:1"), None, None))
CARDS = (
    Device(DeviceId("cuda:0"), "Tesla V100-SXM2-32GB", 32768),
    Device(DeviceId("cuda:1"), "NVIDIA H200", 143771),
)


@pytest.mark.parametrize(
    ("text", "count", "model"),
    [
        ("0", 0, None),
        ("1", 1, None),
        (" 2 ", 2, None),
        ("2(V100)", 2, "V100"),
        ("2 ( v100 )", 2, "V100"),
        ("1（V100）", 1, "V100"),
        ("1(A100-80G)", 1, "A100-80G"),
        ("0(V100)", 0, "V100"),
    ],
)
def test_a_request_says_how_many_and_which(text: str, count: int, model: str | None) -> None:
    assert parse_request(text) == GpuRequest(text, count, model)


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("", 1, "a whole number of devices"),
        ("   ", 4, "a whole number of devices"),
        ("-1", 1, "a whole number of devices"),
        ("many", 1, "a whole number of devices"),
        ("0.5", 2, "'(' and a model, or the end"),
        ("2V100", 2, "'(' and a model, or the end"),
        ("2(", 3, "a model, such as V100"),
        ("2()", 3, "a model, such as V100"),
        ("2(V100", 7, "')'"),
        ("2(V100)x", 8, "the end"),
        ("2(V100)(T4)", 8, "the end"),
        ("99999999", 1, "at most 10000 devices"),
        ("9" * 5000, 1, "at most 10000 devices"),
        ("２", 1, "a whole number of devices"),
    ],
)
def test_a_request_that_does_not_parse_names_the_position_and_what_was_expected(
    text: str, position: int, expected: str
) -> None:
    with pytest.raises(BadGpuRequest) as refusal:
        parse_request(text)
    assert (refusal.value.position, refusal.value.expected) == (position, expected)
    assert repr(text) in refusal.value.problem


@given(st.text(max_size=20))
def test_any_text_parses_or_is_refused_and_never_becomes_0_by_accident(text: str) -> None:
    try:
        request = parse_request(text)
    except BadGpuRequest:
        return
    digits = "".join(one for one in text.replace("（", "(").split("(")[0] if one.isdigit())
    assert request.count == int(digits)


@given(st.text("0129 ()（）V-x\u3000", max_size=12))
def test_the_position_of_an_error_is_that_of_the_first_character_that_does_not_fit(text: str) -> None:
    position = refused_at(text)
    if position is None:
        return
    assert 0 < position <= len(text) + 1
    # What stands before it was fine: with the same beginning, the error comes no earlier.
    again = refused_at(text[: position - 1] + "!")
    assert again is not None
    assert again >= position or text.strip(" \u3000")[:5].isdigit()


def refused_at(text: str) -> int | None:
    """The position that the refusal of ``text`` names, or None where it parses."""
    try:
        parse_request(text)
    except BadGpuRequest as refusal:
        return refusal.position
    return None


def test_a_request_that_fits_is_not_refused() -> None:
    refuse_impossible(parse_request("2"), SLOTS)
    refuse_impossible(parse_request("1(V100)"), CARDS)
    refuse_impossible(parse_request("0(T4)"), SLOTS)


def test_a_request_for_more_than_there_is_says_what_there_is() -> None:
    with pytest.raises(
        ImpossibleGpuRequest, match=r"asks for 3 devices; this machine has 2: cpu:0"
    ) as refusal:
        refuse_impossible(parse_request("3"), SLOTS)
    assert refusal.value.next_step == "Ask for at most 2, or declare more CPU slots with TRAINPLAT_CPU_SLOTS."
    with pytest.raises(ImpossibleGpuRequest, match=r"asks for 2 devices of model V100; this machine has 1"):
        refuse_impossible(parse_request("2(V100)"), CARDS)


def test_a_model_that_is_not_here_is_refused_on_slots_and_on_cards() -> None:
    for devices in (SLOTS, CARDS):
        with pytest.raises(
            ImpossibleGpuRequest, match="names the model A100, which this machine does not have"
        ):
            refuse_impossible(parse_request("1(A100)"), devices)


def test_the_largest_request_of_a_run_is_the_one_with_most_devices() -> None:
    requests = [parse_request(text) for text in ("1", "2(V100)", "0")]
    assert largest(requests) == parse_request("2(V100)")
    assert largest([]) is None
