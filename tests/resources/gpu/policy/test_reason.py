"""A reason is a rule with values; its sentence is made where somebody reads it."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gpu.policy.reason import Reason, Value, names_in

names = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
values: st.SearchStrategy[Value] = (
    st.text(max_size=12) | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)


@st.composite
def reasons(draw: st.DrawFn) -> Reason:
    given_values = draw(st.dictionaries(names, values, max_size=4))
    said = draw(st.lists(st.sampled_from(sorted(given_values)), max_size=4)) if given_values else []
    template = " ".join(["It waits:", *(f"{{{name}}}" for name in said)])
    return Reason(draw(st.sampled_from(["Q1", "Q3", "B12"])), template, given_values)


def test_the_sentence_says_the_values() -> None:
    reason = Reason("Q3", "{who} borrows {amount}.", {"who": "vision", "amount": "2 V100", "unsaid": 7})
    assert reason.text == "vision borrows 2 V100."


def test_a_number_is_shown_as_people_write_it() -> None:
    shown = Reason("Q1", "{a} {b} {c} {d} {e}", {"a": 1.0, "b": 0.125, "c": 12, "d": -0.001, "e": 2.5}).text
    assert shown == "1 0.12 12 0 2.5"


def test_a_reader_of_another_language_gets_the_template_translated_and_the_same_values() -> None:
    reason = Reason("Q3", "{who} borrows {amount}.", {"who": "vision", "amount": "2 V100"})
    german = {"{who} borrows {amount}.": "{who} leiht sich {amount}."}
    assert reason.translated(german.__getitem__) == "vision leiht sich 2 V100."


def test_braces_in_a_value_are_no_names() -> None:
    assert Reason("Q3", "{who} waits.", {"who": "{amount}"}).text == "{amount} waits."


@given(reasons())
def test_what_is_stored_comes_back(reason: Reason) -> None:
    again = Reason.from_json(reason.to_json())
    assert again == reason
    assert again.text == reason.text
    assert hash(again) == hash(reason)


@given(reasons())
def test_a_reason_is_stored_in_one_way(reason: Reason) -> None:
    turned = Reason(reason.rule, reason.template, dict(list(reason.values.items())[::-1]))
    assert turned.to_json() == reason.to_json()


def test_what_is_stored_keeps_numbers_as_numbers() -> None:
    stored = json.loads(Reason("Q4", "{used} of {limit}", {"used": 3, "limit": 2.5}).to_json())
    assert stored["values"] == {"used": 3, "limit": 2.5}


@pytest.mark.parametrize("rule", ["", "q3", "3", "Q", "Q0", "Q123", "Rule 3", "QQ3"])
def test_a_rule_is_a_capital_and_a_number(rule: str) -> None:
    with pytest.raises(ValueError, match="not of the form Q3"):
        Reason(rule, "x")


def test_a_name_without_a_value_is_found_when_the_reason_is_made() -> None:
    with pytest.raises(ValueError, match="no value for amount, who"):
        Reason("Q3", "{who} borrows {amount} {again}", {"again": 1})


@pytest.mark.parametrize("endless", [math.inf, -math.inf, math.nan])
def test_a_number_that_json_cannot_hold_is_refused(endless: float) -> None:
    with pytest.raises(ValueError, match=r"share is .*, not a finite number"):
        Reason("Q3", "x", {"share": endless})


@pytest.mark.parametrize(
    "stored",
    [
        "[]",
        "{}",
        "null",
        '{"rule": "Q1", "template": "x"}',
        '{"rule": "Q1", "template": "x", "values": [1]}',
        '{"rule": "Q1", "template": "x", "values": {"a": [1]}}',
        '{"rule": "Q1", "template": "x", "values": {"a": null}}',
        '{"rule": "Q1", "template": "x", "values": {}, "more": 1}',
        '{"rule": "q", "template": "x", "values": {}}',
        '{"rule": "Q1", "template": "{a}", "values": {}}',
        "Waits for 2 devices.",
    ],
)
def test_what_is_no_reason_is_refused(stored: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (json's own error is one too)
        Reason.from_json(stored)


def test_changing_what_it_was_made_from_does_not_change_a_reason() -> None:
    mine: dict[str, Value] = {"who": "vision"}
    reason = Reason("Q3", "{who}", mine)
    mine["who"] = "speech"
    assert reason.text == "vision"


def test_names_are_found_once_each() -> None:
    assert names_in("{a} and {b} and {a}, {{c}}") == {"a", "b"}
