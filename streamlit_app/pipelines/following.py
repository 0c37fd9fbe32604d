"""The runs of one pipeline: their steps, and what one of them tells."""

from datetime import datetime

import streamlit as st

from resources.clock import utc_now
from resources.pipelines.runs import STATE_WORDS, PipelineRun, RunState, Step
from streamlit_app import colours, frame, pieces, wording
from streamlit_app.reader import Reader
from streamlit_app.readings.pipelines import LINES, Runs, read_runs
from streamlit_app.readings.source import open_home

TONES = {
    RunState.WAITING: colours.IDLE,
    RunState.RUNNING: colours.ACTIVE,
    RunState.DONE: colours.DONE,
    RunState.FAILED: colours.TROUBLE,
    RunState.CANCELED: colours.IDLE,
}
_QUIET = "DEBUG"


def draw(reader: Reader, name: str) -> None:
    """The newest runs, and the log of the one that is chosen."""
    _ = reader.translate
    told = _read(frame.place(), name, st.session_state.get(f"follow-{name}"))
    if told is None:
        return
    st.subheader(_("Runs"), anchor=False)
    if not told.runs:
        st.caption(_("It has not run yet."))
        return
    heads = [_("Run"), _("State"), _("Steps"), _("Began"), _("Took"), _("Parameters")]
    st.html(pieces.table(heads, [_row(reader, told, one) for one in told.runs]))
    ids = [one.run_id for one in told.runs]
    st.selectbox(_("Log of run"), ids, key=f"follow-{name}", format_func=lambda run: run[:8], width=240)
    all_lines = st.toggle(_("All lines"), key=f"all-{name}")
    lines = [one for one in told.log if all_lines or one.level != _QUIET]
    text = "\n".join(
        f"{reader.clock(one.at)} {one.level:<7} {'' if one.step is None else one.step + ': '}{one.text}"
        for one in lines
    )
    st.code(text or _("Nothing is told yet."), language=None, height=320)
    if len(told.log) == LINES:
        st.caption(_("The newest {count} lines.").format(count=LINES))


@frame.cached
def _read(_place: str, name: str, run_id: str | None) -> Runs | None:
    return read_runs(open_home()[0], name, run_id)


def _row(reader: Reader, told: Runs, one: PipelineRun) -> list[str]:
    _ = reader.translate
    short = pieces.link(one.run_id[:8], f"{told.dagster.rstrip('/')}/runs/{one.run_id}")
    changed = ", ".join(f"{name} = {value}" for name, value in one.parameters.items())
    return [
        short,
        state_pill(reader, one) + (pieces.kept(one.reason) if one.reason else ""),
        "".join(_step(reader, step) for step in one.steps),
        pieces.moment(wording.ago(one.created_at, utc_now(), _), reader.stamp(one.created_at)),
        _took(reader, one.created_at, one.ended_at),
        pieces.text(changed or "–"),
    ]


def state_pill(reader: Reader, one: PipelineRun) -> str:
    """The state of a run in a word."""
    _ = reader.translate
    return pieces.pill(_(STATE_WORDS[one.state]), TONES[one.state])


def _step(reader: Reader, step: Step) -> str:
    _ = reader.translate
    word = _(STATE_WORDS[step.state])
    return f"<div>{pieces.pill(word, TONES[step.state])} {pieces.code(step.key.rpartition('__')[2])}</div>"


def _took(reader: Reader, began: datetime, ended: datetime | None) -> str:
    seconds = ((ended or utc_now()) - began).total_seconds()
    return pieces.text(wording.duration(seconds, reader.translate))
