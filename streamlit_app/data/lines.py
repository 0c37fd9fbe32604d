"""All versions in one table, with their graph at its left."""

from collections.abc import Sequence
from urllib.parse import urlencode

import streamlit as st

from resources.data.versions.model import State, Version
from resources.terms import VersionKey
from streamlit_app import colours, frame, pieces, wording
from streamlit_app.data import graph
from streamlit_app.data.wording import amount, count_of_files, keeper_in_words, state_in_words
from streamlit_app.reader import Reader
from streamlit_app.readings.history import History

VERSIONS_TO_A_PAGE = 50


def draw(reader: Reader, history: History) -> None:
    """Figures, and the table."""
    _ = reader.translate
    newest = next((one for one in reversed(history.versions) if one.branch is None), history.versions[-1])
    frame.show_numbers(
        {
            _("Newest version"): history.short(newest.key),
            _("Files"): f"{newest.files:,}",
            _("Size"): amount(newest.size_bytes),
            _("Open branches"): f"{len(history.open_branches):,}",
        }
    )
    versions = history.versions[::-1]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if history.branches and st.toggle(_("Main line only"), key="main-line-only"):
            versions = tuple(one for one in versions if one.branch is None)
        shown = frame.page_of(reader, len(versions), VERSIONS_TO_A_PAGE, "versions")
    _table(reader, history, versions, shown)
    st.caption(
        _(
            "The main line is at the left; a branch has its user's colour, and a dotted line is a merge. "
            "An orange ring: something keeps the version. Hollow: it is retired or erased."
        )
    )


def _table(reader: Reader, history: History, versions: Sequence[Version], shown: slice) -> None:
    _ = reader.translate
    rows = graph.rows(history, versions, shown)
    lanes = 1 + max(
        (lane for row in rows for lane in (row.lane, *(one.lane for one in row.strokes))), default=0
    )
    heads = [
        "",
        _("Version"),
        _("Message"),
        _("Author"),
        _("When"),
        _("Made from"),
        _("Files"),
        _("Size"),
        "",
    ]
    cells = [
        [graph.cell(history, row, lanes, dark=reader.dark), *_cells(reader, history, row.version)]
        for row in rows
    ]
    st.html(pieces.table(heads, cells, numbers=frozenset({6, 7})))


def _cells(reader: Reader, history: History, one: Version) -> list[str]:
    ago = wording.ago(one.committed_at, history.read_at, reader.translate)
    return [
        f'<span title="{pieces.text(one.key)}">{pieces.code(history.short(one.key))}</span>',
        f'<div class="tp-sentence">{pieces.text(history.message(one))}</div>',
        pieces.text(one.author.removeprefix("user:")),
        pieces.moment(ago, reader.stamp(one.committed_at)),
        " ".join(_parent(reader, history, parent, one) for parent in one.parents),
        f'<span title="{pieces.text(count_of_files(one.files, reader))}">{one.files:,}</span>',
        amount(one.size_bytes),
        _marks(reader, history, one),
    ]


def _parent(reader: Reader, history: History, parent: VersionKey, child: Version) -> str:
    """The version that another was made from; a link to what is different."""
    _ = reader.translate
    asked = {"data": history.dataset, "part": "diff", "before": parent, "after": child.key}
    title = _("What changed since {version}").format(version=history.short(parent))
    return (
        f'<a href="?{pieces.text(urlencode(asked))}" target="_self" title="{pieces.text(title)}">'
        f"{pieces.code(history.short(parent))}</a>"
    )


def _marks(reader: Reader, history: History, one: Version) -> str:
    _ = reader.translate
    marks = [pieces.pill(tag, colours.ACTIVE, _("tag")) for tag in history.tags.get(one.key, ())]
    if history.is_open_head(one):
        marks.append(pieces.pill(_("to be merged"), colours.CHALLENGER, one.branch or ""))
    for kept in history.kept.get(one.key, ()):
        what = f"{keeper_in_words(kept.kind, _)} {kept.name}"
        marks.append(pieces.pill(what, colours.PEOPLE, _("kept for {names}").format(names=kept.name)))
    if one.state is not State.SEALED:
        marks.append(pieces.pill(state_in_words(one.state, _), colours.IDLE))
    return " ".join(marks)
