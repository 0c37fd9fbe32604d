"""Which models are compared, by what, and against which: the row of choices, kept in the address."""

from urllib.parse import urlencode

import streamlit as st

from resources.registry.comparing.choosing import Choice, Order
from resources.registry.comparing.metrics import Metric
from resources.registry.evaluations.model import Measurement
from resources.terms import VersionKey
from resources.texts import mark
from streamlit_app.models import kept
from streamlit_app.reader import Reader
from streamlit_app.readings.model_versions import ModelVersions

_ORDERS = {Order.NEWEST: mark("newest first"), Order.BEST: mark("best first")}
_OF_PARTS = ("sheet", "model", "cell")
_KEPT = ("heat", "cost", "shown", "of")
"""What parts ask for: kept by Streamlit, and by :mod:`streamlit_app.models.kept`."""
_EXAMPLE = "seed=3 epochs>=20 replay"


def choose(reader: Reader, versions: ModelVersions) -> tuple[Choice, Measurement]:
    """Ask, and give back what was chosen with the baseline."""
    _ = reader.translate
    first = st.columns([3, 2, 3], gap="small")
    data = first[0].multiselect(
        _("Data versions"),
        list(versions.versions),
        key="data",
        bind="query-params",
        persist_state="page",
        placeholder=_("all"),
    )
    methods = first[1].multiselect(
        _("Methods"),
        list(versions.methods),
        key="method",
        bind="query-params",
        persist_state="page",
        placeholder=_("all"),
    )
    text = first[2].text_input(
        _("Parameters"),
        key="text",
        bind="query-params",
        persist_state="page",
        placeholder=_EXAMPLE,
        help=_(
            "Words and rules, all of which must hold: `seed=3`, `epochs>=20`, `method!=joint`, `number>40`; "
            "any other word is looked for in names and values of parameters."
        ),
    )
    second = st.columns([3, 2, 3], gap="small")
    with second[0]:
        metric = kept.select(
            _("Metric"), {str(one): one.heading(versions.measure, _) for one in Metric}, "metric"
        )
    with second[1]:
        order = kept.select(_("Order"), {str(one): _(words) for one, words in _ORDERS.items()}, "order")
    choice = Choice(tuple(map(VersionKey, data)), tuple(methods), text or "", Metric(metric), Order(order))
    with second[2]:
        baseline = _model(versions, _("Baseline"), "baseline", versions.usual_baseline)
    return choice, baseline


def _model(versions: ModelVersions, label: str, key: str, usual: int) -> Measurement:
    """Ask for one model."""
    numbers = versions.numbers
    number = st.selectbox(
        label,
        list(map(str, numbers)),
        index=numbers.index(usual),
        key=key,
        bind="query-params",
        persist_state="page",
    )
    found = versions.find(int(number))
    return found if found is not None else versions.newest[-1]


def address(part: str, versions: ModelVersions, choice: Choice, baseline: Measurement) -> str:
    """The page as it is seen now, once its part is drawn. Every choice is told, also what is usual: a link
    shows the same when another model is champion or came since.
    """
    query = [
        ("dataset", versions.dataset),
        ("part", part),
        *(("data", version) for version in choice.versions),
        *(("method", method) for method in choice.methods),
        *([("text", choice.text)] if choice.text else []),
        ("metric", str(choice.metric)),
        ("order", str(choice.order)),
        ("baseline", str(baseline.number)),
        *((key, str(st.session_state[key])) for key in _OF_PARTS if st.session_state.get(key) is not None),
        *((key, st.query_params[key]) for key in _KEPT if key in st.query_params),
    ]
    return f"{(st.context.url or '').partition('?')[0]}?{urlencode(query)}"
