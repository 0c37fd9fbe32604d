"""Data: versions and branches, what changed between them, merges, spaces, and what all of it takes."""

from collections.abc import Callable

import streamlit as st

from resources.terms import DatasetName
from resources.texts import mark
from streamlit_app import frame
from streamlit_app.data import differences, lines, merging, spaces, storage
from streamlit_app.reader import Reader, current_reader
from streamlit_app.readings.history import History, read_datasets, read_history
from streamlit_app.readings.source import open_home

PARTS: dict[str, tuple[str, Callable[[Reader, History], None]]] = {
    "graph": (mark("Versions"), lines.draw),
    "diff": (mark("Differences"), differences.draw),
    "merge": (mark("Merge"), merging.draw),
    "spaces": (mark("Spaces and locks"), spaces.draw),
    "storage": (mark("Storage and tiers"), storage.draw),
}


def page() -> None:
    """Draw the page. It is read again when somebody acts on it: a choice is not lost below his hands."""
    reader = current_reader()
    _ = reader.translate
    st.title(_("Data"), anchor=False)
    with frame.guarded(reader):
        home, database = open_home()
        names = read_datasets(home, database)
        if not names:
            _show_none(reader)
            return
        with st.container(horizontal=True, vertical_alignment="bottom"):
            dataset = _chosen(reader, names)
            part = _part(reader)
        PARTS[part][1](reader, read_history(home, database, dataset))


def _show_none(reader: Reader) -> None:
    _ = reader.translate
    with st.container(border=True):
        st.subheader(_("No data set has a version yet"), anchor=False)
        st.markdown(_("This makes a folder the first version of a data set:"))
        st.code('trainplat data commit NAME FOLDER -m "what it is"', language="bash")


def _chosen(reader: Reader, names: tuple[DatasetName, ...]) -> DatasetName:
    """The data set, which the address keeps: loading the page again does not lose it."""
    _ = reader.translate
    asked = st.query_params.get("data", "")
    index = names.index(DatasetName(asked)) if asked in names else 0
    chosen = st.selectbox(_("Data set"), names, index=index, key="choose-data", width=240)
    if asked and asked != chosen:  # what the address says is about another one
        for other in ("before", "after", "branch"):
            st.query_params.pop(other, None)
    st.query_params["data"] = chosen
    return chosen


def _part(reader: Reader) -> str:
    _ = reader.translate
    asked = st.query_params.get("part", "")
    chosen = st.segmented_control(
        _("Part"),
        list(PARTS),
        default=asked if asked in PARTS else "graph",
        required=True,
        format_func=lambda part: _(PARTS[part][0]),
        key="choose-part",
        label_visibility="collapsed",
    )
    st.query_params["part"] = chosen or "graph"
    return chosen or "graph"


if __name__ == "__main__":
    page()
