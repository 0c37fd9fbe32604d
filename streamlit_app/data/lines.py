"""The graph of versions, and the same as a table."""

import streamlit as st

from resources.data.versions.model import State, Version
from streamlit_app import colours, frame, pieces, wording
from streamlit_app.data import graph
from streamlit_app.data.wording import amount, count_of_files, keeper_in_words, state_in_words
from streamlit_app.reader import Reader
from streamlit_app.readings.history import History

VERSIONS_TO_A_PAGE = 50


def draw(reader: Reader, history: History) -> None:
    """Figures, picture and table."""
    _ = reader.translate
    newest = next((one for one in reversed(history.versions) if one.branch is None), history.versions[-1])
    frame.show_numbers(
        {
            _("Newest version"): newest.key,
            _("Files"): f"{newest.files:,}",
            _("Size"): amount(newest.size_bytes),
            _("Versions"): f"{len(history.versions):,}",
            _("Open branches"): f"{len(history.open_branches):,}",
        }
    )
    if len(history.versions) > graph.SHOWN:
        shown = _("The picture shows the newest {count} versions; the table has all.")
        st.caption(shown.format(count=graph.SHOWN))
    st.plotly_chart(
        graph.figure(history, reader),
        key="graph",
        config={"displayModeBar": False},
        alt=_("The versions of {dataset} and from which others each was made").format(
            dataset=history.dataset
        ),
    )
    st.caption(
        _(
            "The main line runs straight; a branch has the colour of its user, and a dotted line is a merge. "
            "A wide ring: something keeps the version. Hollow: it is retired or erased."
        )
    )
    _table(reader, history)


def _table(reader: Reader, history: History) -> None:
    _ = reader.translate
    newest_first = history.versions[::-1]
    shown = newest_first[frame.page_of(reader, len(newest_first), VERSIONS_TO_A_PAGE, "versions")]
    heads = [_("Version"), _("Message"), _("Author"), _("When"), _("Made from"), _("Files"), _("Size"), ""]
    rows = [
        [
            f'<span title="{pieces.text(one.key)}">{pieces.code(history.short(one.key))}</span>',
            f'<div class="tp-sentence">{pieces.text(one.message)}</div>',
            pieces.text(one.author.removeprefix("user:")),
            pieces.moment(wording.ago(one.committed_at, history.read_at, _), reader.stamp(one.committed_at)),
            " ".join(pieces.code(history.short(parent)) for parent in one.parents),
            f'<span title="{pieces.text(count_of_files(one.files, reader))}">{one.files:,}</span>',
            amount(one.size_bytes),
            _marks(reader, history, one),
        ]
        for one in shown
    ]
    st.html(pieces.table(heads, rows, numbers=frozenset({5, 6})))


def _marks(reader: Reader, history: History, one: Version) -> str:
    _ = reader.translate
    marks = [pieces.pill(tag, colours.ACTIVE, _("tag")) for tag in history.tags.get(one.key, ())]
    for kept in history.kept.get(one.key, ()):
        what = f"{keeper_in_words(kept.kind, _)} {kept.name}"
        marks.append(pieces.pill(what, colours.PEOPLE, _("kept for {names}").format(names=kept.name)))
    if one.state is not State.SEALED:
        marks.append(pieces.pill(state_in_words(one.state, _), colours.IDLE))
    return " ".join(marks)
