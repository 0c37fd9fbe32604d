"""Text files as models see them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.making.imaging import UnreadableSample
from resources.data.making.texts import MAX_TEXT_BYTES, TextBytes, decoded_text


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])).filter(str.strip))
def test_a_text_that_fits_is_read_back(text: str) -> None:
    content = text.encode()
    if not content.strip():
        return
    row = TextBytes((1, len(content) + 3)).apply(content)

    assert row.shape == (1, len(content) + 3)
    assert row.tobytes().rstrip(b"\0") == content


def test_what_is_too_long_is_cut_off() -> None:
    assert TextBytes((1, 4)).apply(b"abcdef").tobytes() == b"abcd"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b" \n", "empty"),
        (b"a\0b", "zero byte"),
        (b"caf\xe9", "no UTF-8"),
        (b"a" * (MAX_TEXT_BYTES + 1), "at most"),
    ],
)
def test_what_is_no_text_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableSample, match=reason):
        decoded_text(content)
