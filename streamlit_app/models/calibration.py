"""Whether a model is right as often as it is sure, beside the baseline."""

import streamlit as st

from resources.registry.comparing.exporting import written
from resources.registry.comparing.metrics import Metric
from resources.registry.evaluations.model import Measurement
from streamlit_app import frame
from streamlit_app.models import charts
from streamlit_app.models.compared import Compared, curve
from streamlit_app.models.sides import other_model


def draw(compared: Compared) -> None:
    """The part of the page."""
    _ = compared.translate
    st.subheader(_("Calibration"), anchor=False)
    other = other_model(compared)
    pair = (compared.baseline,) if other.number == compared.baseline.number else (compared.baseline, other)
    curves = {compared.name(one): found for one in pair if (found := curve(one))}
    if not curves:
        st.info(_("The answers of these models are not kept. Materialize their evaluations again."))
        return
    st.vega_lite_chart(
        charts.reliability_curves(curves, _), alt=_("Share that is right by how sure"), key="reliability"
    )
    frame.show_numbers(
        {
            f"{metric.heading(one.measure, _)} · {compared.name(one)}": written(metric.of(one), metric)
            for metric in (Metric.CALIBRATION, Metric.BRIER)
            for one in pair
            if _has(one, metric)
        }
    )
    st.caption(
        _(
            "A model is calibrated where of what it is 80 % sure of 80 % are right: on the dashed line. The "
            "calibration error is the mean distance from it, in 15 bins by how many answers lie in each."
        )
    )


def _has(measured: Measurement, metric: Metric) -> bool:
    return metric.of(measured) is not None
