"""One pipeline: its file and versions, its parameters for a run, the devices it would get, and the start."""

from typing import Any

import streamlit as st

from resources.errors import TrainplatError
from resources.gpu.model import Owner
from resources.gpu.plan_tags import tags_of
from resources.gpu.terms import terms_of
from resources.pipelines.folder import Broken
from resources.pipelines.model import Pipeline
from resources.pipelines.parameters import run_fields, with_parameters
from resources.pipelines.preview import DEFAULT_PROJECT
from resources.pipelines.runs import PipelineRuns
from resources.pipelines.service import Listed
from resources.pipelines.specs.common import RunSpec
from resources.terms import Actor
from resources.texts import in_language
from resources.users import current_user
from streamlit_app import pieces
from streamlit_app.gpu import simulation
from streamlit_app.pipelines import forms
from streamlit_app.reader import Reader, current_reader
from streamlit_app.readings.pipelines import Pipelines, pipeline_service
from streamlit_app.readings.queue import known_projects
from streamlit_app.readings.source import open_home

PROJECT_FIELD = "project"
FORM, STARTED, REFUSED = "run", "run-started", "run-refused"


def draw(reader: Reader, told: Pipelines, one: Listed) -> None:
    """What its file says, and how it is run."""
    pipeline = one.pipeline
    if isinstance(pipeline, Broken):
        st.error(_broken(reader), icon=":material/error:")
        st.code(pipeline.problem.problem, language=None)
        st.caption(in_language(pipeline.problem.next_step, reader.translate))
        return
    _file(reader, one, pipeline)
    if isinstance(pipeline.spec, RunSpec):
        _run(reader, told, pipeline)
    else:
        _ = reader.translate
        st.caption(_("The loop starts its runs by itself; the pages Overview and Active learning show it."))


def _broken(reader: Reader) -> str:
    _ = reader.translate
    return _("The file of this pipeline cannot be read.")


def _file(reader: Reader, one: Listed, pipeline: Pipeline) -> None:
    _ = reader.translate
    with st.expander(_("File and versions"), key="expander-file-and-versions"):
        st.caption(str(pipeline.path))
        st.code(pipeline.text, language="yaml")
        if one.current is None:
            st.caption(
                _("Nobody has run the file as it is now: it becomes version {number} then.").format(
                    number=one.number
                )
            )
        heads = [_("Version"), _("Content"), _("Made"), _("By")]
        rows = [
            [
                str(version.number),
                pieces.code(version.content_hash),
                pieces.text(reader.stamp(version.made_at)),
                pieces.text(version.actor),
            ]
            for version in reversed(one.versions)
        ]
        if rows:
            st.html(pieces.table(heads, rows, numbers=frozenset({0})))


def _run(reader: Reader, told: Pipelines, pipeline: Pipeline) -> None:
    _ = reader.translate
    form = f"{FORM}-{pipeline.name}-{pipeline.content_hash}"
    usual = pipeline.spec.model_dump(mode="json")
    fields = [field for field in run_fields(pipeline) if field != PROJECT_FIELD]
    given = forms.typed(form, pipeline.template, fields, usual) if _was_drawn(form, pipeline) else {}
    given |= _project(reader, form, pipeline)
    problems = forms.problems_of(pipeline.template, _said(pipeline) | given) if given else {}
    if PROJECT_FIELD in problems:
        st.error(problems[PROJECT_FIELD])
    with st.expander(_("Parameters of this run"), expanded=bool(problems.keys() - {PROJECT_FIELD})):
        forms.draw(reader, form, pipeline.template, fields, usual, problems)
    if given:
        changed = ", ".join(f"{name} = {value}" for name, value in given.items())
        st.caption(_("Otherwise than the file: {changed}").format(changed=changed))
    row = st.container(horizontal=True)
    looks = row.button(
        _("Preview the devices"), icon=":material/science:", key="run-preview", disabled=bool(problems)
    )
    row.button(
        _("Run"),
        type="primary",
        icon=":material/play_arrow:",
        key="run-start",
        disabled=bool(problems) or told.dagster is None,
        on_click=_start,
        args=(told.dagster, pipeline, given),
    )
    if told.dagster is None:
        st.caption(_("Dagster is not running here, so nothing can be started. `trainplat up` starts it."))
    if looks:
        _preview(reader, pipeline, given)
    refused = st.session_state.pop(REFUSED, None)
    if refused is not None:
        st.error(refused, icon=":material/error:")
    started = st.session_state.pop(STARTED, None)
    if started is not None:
        st.success(_("Run {run} is started.").format(run=started[:8]), icon=":material/check:")


def _project(reader: Reader, form: str, pipeline: Pipeline) -> dict[str, Any]:
    """On whose quota the run is, where that is another one than the file says."""
    _ = reader.translate
    spec = pipeline.spec
    says = (spec.project if isinstance(spec, RunSpec) else None) or DEFAULT_PROJECT
    known = [says, *(one for one in known_projects(open_home()[1]) if one != says)]
    chosen = st.selectbox(
        _("Project"),
        known,
        key=f"{form}-{PROJECT_FIELD}",
        accept_new_options=True,
        help=_("On whose quota the run is. Type one that is not listed."),
        width=260,
    )
    return {} if chosen in (None, says) else {PROJECT_FIELD: chosen}


def _was_drawn(form: str, pipeline: Pipeline) -> bool:
    return any(
        forms.key_of(form, pipeline.template, field) in st.session_state for field in run_fields(pipeline)
    )


def _said(pipeline: Pipeline) -> dict[str, Any]:
    return pipeline.spec.model_dump(mode="json", exclude_unset=True)


def _preview(reader: Reader, pipeline: Pipeline, given: dict[str, Any]) -> None:
    try:
        spec = with_parameters(pipeline, given)
    except TrainplatError as problem:
        st.error(in_language(problem.problem, reader.translate))
        return
    if isinstance(spec, RunSpec):
        plan = spec.run_plan()
        owner = Owner(spec.project or DEFAULT_PROJECT, current_user())
        simulation.answer(reader, plan.gpu, owner, terms_of(tags_of(plan)))


def _start(address: str, pipeline: Pipeline, given: dict[str, Any]) -> None:
    """Before the page is drawn again, so that it shows the run."""
    _ = current_reader().translate
    try:
        pipeline_service(open_home()[1]).seen(pipeline, Actor(f"user:{current_user()}"))
        st.session_state[STARTED] = PipelineRuns(address).start(pipeline, given)
    except TrainplatError as problem:
        told = in_language(problem.problem, _)
        following = _("Next: {step}").format(step=in_language(problem.next_step, _))
        st.session_state[REFUSED] = f"{told}\n\n{following}"
    st.cache_data.clear()
