"""What runs in the model server: each version that is loaded, with its copies."""

import streamlit as st

from resources.errors import Unavailable
from resources.texts import Translate, in_language
from streamlit_app import colours, pieces, wording
from streamlit_app.data.wording import amount
from streamlit_app.reader import Reader
from streamlit_app.readings.model_server import Copy, Loaded, ModelServer


def draw(reader: Reader, server: ModelServer | Unavailable) -> None:
    """The table; what to do where no server answers, or nothing is loaded."""
    _ = reader.translate
    st.subheader(_("Model server"), anchor=False)
    if isinstance(server, Unavailable):
        with st.container(border=True):
            st.markdown(in_language(server.problem, _))
            st.caption(
                _("What is live stays written down, and the next server carries it out. {next_step}").format(
                    next_step=in_language(server.next_step, _)
                )
            )
        return
    if server.problem:
        st.warning(server.problem, icon=":material/sync_problem:")
    if not server.loaded:
        st.caption(
            _(
                "No model is loaded: the first request loads what it asks for. "
                "`trainplat model run NAME` asks."
            )
        )
        return
    heads = [_("Version"), _("State"), _("Copies"), _("Waiting"), _("Process"), _("Memory"), _("Ready after")]
    rows = [row for one in server.loaded for row in _rows(one, _)]
    st.html(pieces.table(heads, rows, numbers=frozenset({2, 3, 4, 5, 6})))


def _rows(one: Loaded, _: Translate) -> list[list[str]]:
    first = [
        pieces.code(one.reference),
        _state(one, _),
        f"{len(one.copies)}/{one.wanted}",
        f"{one.waiting:,}",
    ]
    if not one.copies:
        return [[*first, "–", "–", "–"]]
    return [
        [*(first if place == 0 else [""] * len(first)), *_copy(copy, _)]
        for place, copy in enumerate(one.copies)
    ]


def _copy(copy: Copy, _: Translate) -> list[str]:
    return [str(copy.pid), amount(copy.memory_bytes), wording.duration(copy.ready_after_s, _)]


def _state(one: Loaded, _: Translate) -> str:
    if one.is_ready:
        return pieces.pill(_("ready"), colours.DONE)
    if one.reason:
        return pieces.pill(_("not ready"), colours.TROUBLE) + pieces.kept(one.reason)
    if one.starting:
        return pieces.pill(_("loading"), colours.ACTIVE)
    return pieces.pill(_("unloaded"), colours.IDLE)
