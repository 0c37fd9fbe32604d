"""The models that were chosen: their metric, a row for each, and how far each is from the baseline."""

from collections.abc import Mapping

import streamlit as st

from resources.registry.comparing.choosing import METHOD
from resources.registry.comparing.exporting import as_csv, as_markdown, interval, written
from resources.registry.comparing.metrics import Metric
from resources.registry.comparing.verdict import verdict_of
from resources.registry.evaluations.bootstrap import Difference
from resources.registry.evaluations.model import Measurement
from streamlit_app import colours, frame, pieces, wording
from streamlit_app.models import charts, slim, verdicts
from streamlit_app.models.compared import Compared

COLUMNS = (
    Metric.VALUE,
    Metric.CALIBRATION,
    Metric.FORGETTING,
    Metric.LATENCY,
    Metric.SIZE,
)


def draw(compared: Compared) -> None:
    """The part of the page."""
    _ = compared.translate
    metric, baseline = compared.choice.metric, compared.baseline
    first = st.container()
    name = _("{metric} by model").format(metric=metric.heading(baseline.measure, _))
    st.subheader(name, anchor=False)
    st.vega_lite_chart(
        charts.points(compared.fitting, metric),
        charts.over_versions(compared.versions, metric, baseline, _),
        alt=name,
        key="over-versions",
    )
    shown = compared.shown()
    differences = compared.differences(shown)
    with first:
        _first_answer(compared, shown, differences)
    st.html(table(compared, shown, differences))
    others = [one for one in shown if one.test_set != baseline.test_set]
    if others:
        st.caption(
            _(
                "≠ was measured on another test set than the baseline: it is compared on the samples "
                "that both have."
            )
        )
    st.caption(
        _(
            "Difference: of the mean score of a test sample, in points, with its 95 % interval by a paired "
            "bootstrap; bold where it is clear that chance did not make it."
        )
    )
    _exports(compared)


def _first_answer(
    compared: Compared, shown: tuple[Measurement, ...], differences: Mapping[int, Difference]
) -> None:
    """Whether the first of them is better than the baseline, and where it is worse."""
    _, old = compared.translate, compared.baseline
    new = next((one for one in shown if one.number != old.number), None)
    if new is None:
        return
    heading = _("Model {new} beside model {old}")
    st.subheader(heading.format(new=compared.name(new), old=compared.name(old)), anchor=False)
    said = verdicts.lines(verdict_of(old, new, differences.get(new.number)), _)
    st.markdown("\n".join(f"- {line}" for line in said))


def table(compared: Compared, shown: tuple[Measurement, ...], differences: Mapping[int, Difference]) -> str:
    """A row for each model."""
    _ = compared.translate
    measure = compared.baseline.measure
    columns = [
        metric
        for metric in COLUMNS
        if any(metric.of(one) is not None for one in shown) or metric is Metric.VALUE
    ]
    if compared.choice.metric not in columns:
        columns.append(compared.choice.metric)
    heads = [
        _("Model version"),
        _("Data"),
        _("Method"),
        *(metric.heading(measure, _) for metric in columns[:1]),
        _("Difference"),
        *(metric.heading(measure, _) for metric in columns[1:]),
        _("Measured"),
        *([_("Cost")] if any(one.cost for one in shown) else []),
    ]
    rows = [_row(compared, one, columns, differences.get(one.number))[: len(heads)] for one in shown]
    return slim.table(heads, rows, last_number=4 + len(columns))


def _row(
    compared: Compared, one: Measurement, columns: list[Metric], difference: Difference | None
) -> list[str]:
    _ = compared.translate
    said = interval(difference)
    if one.number == compared.baseline.number:
        said = pieces.pill(_("baseline"), colours.IDLE)
    elif difference is not None and difference.is_clear:
        tone = colours.CHAMPION if difference.value > 0 else colours.TROUBLE
        said = f'<b style="color:{tone}">{pieces.text(said)}</b>'
    cells = [pieces.text(written(metric.of(one), metric)) for metric in columns]
    return [
        _name(compared, one),
        pieces.text(one.dataset_version),
        pieces.text(one.params.get(METHOD, "–")),
        cells[0],
        said,
        *cells[1:],
        pieces.moment(
            wording.ago(one.measured_at, compared.read_at, _), compared.reader.stamp(one.measured_at)
        ),
        pieces.text(one.cost or "–"),
    ]


def _name(compared: Compared, one: Measurement) -> str:
    _ = compared.translate
    words = pieces.text(str(one.number))
    if one.number == compared.versions.champion:
        words += " " + pieces.pill("★ " + _("champion"), colours.CHAMPION)
    if one.test_set != compared.baseline.test_set:
        words += " " + pieces.pill("≠", colours.PEOPLE, _("another test set"))
    return words


def _exports(compared: Compared) -> None:
    """Files of everything that fits, with its differences, also of what stands on other sheets."""
    _ = compared.translate
    name = f"{compared.versions.dataset}-models"

    def exported() -> tuple[tuple[Measurement, ...], Mapping[int, Difference]]:
        return compared.fitting, compared.differences(compared.fitting)

    with st.container(horizontal=True, gap="small"):
        frame.download(_("Download as CSV"), lambda: as_csv(*exported()), f"{name}.csv")
        st.download_button(
            _("Download as Markdown"),
            lambda: as_markdown(*exported(), compared.baseline.number),
            file_name=f"{name}.md",
            mime="text/markdown",
            icon=":material/download:",
            on_click="ignore",
        )
