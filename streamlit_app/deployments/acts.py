"""What somebody does to a deployment, as the user whose process this is, and what came of it in words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from resources.clock import utc_now
from resources.errors import TrainplatError
from resources.serving.deployments.model import EndpointState
from resources.serving.deployments.service import DeploymentService
from resources.serving.deployments.words import in_words
from resources.terms import Actor
from resources.texts import Translate, in_language
from resources.users import current_user
from streamlit_app.reader import Reader, current_reader
from streamlit_app.readings.source import open_home

_TOLD = "deployment-told"


@dataclass(frozen=True)
class Told:
    """What came of the last act of this session."""

    words: str
    at: datetime
    is_done: bool


def service() -> DeploymentService:
    """The deployments of the home that is shown."""
    return DeploymentService(*open_home())


def act(change: Callable[[DeploymentService, Actor], EndpointState]) -> None:
    """Do it before the page is drawn again, so that it shows what came of it."""
    _ = current_reader().translate
    try:
        after = change(service(), Actor(f"user:{current_user()}"))
    except TrainplatError as problem:
        st.session_state[_TOLD] = Told(sentences(problem, _), utc_now(), is_done=False)
    else:
        done = _("Done. {state}").format(state=in_words(after, _))
        st.session_state[_TOLD] = Told(done, utc_now(), is_done=True)
    st.cache_data.clear()


def told(reader: Reader) -> None:
    """What came of the last one, until it is dismissed or the next one is done: the page refreshes itself."""
    _ = reader.translate
    said: Told | None = st.session_state.get(_TOLD)
    if said is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="told"):
        if said.is_done:
            st.success(f"{said.words}\n\n:small[{reader.clock(said.at)}]", icon=":material/check:")
        else:
            st.error(said.words, icon=":material/error:")
        st.button(_("Dismiss"), icon=":material/close:", key="dismiss-told", on_click=_dismiss)


def _dismiss() -> None:
    st.session_state.pop(_TOLD, None)


def sentences(problem: TrainplatError, _: Translate) -> str:
    """What is wrong, and what to do."""
    following = _("Next: {step}").format(step=in_language(problem.next_step, _))
    return f"{in_language(problem.problem, _)}\n\n{following}"


def typed(reader: Reader, name: str, key: str) -> bool:
    """Ask for the name of the endpoint; whether it was typed."""
    _ = reader.translate
    words = _("Type {endpoint} to confirm").format(endpoint=name)
    return st.text_input(words, key=key, placeholder=name, width=320).strip() == name
