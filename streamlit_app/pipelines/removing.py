"""A pipeline that goes: asked for twice, and refused where it is used."""

import streamlit as st

from resources.errors import TrainplatError
from resources.pipelines.removing import refuse_running
from resources.pipelines.runs import PipelineRuns
from resources.terms import Actor
from resources.texts import in_language
from resources.users import current_user
from streamlit_app.reader import Reader, current_reader
from streamlit_app.readings.pipelines import pipeline_service
from streamlit_app.readings.source import open_home

SURE, TOLD, REFUSED, STALE = "remove-sure", "removed", "remove-refused", "remove-stale"


def draw(reader: Reader, name: str, chosen_key: str) -> None:
    """The button, which works once somebody said that it is meant."""
    _ = reader.translate
    with st.expander(_("Remove"), key="expander-remove"):
        st.caption(
            _(
                "Its file is removed. What it made stays: models, data sets, runs, and its text as a "
                "version. One that another pipeline names, or that runs, is refused."
            )
        )
        is_sure = st.checkbox(_("Yes, remove {name}").format(name=name), key=f"{SURE}-{name}")
        st.button(
            _("Remove the pipeline"),
            icon=":material/delete:",
            key="remove",
            disabled=not is_sure,
            on_click=_remove,
            args=(name, chosen_key),
        )
    refused = st.session_state.pop(REFUSED, None)
    if refused is not None:
        st.error(refused, icon=":material/block:")


def told(reader: Reader) -> None:
    """What was removed, once."""
    _, name = reader.translate, st.session_state.pop(TOLD, None)
    if name is not None:
        st.success(_("{name} is removed.").format(name=name), icon=":material/check:")
    stale = st.session_state.pop(STALE, None)
    if stale is not None:
        st.warning(stale, icon=":material/sync_problem:")


def _remove(name: str, chosen_key: str) -> None:
    """Before the page is drawn again, so that it shows what came of it."""
    _ = current_reader().translate
    home, database = open_home()
    dagster = home.addresses().dagster
    runs = None if dagster is None else PipelineRuns(dagster)
    try:
        refuse_running(runs, name)
        pipeline_service(database).remove(name, Actor(f"user:{current_user()}"))
        st.session_state[TOLD] = name
        st.session_state.pop(chosen_key, None)
        st.cache_data.clear()
    except TrainplatError as problem:
        st.session_state[REFUSED] = _sentences(problem)
        return
    try:
        if runs is not None:
            runs.reload()
    except TrainplatError as problem:  # the file is gone all the same
        said = _("Dagster shows it until its code location is loaded anew, which failed. {why}")
        st.session_state[STALE] = said.format(why=_sentences(problem))


def _sentences(problem: TrainplatError) -> str:
    _ = current_reader().translate
    first, second = in_language(problem.problem, _), in_language(problem.next_step, _)
    return _("{first}. {second}").format(first=first, second=second)
