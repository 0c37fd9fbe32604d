"""Text files as bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.data.merging.model import Side, Versions
from resources.data.merging.records.problem import NotByRecord
from resources.data.merging.records.text_form import Form, decoded, encoded


@given(
    st.lists(st.text(alphabet="ab é", min_size=1), min_size=1),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.booleans(),
)
def test_a_text_comes_back_as_it_was(lines: list[str], newline: str, bom: bool, end: bool) -> None:
    content = (("\ufeff" if bom else "") + newline.join(lines) + (newline if end else "")).encode()
    text, form = decoded(content, Side.OURS)
    assert text == content.decode().removeprefix("\ufeff")
    forms = Versions(None, form, form)
    assert encoded(lines, forms) == content


def test_form_is_taken_from_the_side_that_changed_it() -> None:
    base, ours, theirs = Form(False, "\n", True), Form(False, "\r\n", True), Form(True, "\n", False)
    assert encoded(["a", "b"], Versions(base, ours, theirs)) == b"\xef\xbb\xbfa\r\nb"


def test_an_empty_text_has_no_form() -> None:
    assert decoded(b"", Side.BASE) == ("", Form(False, None, None))
    empty = Form(False, None, None)
    assert encoded(["a"], Versions(empty, empty, empty)) == b"a\n"
    assert encoded([], Versions(empty, empty, empty)) == b""


def test_bytes_that_are_no_utf8_say_where() -> None:
    with pytest.raises(NotByRecord, match="theirs: byte 3 is no UTF-8"):
        decoded(b"ab\xff", Side.THEIRS)
