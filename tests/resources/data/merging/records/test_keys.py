"""Ids of records: texts and numbers, shown one to one, in an order that people expect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.merging.records.json_text import Number
from resources.data.merging.records.keys import Key, is_key, shown_key, shown_text, sort_key

NOTHING: tuple[object, ...] = ("", None, True, [], {})
some_keys = st.text(min_size=1) | st.integers().map(lambda one: Number(str(one))) | st.integers().map(str)


@given(some_keys, some_keys)
def test_two_ids_are_shown_and_sorted_apart(first: Key, second: Key) -> None:
    assert (shown_key(first) == shown_key(second)) == (first == second)
    assert (sort_key(first) == sort_key(second)) == (first == second)
    shown_key(first).encode()


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("a.png", "a.png"),
        ("1.png", "1.png"),
        (Number("7"), "7"),
        ("7", '"7"'),
        ("1e5", '"1e5"'),
        ("NaN", '"NaN"'),
        (" a", '" a"'),
        ('"a"', '"\\"a\\""'),
        ("\ud800", '"\\ud800"'),
        ("猫", "猫"),
    ],
)
def test_an_id_is_shown_plainly_unless_it_could_be_taken_for_another(key: Key, shown: str) -> None:
    assert shown_key(key) == shown


def test_in_a_table_all_ids_are_texts() -> None:
    assert [shown_text(key) for key in ("7", "a b", " a", '"')] == ["7", "a b", '" a"', '"\\""']


def test_numbers_come_by_size() -> None:
    keys: list[Key] = ["b", "10", "9", Number("10"), Number("9"), Number("1.5"), Number("1" * 30)]
    assert sorted(keys, key=sort_key) == [
        Number("9"),
        Number("10"),
        Number("1.5"),
        Number("1" * 30),
        "b",
        "9",
        "10",
    ]


def test_what_names_nothing_is_no_id() -> None:
    assert [is_key(one) for one in NOTHING] == [False] * len(NOTHING)
    assert is_key("a")
    assert is_key(Number("1"))
