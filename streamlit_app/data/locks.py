"""Which versions are locked: who uses them, who makes the next one, and until when."""

import streamlit as st

from resources.data.locks.model import MAIN_LINE, LockKind, VersionLock
from streamlit_app import colours, pieces, wording
from streamlit_app.reader import Reader
from streamlit_app.readings.history import History
from streamlit_app.readings.holdings import read_locks
from streamlit_app.readings.source import open_home


def draw(reader: Reader, history: History) -> None:
    """The locks of those who live."""
    _ = reader.translate
    st.subheader(_("Locks"), anchor=False)
    _home, database = open_home()
    found = read_locks(database, history.dataset)
    if not found:
        st.caption(_("No version is locked. A training locks its version by itself; this does so by hand:"))
        st.code(f"trainplat data lock {history.dataset} latest --write", language="bash")
        return
    heads = [_("Version"), _("Kind"), _("Held by"), _("For what"), _("Since"), _("Until")]
    st.html(pieces.table(heads, [_row(reader, history, one) for one in found]))


def _row(reader: Reader, history: History, one: VersionLock) -> list[str]:
    _ = reader.translate
    return [
        pieces.code(history.short(one.key)),
        _kind(reader, history, one),
        pieces.text(one.owner.removeprefix("user:")),
        pieces.text(one.purpose),
        pieces.moment(wording.ago(one.asked_at, history.read_at, _), reader.stamp(one.asked_at)),
        _until(reader, one),
    ]


def _kind(reader: Reader, history: History, one: VersionLock) -> str:
    _ = reader.translate
    if one.kind is LockKind.READ:
        return pieces.pill(_("uses it"), colours.ACTIVE)
    line = _("main line") if one.line == MAIN_LINE else history.branch_name(one.line)
    return pieces.pill(_("makes the next"), colours.PEOPLE) + pieces.small(line)


def _until(reader: Reader, one: VersionLock) -> str:
    _ = reader.translate
    until = reader.stamp(one.until)
    if one.holder is None:
        return pieces.text(until)
    ends = _("process {pid} on {host} ends").format(pid=one.holder.pid, host=one.holder.host)
    return pieces.text(ends) + pieces.small(_("at the latest {time}").format(time=until))
