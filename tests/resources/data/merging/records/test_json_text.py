"""JSON that keeps its texts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.merging.records.json_text import (
    USUAL_STYLE,
    BadJson,
    Number,
    given_value,
    list_items,
    list_text,
    object_of,
    object_text,
    text_of,
    value_of,
)
from resources.errors import BadInput

plain = st.none() | st.booleans() | st.text(max_size=5) | st.integers() | st.floats(allow_nan=False)
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)
indents = st.sampled_from([None, 1, 4])


@given(st.dictionaries(st.text(max_size=4), values, max_size=4), indents)
def test_an_object_put_together_again_keeps_its_bytes(value: dict[str, object], indent: int | None) -> None:
    raw = json.dumps(value, indent=indent)
    text = object_of(f" {raw}\n")
    raws = {key: atom.raw for key, atom in text.members.items()}
    assert object_text(list(raws), raws, text.keys, text.style or USUAL_STYLE) == raw


@given(st.lists(values, max_size=4), indents)
def test_a_list_put_together_again_keeps_its_bytes(value: list[object], indent: int | None) -> None:
    raw = json.dumps(value, indent=indent)
    items, style = list_items(raw)
    assert list_text([item.raw for item in items], style) == raw


@given(values)
def test_the_text_of_a_value_reads_as_the_same_value(value: object) -> None:
    atom = value_of(json.dumps(value))
    assert value_of(text_of(atom.value)) == atom
    assert json.loads(atom.raw) == value


@given(st.text(alphabet='{}[]",:1a \\\n', max_size=12))
def test_what_is_taken_for_json_is_json(text: str) -> None:
    for read in (value_of, object_of):
        try:
            read(text)
        except BadJson:
            continue
        json.loads(text)


def test_numbers_are_their_texts() -> None:
    assert value_of("[1, 1.0, 1e0, NaN]").value == [Number("1"), Number("1.0"), Number("1e0"), Number("NaN")]
    assert value_of("1") != value_of("1.0")
    assert value_of('"1"') != value_of("1")
    assert value_of("9" * 5000).value == Number("9" * 5000)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value at character 1"),
        ("1 2", "more text at character 3: '2'"),
        ("[1,]", "Expecting value at character 4"),
        ('{"a": 1, "a": 2}', "the key 'a' stands twice in one object"),
        ("[" * 100_000, "it is nested too deep"),
        ('"\t"', "Invalid control character at at character 2"),
    ],
)
def test_what_is_no_json_says_where(text: str, why: str) -> None:
    with pytest.raises(BadJson) as problem:
        value_of(text)
    assert str(problem.value) == why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[]", "it is no JSON object"),
        ('{"a" 1}', "expected a key in quotes and a colon at character 2"),
        ("{1: 1}", "expected a key in quotes and a colon at character 2"),
        ('{"a": 1 "b": 2}', "expected a comma or '}' at character 9"),
        ('{"a": 1,}', "expected a comma or '}' at character 8"),
        ('{"a": 1', "expected a comma or '}' at character 8"),
        ('{"a": 1, "a": 2}', "the key 'a' stands twice in one object"),
        ("{} {}", "more text after the object, at character 3"),
    ],
)
def test_what_is_no_object_says_where(text: str, why: str) -> None:
    with pytest.raises(BadJson) as problem:
        object_of(text)
    assert str(problem.value) == why


def test_a_value_that_a_person_wrote_stands_on_one_line() -> None:
    assert given_value(' {"a":\r\n 1}\n').raw == '{"a":   1}'
    for wrong in ("cat", "", '"\ud800"'):
        with pytest.raises(BadInput, match="is no JSON"):
            given_value(wrong)
