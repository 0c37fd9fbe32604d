"""Pipelines: all of them, one of them run and followed, and a new one from a template."""

from datetime import datetime

import streamlit as st

from resources.pipelines.folder import Broken
from resources.pipelines.service import Listed
from resources.texts import mark
from streamlit_app import colours, frame, pieces, wording
from streamlit_app.pipelines import following, making, removing, running
from streamlit_app.reader import Reader, current_reader
from streamlit_app.readings.pipelines import Pipelines, read_pipelines
from streamlit_app.readings.source import open_home

CHOSEN = "pipeline"


def page() -> None:
    """Draw the page; the list and the runs keep themselves fresh, the forms are left alone."""
    frame.live(_draw, "pipelines")
    reader = current_reader()
    with frame.quiet(reader):
        removing.told(reader)
        told = _read(frame.place())
        if told.listed:
            _one(reader, told)
        _ = reader.translate
        st.subheader(_("New pipeline"), anchor=False)
        making.draw(reader)


@frame.cached
def _read(_place: str) -> Pipelines:
    return read_pipelines(*open_home())


def _draw() -> None:
    frame.show(mark("Pipelines"), _read, _list)


def _list(reader: Reader, told: Pipelines) -> None:
    _ = reader.translate
    if told.silent is not None:
        st.warning(told.silent, icon=":material/cloud_off:")
    if not told.listed:
        st.caption(_("There is no pipeline yet. Make one from a template below, or by a command:"))
        st.code("trainplat pipeline new pretrain stories --set task=text", language="bash")
        return
    heads = [_("Name"), _("Template"), _("Version"), _("State"), _("Owner"), _("Made"), _("Last run")]
    rows = [_row(reader, told, one) for one in told.listed]
    st.html(pieces.table(heads, rows, numbers=frozenset({2})))


def _row(reader: Reader, told: Pipelines, one: Listed) -> list[str]:
    _ = reader.translate
    pipeline, run = one.pipeline, told.newest.get(one.pipeline.name)
    if isinstance(pipeline, Broken):
        first = pipeline.problem.problem.splitlines()[0]
        pill = pieces.pill(_("broken"), colours.TROUBLE, first)
        return [pieces.text(pipeline.name), "–", "–", pill, "–", "–", "–"]
    if run is not None:
        state = following.state_pill(reader, run)
    else:
        state = pieces.pill(_("not run yet") if told.dagster else _("not known"), colours.IDLE)
    return [
        pieces.text(pipeline.name) + (pieces.small(pipeline.spec.title) if pipeline.spec.title else ""),
        pieces.text(pipeline.template.name),
        pieces.moment(str(one.number), pipeline.content_hash),
        state,
        pieces.text(pipeline.spec.owner),
        "–" if not one.versions else _ago(reader, told, one.versions[0].made_at),
        "–" if run is None else _ago(reader, told, run.created_at),
    ]


def _ago(reader: Reader, told: Pipelines, moment: datetime) -> str:
    return pieces.moment(wording.ago(moment, told.read_at, reader.translate), reader.stamp(moment))


def _one(reader: Reader, told: Pipelines) -> None:
    _ = reader.translate
    names = [one.pipeline.name for one in told.listed]
    st.subheader(_("Run a pipeline"), anchor=False)
    chosen = st.selectbox(_("Pipeline"), names, key=CHOSEN, bind="query-params", width=320)
    one = next(found for found in told.listed if found.pipeline.name == chosen)
    running.draw(reader, told, one)
    if not isinstance(one.pipeline, Broken):
        frame.live(_follow, "pipeline-runs")
    removing.draw(reader, chosen, CHOSEN)


def _follow() -> None:
    reader = current_reader()
    with frame.guarded(reader):
        following.draw(reader, str(st.session_state.get(CHOSEN)))


if __name__ == "__main__":
    page()
