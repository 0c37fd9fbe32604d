"""The spaces of users, locks, and what versions are kept for."""

import streamlit as st

from resources.data.spaces.model import Kind, Space, SpaceState
from resources.data.trees.diff import Kind as Change
from resources.texts import Translate, in_language, mark
from streamlit_app import colours, pieces, wording
from streamlit_app.data import locks
from streamlit_app.data.wording import keeper_in_words, kind_in_words
from streamlit_app.reader import Reader
from streamlit_app.readings.history import History
from streamlit_app.readings.holdings import read_changes_in, read_spaces
from streamlit_app.readings.source import open_home

_KINDS = {
    Kind.SNAPSHOT: mark("snapshot"),
    Kind.REFLINK: mark("shared blocks"),
    Kind.OVERLAY: mark("overlay"),
    Kind.HARDLINK: mark("hard links"),
    Kind.COPY: mark("copy"),
}


def draw(reader: Reader, history: History) -> None:
    """Who works on what, and what is kept."""
    _ = reader.translate
    home, database = open_home()
    spaces = read_spaces(home, database, history.dataset)
    st.subheader(_("Spaces"), anchor=False)
    if spaces:
        heads = [_("User"), _("Space"), _("Version"), _("Kind"), _("Since"), _("State")]
        rows = [_row(reader, history, one) for one in spaces]
        if st.toggle(
            _("Look what was changed in each"), key="changes-in-spaces", help=_("This looks at each file.")
        ):
            heads.append(_("Changed since"))
            with st.spinner(_("Looking …")):
                rows = [[*row, _changed(one, _)] for row, one in zip(rows, spaces, strict=True)]
        st.html(pieces.table(heads, rows))
    else:
        st.caption(_("Nobody has a space of it. This makes one, private and at no cost of space:"))
        st.code(f"trainplat data space create NAME {history.dataset} latest", language="bash")
    locks.draw(reader, history)
    st.subheader(_("Versions that are kept"), anchor=False)
    _kept(reader, history)


def _row(reader: Reader, history: History, one: Space) -> list[str]:
    _ = reader.translate
    return [
        pieces.text(one.user),
        pieces.code(one.name) + pieces.small(str(one.path)),
        pieces.code(history.short(one.base)),
        pieces.text(_(_KINDS[one.kind])) + pieces.small(in_language(one.reason, _)),
        pieces.moment(wording.ago(one.created_at, history.read_at, _), reader.stamp(one.created_at)),
        _state(one, _),
    ]


def _changed(one: Space, _: Translate) -> str:
    found = read_changes_in(*open_home(), one)
    if found is None:
        return "–"
    if not found.count:
        return pieces.text(_("nothing"))
    counts = {Change.ADDED: found.added, Change.CHANGED: found.changed, Change.REMOVED: found.removed}
    said = [f"{count:,} {kind_in_words(kind, _)}" for kind, count in counts.items() if count]
    return pieces.text(_(", ").join(said))


def _state(one: Space, _: Translate) -> str:
    if one.state is SpaceState.MAKING:
        return pieces.pill(_("being made"), colours.ACTIVE)
    if one.state is SpaceState.REMOVING:
        return pieces.pill(_("being removed"), colours.IDLE)
    if not one.is_open:
        return pieces.pill(_("not open"), colours.IDLE, _("`trainplat data space open` opens it again."))
    return pieces.pill(_("open"), colours.DONE)


def _kept(reader: Reader, history: History) -> None:
    _ = reader.translate
    if not history.kept:
        st.caption(_("No model, no run and no pin keeps a version. This pins one:"))
        st.code(f"trainplat data pin {history.dataset} VERSION --name NAME", language="bash")
        return
    heads = [_("Version"), _("Kept for"), _("Name"), _("Until"), _("By")]
    rows = [
        [
            pieces.code(history.short(one.key)),
            pieces.text(keeper_in_words(one.kind, _)),
            pieces.text(one.name),
            pieces.text(_("for good") if one.until is None else reader.stamp(one.until)),
            pieces.text(one.said_by.removeprefix("user:")),
        ]
        for version in history.versions
        for one in history.kept.get(version.key, ())
    ]
    st.html(pieces.table(heads, rows))
