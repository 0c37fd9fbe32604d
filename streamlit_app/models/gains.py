"""How far each model is from the baseline, with what chance alone may make of it."""

from collections.abc import Mapping

import streamlit as st

from resources.registry.evaluations.bootstrap import Difference
from streamlit_app.models import charts
from streamlit_app.models.compared import Compared
from streamlit_app.reader import Reader


def draw(compared: Compared) -> None:
    """The part of the page."""
    _ = compared.translate
    number = compared.baseline.number
    name = _("Difference to model {number}").format(number=number)
    st.subheader(name, anchor=False)
    shown = compared.shown()
    others = tuple(one for one in shown if one.number != number)
    found = compared.differences(others)
    if not found:
        st.info(
            _(
                "None of these has a test sample in common with the baseline, or their answers are gone. "
                "Choose another baseline, or materialize their evaluations again."
            )
        )
        return
    st.markdown(summary(compared.reader, found))
    rows = charts.intervals(found, [one.number for one in others])
    st.vega_lite_chart(rows, charts.differences(_), alt=name, key="differences")
    st.caption(
        _(
            "Of the mean score of a test sample, with its 95 % interval by a paired bootstrap: grey where "
            "chance alone may have made it. Of a hundred models some are clear by chance, too."
        )
    )


def summary(reader: Reader, found: Mapping[int, Difference]) -> str:
    """How many are clearly better, clearly worse, and neither."""
    _ = reader.translate
    better = sum(one.is_clear and one.value > 0 for one in found.values())
    worse = sum(one.is_clear and one.value < 0 for one in found.values())
    return _("Clearly better: {better}. Clearly worse: {worse}. Open: {open}.").format(
        better=better, worse=worse, open=len(found) - better - worse
    )
