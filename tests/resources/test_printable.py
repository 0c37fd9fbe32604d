"""Texts that no stream could write are readable, and nothing else is changed."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.printable import printable
from tests.examples import drawing


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cat.csv", "cat.csv"),
        ("数据", "数据"),
        (os.fsdecode(b"caf\xe9.csv"), r"caf\xe9.csv"),
        ("half \ud83d", r"half \ud83d"),
        ("\ud83d and \udce9", r"\ud83d and \udce9"),
    ],
)
def test_what_is_no_text_is_shown_by_its_number(text: str, shown: str) -> None:
    assert printable(text) == shown


@drawing(4)
@given(st.text(st.characters() | st.integers(0xD800, 0xDFFF).map(chr)))
def test_whatever_is_shown_can_be_written(text: str) -> None:
    assert printable(text).encode().decode() == printable(printable(text))
