"""Where models are good and where they are not: by class, and by other parts of the test set."""

import streamlit as st

from resources.registry.comparing.heat import heat_of
from streamlit_app.models import kept
from streamlit_app.models.compared import Compared
from streamlit_app.models.heat import heat_table


def draw(compared: Compared) -> None:
    """The part of the page."""
    _ = compared.translate
    st.subheader(_("By class and by slice"), anchor=False)
    shown = compared.shown()
    words = {"score": _("score"), "gain": _("against the baseline")}
    how = kept.segments(_("Shown"), words, "heat")
    st.caption(
        _(
            "The mean score of the test samples of each class, of each third of the test set by how its "
            "samples look, and of each source where there are several; parts of fewer than five samples are "
            "left out."
        )
    )
    for of_classes, name in ((True, _("By class")), (False, _("By slice"))):
        heat = heat_of(shown, compared.baseline, of_classes=of_classes)
        if not heat.parts:
            continue
        st.markdown(f"**{name}**")
        chart = heat_table(heat, _, gains=how == "gain", dark=compared.reader.dark)
        st.vega_lite_chart(chart, alt=name, key=f"heat-{name}")
