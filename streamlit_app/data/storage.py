"""What versions take: bars of what each one has alone, and what it shares; and the tiers that it lies in."""

import streamlit as st

from resources.terms import DatasetName
from resources.texts import Translate
from streamlit_app import charts, colours, frame
from streamlit_app.data import tiers
from streamlit_app.data.wording import amount, unit_of
from streamlit_app.reader import Reader
from streamlit_app.readings.history import History
from streamlit_app.readings.holdings import Storage, read_storage
from streamlit_app.readings.source import open_home

SHOWN = 40
"""Bars that fit; the newest versions."""
LEVEL_NAMES = 8
"""Names of more versions would overlap where they lie level."""


def draw(reader: Reader, history: History) -> None:
    """Figures and bars."""
    _ = reader.translate
    with st.spinner(_("Measuring …")):
        storage = _read(frame.place(), history.dataset)
    own = sum(one.own_bytes for one in storage.versions)
    frame.show_numbers(
        {
            _("The store in all"): amount(storage.stored_bytes),
            _("Versions as separate copies"): amount(storage.apart_bytes),
            _("In one version alone"): amount(own),
        }
    )
    if storage.versions:
        st.vega_lite_chart(spec=chart(storage, history, _), key="storage")
    st.caption(_("What a version has alone would be free without it: once erased and collected."))
    if len(storage.versions) > SHOWN:
        shown = _("The newest {count} of {total} versions are shown; `trainplat data du` lists all.")
        st.caption(shown.format(count=SHOWN, total=f"{len(storage.versions):,}"))
    with frame.guarded(reader):
        tiers.draw(reader, history)


def chart(storage: Storage, history: History, _: Translate) -> charts.Chart:
    """By version, what it shares with others and what it has alone."""
    shared, own = _("shared with other versions"), _("in this version alone")
    unit, unit_bytes = unit_of(max((one.size_bytes for one in storage.versions), default=0))
    bars = [
        {
            "version": history.short(one.version.key),
            "what": what,
            "in_unit": size / unit_bytes,
            "size": amount(size),
        }
        for one in storage.versions[-SHOWN:]
        for what, size in ((shared, one.size_bytes - one.own_bytes), (own, one.own_bytes))
    ]
    return {
        "height": 260,
        "data": {"values": bars},
        "mark": {"type": "bar"},
        "encoding": {
            "x": {
                "field": "version",
                "type": "nominal",
                "sort": None,
                "title": None,
                "axis": {"labelAngle": 0 if len(storage.versions) <= LEVEL_NAMES else -45},
            },
            "y": {"field": "in_unit", "type": "quantitative", "title": unit},
            "color": {
                "field": "what",
                "type": "nominal",
                "title": None,
                "scale": {"domain": [shared, own], "range": [colours.IDLE, colours.CHAMPION]},
                "legend": {"orient": "top", "direction": "horizontal"},
            },
            "tooltip": [
                {"field": "version", "title": _("version")},
                {"field": "what", "title": _("What")},
                {"field": "size", "title": _("size")},
            ],
        },
    }


@frame.cached
def _read(_place: str, dataset: str) -> Storage:
    home, database = open_home()
    return read_storage(home, database, DatasetName(dataset))
