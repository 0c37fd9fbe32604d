"""What a model costs against how good it is."""

import streamlit as st

from resources.registry.comparing.metrics import Metric
from resources.registry.comparing.pareto import pareto_front
from streamlit_app.models import charts, kept
from streamlit_app.models.compared import Compared

COSTS = (Metric.LATENCY, Metric.SLOWEST, Metric.SIZE, Metric.PARAMETERS, Metric.LEASE)


def draw(compared: Compared) -> None:
    """The part of the page."""
    _ = compared.translate
    measure = compared.baseline.measure
    names = {str(one): one.heading(measure, _) for one in COSTS}
    cost = Metric(kept.select(_("Cost"), names, "cost", width=320))
    good, words = Metric.VALUE.heading(measure, _), cost.words(measure, _)
    name = _("{good} by {cost}").format(good=good, cost=words)
    st.subheader(name, anchor=False)
    front = pareto_front(compared.fitting, cost)
    champion, baseline = compared.versions.champion, compared.baseline.number
    marked = {baseline: "★ " + _("baseline") if baseline == champion else _("baseline")}
    if champion is not None:
        marked.setdefault(champion, "★")
    rows = charts.costed(compared.fitting, cost, front)
    chart = charts.cost_scatter(compared.versions, cost, marked, _)
    st.vega_lite_chart(rows, chart, alt=name, key="costs")
    best = [str(one.number) for one in sorted(compared.fitting, key=cost.of_or_last) if one.number in front]
    st.markdown(
        _("None is at once as good and as cheap as these (the Pareto front): {models}.").format(
            models=_(", ").join(best)
        )
    )
    st.caption(
        _(
            "Latency is of one sample alone on one thread of a processor, as the evaluation timed it; size "
            "is that of the weights as they are registered."
        )
    )
