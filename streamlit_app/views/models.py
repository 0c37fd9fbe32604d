"""Models: which version is live and why, what is on its way, and everything that somebody may do about it."""

from collections.abc import Sequence

import streamlit as st

from resources.serving.deployments.model import DeploymentEvent
from resources.serving.listing import ListedModel
from streamlit_app import frame, pieces
from streamlit_app.deployments import (
    acts,
    cards,
    going_back,
    history,
    promoting,
    replicas,
    rollouts,
    scaling,
    versions,
)
from streamlit_app.reader import Reader, current_reader
from streamlit_app.readings.models import (
    Endpoint,
    Live,
    Versions,
    against,
    read_history,
    read_live,
    read_others,
    read_versions,
)
from streamlit_app.readings.source import open_home

WATCH_S = 2  # a step of a rollout may last seconds; a string below a value would be shown on the page
OTHERS_S = 30  # so long it is remembered which models others registered: MLflow has to be asked
CHOSEN = "endpoint"
_SEEN = "deployments-seen"


def page() -> None:
    """Draw the page; what is live keeps itself fresh, and all below follows when something happened."""
    reader = current_reader()
    with frame.quiet(reader):
        st.session_state[_SEEN] = _read(frame.place()).newest_id
    frame.live(_draw, "models", WATCH_S)
    with frame.quiet(reader):
        told = _read(frame.place())
        one = _choose(reader, told)
        found, usual = _versions(frame.place(), one.name, told.newest_id), promoting.usual_plan(one)
        versions.draw(reader, one.name, found, _against)
        if found.listed or found.others:
            promoting.draw(reader, one, found, usual)
        acts.told(reader)  # between the buttons that did it
        going_back.draw(reader, one, _of(one))
        scaling.draw(reader, one, usual)
        history.draw(reader, one.name, _of(one), told.read_at)


def _draw() -> None:
    reader = current_reader()
    _ = reader.translate
    note = frame.head(reader, _("Models"), WATCH_S)
    with frame.guarded(reader):
        told = _read(frame.place())
        frame.refreshed(note, reader, told.read_at, WATCH_S)
        st.html(_whole(reader, told))
        replicas.draw(reader, told.server)
        if st.session_state.get(_SEEN, told.newest_id) != told.newest_id:
            st.rerun()


def _whole(reader: Reader, told: Live) -> str:
    """All endpoints and rollouts, as one piece: what is below stays in its place when a rollout ends."""
    now, _ = told.read_at, reader.translate
    blocks = [
        rollouts.block(one.state.rollout, one.routed, told.server, now, _)
        for one in told.endpoints
        if one.state.rollout is not None
    ]
    return "<br>".join([pieces.cards([cards.card(reader, one, now) for one in told.endpoints]), *blocks])


@st.cache_data(ttl=1, max_entries=16, show_spinner=False)
def _read(place: str) -> Live:
    home, database = open_home()
    return read_live(
        home, database, lambda endpoint, last_id: _history(place, endpoint, last_id), others=_others(place)
    )


@st.cache_data(ttl=OTHERS_S, max_entries=16, show_spinner=False)
def _others(place: str) -> list[str]:
    del place
    return read_others(*open_home())


@st.cache_resource(max_entries=64, show_spinner=False)
def _history(place: str, endpoint: str, last_id: int) -> Sequence[DeploymentEvent]:
    """Nothing up to the last event ever changes, so that one reading serves for good."""
    del place
    return [one for one in read_history(*open_home(), endpoint) if one.id <= last_id]


@frame.cached
def _versions(place: str, name: str, last_id: int) -> Versions:
    del place, last_id
    return read_versions(*open_home(), name)


def _against(one: ListedModel) -> list[str]:
    return against(*open_home(), one)


def _choose(reader: Reader, told: Live) -> Endpoint:
    """The endpoint that the rest of the page is about; asks only where there are several."""
    _ = reader.translate
    names = [one.name for one in told.endpoints]
    if len(names) == 1:
        return told.endpoints[0]
    chosen = st.selectbox(_("Endpoint"), names, key=CHOSEN, bind="query-params", width=240)
    return told.endpoints[names.index(chosen)]


def _of(one: Endpoint) -> Sequence[DeploymentEvent]:
    return () if one.newest is None else _history(frame.place(), one.name, one.newest.id)


if __name__ == "__main__":
    page()
