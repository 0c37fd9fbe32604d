"""The charts of the arbiter, as Vega-Lite specifications: plain values in, a dictionary out."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from resources.gpu.decision_log import PastStop
from resources.gpu.usage.model import By, UsageLine
from resources.texts import Translate
from streamlit_app import colours
from streamlit_app.gpu.wording import called, whom_in_words
from streamlit_app.readings.usage import name_of

Chart = dict[str, Any]
LEGEND = {"orient": "top", "direction": "horizontal", "symbolType": "square", "labelLimit": 300}
MOST_RUNS = 40
"""With more runs than this, each project has one line."""


def preemptions(stops: Sequence[PastStop], now: datetime, _: Translate) -> Chart:
    """A line for each run that made room: when it held devices, when it waited, and what stopped it.

    The axis is in the time zone of the browser, as that of every chart is.
    """
    runs = list(dict.fromkeys(one.decision.run_id for one in stops))
    by_run = len(runs) <= MOST_RUNS
    held, waited = _("held its devices"), _("waited again")

    def line(one: PastStop) -> str:
        return f"{one.owner.project} · {called(one.decision.run_id)}" if by_run else one.owner.project

    bars, marks = [], []
    for one in stops:
        told = {"line": line(one), "project": one.owner.project}
        ended = one.stopped_at or now
        bars.append({**told, "state": held, "from": _at(one.held_since), "to": _at(ended)})
        if one.stopped_at is not None:
            bars.append(
                {**told, "state": waited, "from": _at(one.stopped_at), "to": _at(one.resumed_at or now)}
            )
        marks.append(
            {
                **told,
                "at": _at(one.decision.at),
                "run": called(one.decision.run_id),
                "whom": _whom(one, _),
                "rule": one.decision.why.rule,
                "reason": one.decision.why.translated(_),
            }
        )
    projects = sorted({one.owner.project for one in stops})
    first = min((one.held_since for one in stops), default=now)
    axis = {"type": "temporal", "title": None, "axis": {"format": _clock(now - first), "labelOverlap": True}}
    y = {
        "field": "line",
        "type": "nominal",
        "title": None,
        "sort": list(dict.fromkeys(bar["line"] for bar in bars)),
        "axis": {"labelLimit": 300},
    }
    colour = {
        "field": "project",
        "type": "nominal",
        "title": None,
        "scale": {"domain": projects, "range": [colours.of_owner(one) for one in projects]},
        "legend": LEGEND,
    }
    spans: Chart = {
        "data": {"values": bars},
        "mark": {"type": "bar", "cornerRadius": 3, "height": {"band": 0.55}},
        "encoding": {
            "x": {**axis, "field": "from"},
            "x2": {"field": "to"},
            "y": y,
            "color": colour,
            "opacity": {
                "field": "state",
                "type": "nominal",
                "title": None,
                "scale": {"domain": [held, waited], "range": [0.9, 0.22]},
                "legend": {**LEGEND, "symbolFillColor": colours.IDLE},
            },
            "tooltip": [
                {"field": "line", "title": _("run")},
                {"field": "state", "title": _("state")},
                {"field": "from", "title": _("from"), "type": "temporal", "format": "%Y-%m-%d %H:%M:%S"},
                {"field": "to", "title": _("to"), "type": "temporal", "format": "%Y-%m-%d %H:%M:%S"},
            ],
        },
    }
    points: Chart = {
        "data": {"values": marks},
        "mark": {
            "type": "point",
            "shape": "diamond",
            "size": 150,
            "filled": True,
            "color": colours.TROUBLE,
            "stroke": "white",
            "strokeWidth": 1.5,
            "opacity": 1,
        },
        "encoding": {
            "x": {**axis, "field": "at"},
            "y": y,
            "tooltip": [
                {"field": "at", "title": _("time"), "type": "temporal", "format": "%Y-%m-%d %H:%M:%S"},
                {"field": "run", "title": _("run")},
                {"field": "whom", "title": _("made room for")},
                {"field": "rule", "title": _("rule")},
                {"field": "reason", "title": _("because")},
            ],
        },
    }
    lines = len({bar["line"] for bar in bars})
    return {"height": 130 + 32 * lines, "layer": [spans, points]}


def hours_by_day(
    lines: Sequence[UsageLine],
    by: By,
    hours: Callable[[UsageLine], float],
    days: Sequence[date],
    _: Translate,
) -> Chart:
    """The hours of each of ``days``, on top of each other by whom they are of. Days are those of UTC."""
    bars = [
        {"day": line.day.isoformat(), "who": name_of(line, by), "hours": hours(line)}
        for line in lines
        if line.day is not None and hours(line) > 0
    ]
    names = sorted({str(bar["who"]) for bar in bars})
    return {
        "height": 260,
        "data": {"values": bars},
        "mark": {"type": "bar", "cornerRadius": 2},
        "encoding": {
            "x": {
                "field": "day",
                "type": "ordinal",
                "title": None,
                "scale": {"domain": [day.isoformat() for day in days]},
                "axis": {"labelExpr": "slice(datum.value, 5)", "labelAngle": 0, "labelOverlap": True},
            },
            "y": {"field": "hours", "type": "quantitative", "title": _("hours"), "stack": "zero"},
            "color": {
                "field": "who",
                "type": "nominal",
                "title": None,
                "scale": {"domain": names, "range": [colours.of_owner(name) for name in names]},
                "legend": LEGEND,
            },
            "tooltip": [
                {"field": "day", "title": _("day")},
                {"field": "who", "title": _("whose")},
                {"field": "hours", "title": _("hours"), "type": "quantitative", "format": ",.2f"},
            ],
        },
    }


def _clock(span: timedelta) -> str:
    """How moments on an axis of that length are told apart."""
    if span < timedelta(minutes=10):
        return "%H:%M:%S"
    return "%H:%M" if span < timedelta(hours=20) else "%m-%d %H:%M"


def _whom(one: PastStop, _: Translate) -> str:
    made = one.decision
    if made.for_run is None:
        return "–"
    if one.for_owner is None:
        return whom_in_words(made.for_run, _)
    return f"{one.for_owner.project} · {called(made.for_run)}"


def _at(moment: datetime) -> str:
    return moment.isoformat()
