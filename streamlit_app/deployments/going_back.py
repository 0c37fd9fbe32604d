"""Back to an earlier state, or to nothing at all: said first, confirmed by the endpoint's name."""

from collections.abc import Sequence

import streamlit as st

from resources.errors import TrainplatError
from resources.serving.deployments.model import DeploymentEvent, EndpointState
from resources.serving.deployments.service import DeploymentService
from resources.serving.deployments.words import kind_in_words
from resources.terms import Actor
from resources.texts import Translate
from streamlit_app.deployments import acts
from streamlit_app.deployments.rollouts import named
from streamlit_app.reader import Reader
from streamlit_app.readings.models import Endpoint

LAST = 0
"""Which is no number of an event: take back what was last done."""


def draw(reader: Reader, one: Endpoint, events: Sequence[DeploymentEvent]) -> None:
    """Both, folded until somebody wants them; nothing before the first promotion."""
    if not events:
        return
    _ = reader.translate
    with st.expander(_("Roll back"), icon=":material/undo:", key="expander-roll-back"):
        _roll_back(reader, one, events)
    if one.state.wanted is not None:
        with st.expander(_("Stop"), icon=":material/stop_circle:", key="expander-stop"):
            _stop(reader, one.name, events[-1].id)


def _roll_back(reader: Reader, one: Endpoint, events: Sequence[DeploymentEvent]) -> None:
    _, name, last_id = reader.translate, one.name, events[-1].id
    words = {LAST: _("what was last done is taken back")} | {
        event.number: _told(reader, event) for event in reversed(events)
    }
    to = st.selectbox(
        _("Back to"),
        list(words),
        format_func=lambda number: words.get(number, str(number)),
        key=f"back-to-{name}",
    )
    wanted = None if to == LAST else to
    try:
        says = _would_be(acts.service(), one.state, wanted, _)
    except TrainplatError as problem:
        st.info(acts.sentences(problem, _))
        return
    st.markdown(says)
    why = st.text_input(_("Why, for the history"), key=f"back-why-{name}-{last_id}", max_chars=300)
    sure = acts.typed(reader, name, f"back-sure-{name}-{last_id}")

    def roll_back(service: DeploymentService, actor: Actor) -> EndpointState:
        return service.rollback(name, actor, wanted, why.strip())

    st.button(
        _("Roll back"),
        type="primary",
        icon=":material/undo:",
        key="roll-back",
        disabled=not sure,
        on_click=acts.act,
        args=(roll_back,),
    )


def _told(reader: Reader, event: DeploymentEvent) -> str:
    _ = reader.translate
    live = "–" if event.after.live is None else named(event.endpoint, event.after.live)
    return _("after #{number}, {what}, {when}: {model} live").format(
        number=event.number, what=kind_in_words(event.kind, _), when=reader.stamp(event.at), model=live
    )


def _would_be(service: DeploymentService, state: EndpointState, to: int | None, _: Translate) -> str:
    target = service.way_back(state.endpoint, to)
    if target is None:
        return _("Nothing would be live as {endpoint}.").format(endpoint=state.endpoint)
    model = named(state.endpoint, target)
    if state.live == target and state.rollout is not None:
        said = _("The rollout of {new} would end at once; {model} stays live.")
        return said.format(new=named(state.endpoint, state.rollout.new), model=model)
    if state.wanted == target:
        return _("Nothing would change: {model} is live, or on its way.").format(model=model)
    return _("{model} would be live again, as soon as a copy of it is ready. No gate is asked.").format(
        model=model
    )


def _stop(reader: Reader, name: str, last_id: int) -> None:
    _ = reader.translate
    st.markdown(
        _("No request would be answered as {endpoint} any more. A rollback undoes it.").format(endpoint=name)
    )
    why = st.text_input(_("Why, for the history"), key=f"stop-why-{name}-{last_id}", max_chars=300)
    sure = acts.typed(reader, name, f"stop-sure-{name}-{last_id}")

    def stop(service: DeploymentService, actor: Actor) -> EndpointState:
        return service.stop(name, actor, why.strip())

    st.button(
        _("Stop"),
        icon=":material/stop_circle:",
        key="stop",
        disabled=not sure,
        on_click=acts.act,
        args=(stop,),
    )
