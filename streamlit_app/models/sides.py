"""The one model that is looked at beside the baseline."""

import streamlit as st

from resources.registry.evaluations.model import Measurement
from streamlit_app.models.compared import Compared


def other_model(compared: Compared) -> Measurement:
    """Ask for it; usually the first of those that fit that is not the baseline itself."""
    _ = compared.translate
    numbers = [one.number for one in compared.fitting]
    usual = next((number for number in numbers if number != compared.baseline.number), numbers[0])
    chosen = st.selectbox(
        _("Model version"),
        list(map(str, numbers)),
        index=numbers.index(usual),
        key="model",
        bind="query-params",
        persist_state="page",
        width=320,
    )
    return compared.fitting[numbers.index(int(chosen))]
