"""Preemptions: which run made room for which, by which rule, and when it went on."""

from statistics import median

import streamlit as st

from resources.gpu.decision_log import PastStop
from resources.texts import Translate, mark
from streamlit_app import colours, frame, pieces, reasons, wording
from streamlit_app.gpu import charts
from streamlit_app.gpu.wording import whom_in_words
from streamlit_app.reader import Reader
from streamlit_app.readings.preemptions import Preemptions, read_preemptions, waited_s
from streamlit_app.readings.source import open_home

STOPS_TO_A_PAGE = 50
ON_THE_CHART = 100


def page() -> None:
    """Draw the page, and keep it fresh."""
    frame.live(_draw, "preemptions")


@frame.cached
def _read(_place: str) -> Preemptions:
    return read_preemptions(*open_home())


def _draw() -> None:
    frame.show(mark("Preemptions"), _read, _parts)


def _parts(reader: Reader, found: Preemptions) -> None:
    _ = reader.translate
    if not found.stops:
        _none_yet(_)
        return
    project = st.selectbox(
        _("Project"), found.projects, index=None, key="project", placeholder=_("all"), width=240
    )
    stops = found.of(project)
    _numbers(reader, found, stops)
    st.subheader(_("Timeline"), anchor=False)
    if len(stops) > ON_THE_CHART:
        st.caption(_("The newest {count}; the table has the rest.").format(count=ON_THE_CHART))
    chart = charts.preemptions(stops[:ON_THE_CHART], found.read_at, _)
    st.vega_lite_chart(chart, alt=_("When runs held devices, made room and went on"), key="timeline")
    st.caption(_("A diamond stands where a run was told to make room; pointed at, it says for whom and why."))
    st.subheader(_("Each of them"), anchor=False)
    _table(reader, found, stops)


def _none_yet(_: Translate) -> None:
    with st.container(border=True):
        st.subheader(_("No run has made room yet"), anchor=False)
        st.markdown(
            _(
                "Runs with the tag `trainplat/preemptible: true` make room when whoever is owed their "
                "devices asks for them, at a checkpoint, and go on later. Each time is listed here."
            )
        )
        st.code("trainplat gpu history", language="bash")


def _numbers(reader: Reader, found: Preemptions, stops: tuple[PastStop, ...]) -> None:
    _ = reader.translate
    waits = [
        waited for one in stops if one.resumed_at and (waited := waited_s(one, found.read_at)) is not None
    ]
    still = sum(one.resumed_at is None for one in stops)
    frame.show_numbers(
        {
            _("Made room"): f"{len(stops):,}",
            _("Runs"): f"{len({one.decision.run_id for one in stops}):,}",
            _("Median wait until it went on"): wording.duration(median(waits), _) if waits else "–",
            _("Not yet gone on"): f"{still:,}",
        }
    )


def _table(reader: Reader, found: Preemptions, stops: tuple[PastStop, ...]) -> None:
    _ = reader.translate
    shown = stops[frame.page_of(reader, len(stops), STOPS_TO_A_PAGE, "stops")]
    heads = [_("When"), _("Run"), _("Made room for"), _("Because"), _("Held for"), _("Went on")]
    rows = []
    for one in shown:
        made = one.decision
        ago = wording.ago(made.at, found.read_at, _)
        held = ((one.stopped_at or found.read_at) - one.held_since).total_seconds()
        rule = pieces.pill(made.why.rule, colours.IDLE, reasons.of_rule(made.why.rule, _) or "")
        rows.append(
            [
                pieces.moment(ago, reader.stamp(made.at)),
                frame.run(found.dagster, made.run_id, made.attempt)
                + pieces.small(f"{one.owner.project} · {one.owner.user}"),
                _for_whom(found, one, _),
                f"{rule} {pieces.text(made.why.translated(_))}",
                pieces.text(wording.duration(held, _)),
                _went_on(reader, found, one),
            ]
        )
    st.html(pieces.table(heads, rows, numbers=frozenset({4})))
    frame.download(_("Download as CSV"), found.as_csv, "preemptions.csv")


def _for_whom(found: Preemptions, one: PastStop, _: Translate) -> str:
    run = one.decision.for_run
    if run is None:
        return "–"
    if one.for_owner is None:
        return pieces.text(whom_in_words(run, _))
    return frame.run(found.dagster, run) + pieces.small(f"{one.for_owner.project} · {one.for_owner.user}")


def _went_on(reader: Reader, found: Preemptions, one: PastStop) -> str:
    _ = reader.translate
    if one.stopped_at is None:
        return pieces.text(_("is making room"))
    if one.resumed_at is None:
        return pieces.text(_("not yet"))
    waited = wording.duration(waited_s(one, found.read_at) or 0, _)
    return pieces.moment(_("after {duration}").format(duration=waited), reader.stamp(one.resumed_at))


if __name__ == "__main__":
    page()
