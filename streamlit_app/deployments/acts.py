"""What somebody does to a deployment, as the user whose process this is, and what came of it in words."""

from collections.abc import Callable

import streamlit as st

from resources.errors import TrainplatError
from resources.serving.deployments.model import EndpointState
from resources.serving.deployments.service import DeploymentService
from resources.serving.deployments.words import in_words
from resources.terms import Actor
from resources.texts import Translate, in_language
from resources.users import current_user
from streamlit_app.reader import Reader, current_reader
from streamlit_app.readings.source import open_home

_TOLD, _REFUSED = "deployment-told", "deployment-refused"


def service() -> DeploymentService:
    """The deployments of the home that is shown."""
    return DeploymentService(*open_home())


def act(change: Callable[[DeploymentService, Actor], EndpointState]) -> None:
    """Do it before the page is drawn again, so that it shows what came of it."""
    _ = current_reader().translate
    try:
        after = change(service(), Actor(f"user:{current_user()}"))
    except TrainplatError as problem:
        st.session_state[_REFUSED] = sentences(problem, _)
    else:
        st.session_state[_TOLD] = _("Done. {state}").format(state=in_words(after, _))
    st.cache_data.clear()


def told(reader: Reader) -> None:
    """What came of it, once."""
    del reader
    done, refused = st.session_state.pop(_TOLD, None), st.session_state.pop(_REFUSED, None)
    if done is not None:
        st.success(done, icon=":material/check:")
    if refused is not None:
        st.error(refused, icon=":material/error:")


def sentences(problem: TrainplatError, _: Translate) -> str:
    """What is wrong, and what to do."""
    following = _("Next: {step}").format(step=in_language(problem.next_step, _))
    return f"{in_language(problem.problem, _)}\n\n{following}"


def typed(reader: Reader, name: str, key: str) -> bool:
    """Ask for the name of the endpoint; whether it was typed."""
    _ = reader.translate
    words = _("Type {endpoint} to confirm").format(endpoint=name)
    return st.text_input(words, key=key, placeholder=name, width=320).strip() == name
