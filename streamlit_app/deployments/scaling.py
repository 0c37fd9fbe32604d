"""How many copies answer and why, and what another text would do: nothing is changed by it."""

from collections.abc import Iterable
from datetime import datetime

import streamlit as st

from resources.deploy_plan import DeployPlan
from resources.errors import BadInput
from resources.serving.scaling.foreseeing import Foresight, foresee
from resources.serving.scaling.model import ScalingDecision
from streamlit_app import pieces
from streamlit_app.deployments import acts
from streamlit_app.reader import Reader
from streamlit_app.readings.models import Endpoint
from streamlit_app.readings.source import open_home

MOST_STEPS = 20
EXAMPLE = "cpu:60%,9~21:2-6"


def draw(reader: Reader, one: Endpoint, usual: DeployPlan) -> None:
    """Folded until somebody wants it."""
    _ = reader.translate
    with st.expander(_("Scaling"), icon=":material/stacked_line_chart:", key="expander-scaling"):
        plan = one.state.plan if one.state.live is not None else usual
        tried = st.text_input(
            _("Try it by another text"),
            key=f"scaling-{one.name}",
            placeholder=plan.autoscale or EXAMPLE,
            help=_(
                "As autoscale under deploy: declares it. It is played over a day, and nothing is changed."
            ),
        ).strip()
        try:
            found = foresee(*open_home(), one.state, plan, tried or None)
        except BadInput as problem:
            st.error(acts.sentences(problem, _))
            return
        _facts(found, reader, is_tried=bool(tried))
        _table(reader, _("What was done"), ((step.at, step.decision) for step in found.steps[:MOST_STEPS]))
        if not found.steps:
            st.caption(_("Nothing yet: a model server that runs writes each change here, with its reason."))
        day = found.next_day
        _table(
            reader,
            _("The next day, if it is like those before"),
            ((change.at, change.decision) for change in day.changes[:MOST_STEPS]),
        )
        total = _("{hours} replica-hours, at most {highest} replicas at once.")
        st.caption(total.format(hours=f"{day.replica_h:.1f}", highest=day.highest))


def _facts(found: Foresight, reader: Reader, *, is_tried: bool) -> None:
    _, spec = reader.translate, found.spec
    text = f"`{found.declared}`" if found.declared else _("no text")
    words = (
        _("Tried: {text}; {least} to {most} replicas.")
        if is_tried
        else _("Declared: {text}; {least} to {most} replicas.")
    )
    st.markdown(words.format(text=text, least=spec.least, most=spec.most))


def _table(reader: Reader, title: str, changes: Iterable[tuple[datetime, ScalingDecision]]) -> None:
    _ = reader.translate
    rows = [
        [
            pieces.text(reader.stamp(at)),
            pieces.text(_change(reader, decision)),
            pieces.code(decision.by),
            pieces.text(decision.reason.translated(_)),
        ]
        for at, decision in changes
    ]
    st.markdown(f"**{title}**")
    if rows:
        st.html(pieces.table([_("When"), _("Replicas"), _("Rule"), _("Why")], rows))


def _change(reader: Reader, decision: ScalingDecision) -> str:
    number = f"{decision.current} → {decision.wanted}"
    if decision.dry_run:
        _ = reader.translate
        return _("{change} (dry run)").format(change=number)
    return number
