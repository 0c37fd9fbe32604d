"""Text files as bytes: what is form and no content, which is a BOM, line ends, and the last line end.

A merged file has one kind of line end, which is the one of its first line.
"""

from dataclasses import dataclass

from resources.data.merging.model import Side, Versions
from resources.data.merging.records.fields import chosen_form
from resources.data.merging.records.problem import not_by_record
from resources.texts import mark

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Form:
    """How a text is written."""

    has_bom: bool
    newline: str | None
    """``\\n`` or ``\\r\\n``; None: it has no line end."""
    ends_with_newline: bool | None
    """None: it is empty."""


def decoded(content: bytes, side: Side) -> tuple[str, Form]:
    """The text without its BOM. Raises :class:`NotByRecord` for bytes that are no UTF-8."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_by_record(side, mark("{side}: byte {at} is no UTF-8"), at=error.start + 1) from error
    has_bom = text.startswith(_BOM)
    text = text[1:] if has_bom else text
    first = text.find("\n")
    newline = None if first < 0 else "\r\n" if text[:first].endswith("\r") else "\n"
    return text, Form(has_bom, newline, text.endswith("\n") if text else None)


def encoded(lines: list[str], forms: Versions[Form | None]) -> bytes:
    """Lines, without their ends, in the form that the three versions come to."""
    has_bom = chosen_form(forms.map(lambda form: None if form is None else form.has_bom), False)
    newline = chosen_form(forms.map(lambda form: None if form is None else form.newline), "\n")
    ends = chosen_form(forms.map(lambda form: None if form is None else form.ends_with_newline), True)
    text = newline.join(lines) + (newline if ends and lines else "")
    return ((_BOM if has_bom else "") + text).encode("utf-8")
