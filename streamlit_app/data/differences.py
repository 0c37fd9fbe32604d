"""Two versions side by side: what was added, changed and removed, with pictures and lines of text."""

import streamlit as st

from resources.data.merging.sentences import shown_path
from resources.data.trees.diff import Change, Kind
from resources.terms import DatasetName
from streamlit_app import colours, frame, pieces
from streamlit_app.data.wording import amount, kind_in_words
from streamlit_app.reader import Reader
from streamlit_app.readings.changes import (
    Changes,
    is_picture,
    is_text,
    lines_between,
    picture_of,
    read_changes,
)
from streamlit_app.readings.history import History
from streamlit_app.readings.source import open_home

FILES_TO_A_PAGE = 50
PICTURES_TO_A_PAGE = 12
LINES_SHOWN = 200
_TONES = {Kind.ADDED: colours.DONE, Kind.CHANGED: colours.ACTIVE, Kind.REMOVED: colours.TROUBLE}


def draw(reader: Reader, history: History) -> None:
    """Choose two, and see what is between them."""
    _ = reader.translate
    keys = [one.key for one in reversed(history.versions)]
    if len(keys) < 2:
        st.caption(_("There is one version only. Commit another one to see what changed."))
        return
    left, right = st.columns(2)
    after_first = next((one for one in reversed(history.versions) if one.parents), history.versions[-1])
    first = after_first.parents[0] if after_first.parents else keys[-1]
    before = left.selectbox(
        _("Before"), keys, index=keys.index(first) if first in keys else 0, format_func=history.short
    )
    after = right.selectbox(_("After"), keys, index=keys.index(after_first.key), format_func=history.short)
    changes = _read(frame.place(), history.dataset, before, after)
    _numbers(reader, changes)
    if not changes.files:
        st.caption(_("The two hold the same files."))
        return
    _files(reader, changes)


@frame.cached
def _read(_place: str, dataset: str, before: str, after: str) -> Changes:
    home, database = open_home()
    return read_changes(home, database, DatasetName(dataset), before, after)


def _numbers(reader: Reader, changes: Changes) -> None:
    _ = reader.translate
    counts = changes.counts
    frame.show_numbers(
        {
            _("Added"): f"{counts[Kind.ADDED]:,}",
            _("Changed"): f"{counts[Kind.CHANGED]:,}",
            _("Removed"): f"{counts[Kind.REMOVED]:,}",
            _("Size"): f"{'+' if changes.grown_bytes >= 0 else '−'}{amount(abs(changes.grown_bytes))}",
        }
    )


def _files(reader: Reader, changes: Changes) -> None:
    _ = reader.translate
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    part = left.text_input(_("Path contains"), key="diff-part")
    kinds = right.pills(
        _("What happened"),
        list(Kind),
        selection_mode="multi",
        format_func=lambda kind: kind_in_words(kind, _),
        key="diff-kinds",
    )
    found = changes.matching(part, frozenset(kinds or ()))
    if not found:
        st.caption(_("No file that changed is like that."))
        return
    shown = found[frame.page_of(reader, len(found), FILES_TO_A_PAGE, "diff")]
    heads = [_("File"), _("What happened"), _("Before"), _("After")]
    rows = [
        [
            pieces.code(shown_path(one.path)),
            pieces.pill(kind_in_words(one.kind, _), _TONES[one.kind]),
            "–" if one.before is None else amount(one.size_before),
            "–" if one.after is None else amount(one.size_after),
        ]
        for one in shown
    ]
    st.html(pieces.table(heads, rows, numbers=frozenset({2, 3})))
    _pictures(reader, [one for one in shown if is_picture(one.path)])
    _texts(reader, [one for one in shown if is_text(one.path)])


def _pictures(reader: Reader, changed: list[Change]) -> None:
    if not changed:
        return
    _ = reader.translate
    st.subheader(_("Pictures"), anchor=False)
    home, _database = open_home()
    shown = changed[frame.page_of(reader, len(changed), PICTURES_TO_A_PAGE, "diff-pictures")]
    for start in range(0, len(shown), 3):
        for one, column in zip(shown[start : start + 3], st.columns(3), strict=False):
            with column.container(border=True):
                st.caption(f"{shown_path(one.path)} · {kind_in_words(one.kind, _)}")
                sides = st.columns(2)
                for side, md5, name in (
                    (sides[0], one.before, _("Before")),
                    (sides[1], one.after, _("After")),
                ):
                    with side:
                        st.caption(name)
                        show_picture(reader, picture_of(home, md5), is_there=md5 is not None)


def show_picture(reader: Reader, content: bytes | None, *, is_there: bool) -> None:
    """A picture, or why there is none. One that cannot be read is said to be so."""
    _ = reader.translate
    if content is None:
        st.caption(_("too large to show") if is_there else "–")
        return
    try:
        st.image(content, width=110)
    except (OSError, ValueError):  # what decoders raise for bytes that are no picture
        st.caption(_("no picture that can be read"))


def _texts(reader: Reader, changed: list[Change]) -> None:
    if not changed:
        return
    _ = reader.translate
    st.subheader(_("Texts"), anchor=False)
    chosen = st.selectbox(_("File"), changed, format_func=lambda one: shown_path(one.path), key="diff-text")
    home, _database = open_home()
    lines = lines_between(home, chosen.before, chosen.after)
    if lines is None:
        st.caption(_("It is too large to be compared line by line, or no text."))
        return
    st.code("\n".join(lines[:LINES_SHOWN]), language="diff")
    if len(lines) > LINES_SHOWN:
        st.caption(_("{count} more lines").format(count=f"{len(lines) - LINES_SHOWN:,}"))
