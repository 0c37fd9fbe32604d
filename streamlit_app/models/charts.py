"""The charts of compared model versions, as Vega-Lite: plain values in, rows and a dictionary out.

The rows go apart from the dictionary, in which nothing depends on what is filtered: so a browser changes the
marks of a chart that stands, which is several times faster than to make it anew.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from resources.registry.comparing.choosing import METHOD
from resources.registry.comparing.metrics import Metric, Unit
from resources.registry.evaluations.bootstrap import Difference
from resources.registry.evaluations.calibration import Bin
from resources.registry.evaluations.model import Measurement
from resources.texts import Translate
from streamlit_app import colours
from streamlit_app.readings.model_versions import ModelVersions

Chart = dict[str, Any]
Rows = list[dict[str, Any]]
NO_METHOD = "–"
FORMATS = {
    Unit.SHARE: ".1%",
    Unit.NUMBER: ".3f",
    Unit.MILLISECONDS: ".2f",
    Unit.BYTES: ".3~s",
    Unit.COUNT: ".3~s",
    Unit.SECONDS: ".3~s",
}
_ON_AXES = FORMATS | {
    Unit.MILLISECONDS: ".4~r",
    Unit.BYTES: ".4~s",
    Unit.COUNT: ".4~s",
    Unit.SECONDS: ".4~s",
}
"""Models that hardly differ are told apart by more digits than a table has."""
_LEGEND = {"orient": "top", "direction": "horizontal", "symbolStrokeWidth": 0, "columns": 8}


def over_versions(versions: ModelVersions, metric: Metric, baseline: Measurement, _: Translate) -> Chart:
    """One metric by model number; the baseline as a line across, a ring around the champion."""
    words = metric.words(baseline.measure, _)
    x = {
        "field": "model",
        "type": "quantitative",
        "title": _("model"),
        "scale": {"zero": False, "nice": False},
        "axis": {"format": "d", "tickMinStep": 1, "grid": False},
    }
    y = _axis("value", metric, words)
    layers: list[Chart] = [
        {
            "mark": {"type": "point", "filled": True, "size": 28, "opacity": 0.85},
            "encoding": {
                "x": x,
                "y": y,
                "color": _methods(versions.methods),
                "tooltip": [
                    {"field": "model", "title": _("model")},
                    {"field": "data", "title": _("data version")},
                    {"field": "method", "title": _("method")},
                    {
                        "field": "value",
                        "title": words,
                        "type": "quantitative",
                        "format": FORMATS[metric.unit],
                    },
                ],
            },
        },
        {
            "transform": [{"filter": f"datum.model == {versions.champion or 0}"}],
            "mark": {
                "type": "point",
                "size": 260,
                "strokeWidth": 2,
                "filled": False,
                "color": colours.CHAMPION,
            },
            "encoding": {"x": x, "y": y},
        },
    ]
    level = metric.of(baseline)
    if level is not None:
        layers.append(
            {
                "data": {"values": [{"value": level}]},
                "mark": {"type": "rule", "strokeDash": [5, 4], "color": colours.IDLE},
                "encoding": {"y": y},
            }
        )
    return {"height": 240, "layer": layers}


def points(measurements: Sequence[Measurement], metric: Metric) -> Rows:
    """The rows of :func:`over_versions`."""
    return [
        {
            "model": one.number,
            "value": value,
            "data": one.dataset_version,
            "method": one.params.get(METHOD, NO_METHOD),
        }
        for one in measurements
        if (value := metric.of(one)) is not None
    ]


def differences(_: Translate) -> Chart:
    """Each model less the baseline, with its interval; what is clear in colour."""
    x = {
        "field": "model",
        "type": "ordinal",
        "sort": None,
        "title": _("model"),
        "axis": {"labelAngle": 0, "labelOverlap": True},
    }
    colour = {
        "field": "tone",
        "type": "nominal",
        "legend": None,
        "scale": {
            "domain": ["better", "worse", "open"],
            "range": [colours.CHAMPION, colours.TROUBLE, colours.IDLE],
        },
    }
    tooltip = [
        {"field": "model", "title": _("model")},
        *(
            {"field": name, "title": title, "type": "quantitative", "format": "+.1%"}
            for name, title in (("low", _("from")), ("value", _("difference")), ("high", _("to")))
        ),
    ]
    y = {
        "field": "low",
        "type": "quantitative",
        "title": None,
        "axis": {"format": "+.0%", "tickCount": 5},
    }
    return {
        "height": 200,
        "layer": [
            {
                "data": {"values": [{"value": 0}]},
                "mark": {"type": "rule", "color": colours.IDLE, "strokeDash": [5, 4]},
                "encoding": {"y": {"field": "value", "type": "quantitative"}},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {"x": x, "y": y, "y2": {"field": "high"}, "color": colour, "tooltip": tooltip},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 40},
                "encoding": {
                    "x": x,
                    "y": {"field": "value", "type": "quantitative"},
                    "color": colour,
                    "tooltip": tooltip,
                },
            },
        ],
    }


def intervals(found: Mapping[int, Difference], numbers: Sequence[int]) -> Rows:
    """The rows of :func:`differences`, in the order in which the models are listed."""
    return [
        {"model": number, "low": one.low, "value": one.value, "high": one.high, "tone": _tone(one)}
        for number in numbers
        if (one := found.get(number)) is not None
    ]


def cost_scatter(versions: ModelVersions, cost: Metric, marked: Mapping[int, str], _: Translate) -> Chart:
    """How good by what it costs; those that none is better than are joined by a line."""
    words, good = cost.words(versions.measure, _), Metric.VALUE.words(versions.measure, _)
    x, y = _axis("cost", cost, words), _axis("value", Metric.VALUE, good)
    names = [
        {
            "transform": [{"filter": f"datum.model == {number}"}],
            "mark": {
                "type": "text",
                "text": name,
                "align": "left",
                "dx": 8,
                "fontWeight": 600,
                "color": colours.IDLE,
            },
            "encoding": {"x": x, "y": y},
        }
        for number, name in marked.items()
    ]
    return {
        "height": 340,
        "layer": [
            {
                "transform": [{"filter": "datum.best"}],
                "mark": {"type": "line", "interpolate": "step-after", "color": colours.CHAMPION},
                "encoding": {"x": x, "y": y, "order": {"field": "cost", "type": "quantitative"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 40},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": _methods(versions.methods),
                    "opacity": {"condition": {"test": "datum.best", "value": 1}, "value": 0.45},
                    "tooltip": [
                        {"field": "model", "title": _("model")},
                        {"field": "data", "title": _("data version")},
                        {"field": "method", "title": _("method")},
                        {
                            "field": "cost",
                            "title": words,
                            "type": "quantitative",
                            "format": FORMATS[cost.unit],
                        },
                        {"field": "value", "title": good, "type": "quantitative", "format": ".1%"},
                    ],
                },
            },
            *names,
        ],
    }


def costed(measurements: Sequence[Measurement], cost: Metric, front: frozenset[int]) -> Rows:
    """The rows of :func:`cost_scatter`."""
    return [
        {
            "model": one.number,
            "cost": value,
            "value": one.value,
            "data": one.dataset_version,
            "method": one.params.get(METHOD, NO_METHOD),
            "best": one.number in front,
        }
        for one in measurements
        if (value := cost.of(one)) is not None
    ]


def reliability_curves(curves: Mapping[str, Sequence[Bin]], _: Translate) -> Chart:
    """The share that is right by how sure the model is, for each name; the diagonal is what is wanted."""
    names = list(curves)
    points = [
        {"who": name, "sure": one.sure, "right": one.right, "count": one.count}
        for name, bins in curves.items()
        for one in bins
    ]
    x, y = _share_axis("sure", _("how sure")), _share_axis("right", _("share that is right"))
    colour = {
        "field": "who",
        "type": "nominal",
        "title": None,
        "legend": _LEGEND,
        "scale": {"domain": names, "range": [colours.CHAMPION, colours.CHALLENGER][: len(names)]},
    }
    tooltip = [
        {"field": "who", "title": _("model")},
        {"field": "sure", "title": _("how sure"), "type": "quantitative", "format": ".1%"},
        {"field": "right", "title": _("share that is right"), "type": "quantitative", "format": ".1%"},
        {"field": "count", "title": _("answers"), "type": "quantitative", "format": ","},
    ]
    return {
        "height": 340,
        "layer": [
            {
                "data": {"values": [{"sure": 0, "right": 0}, {"sure": 1, "right": 1}]},
                "mark": {"type": "line", "strokeDash": [5, 4], "color": colours.IDLE},
                "encoding": {"x": x, "y": y},
            },
            {
                "data": {"values": points},
                "mark": {"type": "line", "strokeWidth": 2},
                "encoding": {"x": x, "y": y, "color": colour},
            },
            {
                "data": {"values": points},
                "mark": {"type": "point", "filled": True},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": colour,
                    "size": {
                        "field": "count",
                        "type": "quantitative",
                        "legend": None,
                        "scale": {"range": [25, 320]},
                    },
                    "tooltip": tooltip,
                },
            },
        ],
    }


def _share_axis(field: str, title: str) -> dict[str, object]:
    """An axis from nothing to all."""
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": {"domain": [0, 1]},
        "axis": {"format": ".0%"},
    }


def _axis(field: str, metric: Metric, words: str) -> Chart:
    title = f"{words} ({_UNIT_WORDS[metric.unit]})" if metric.unit in _UNIT_WORDS else words
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": {"zero": False, "nice": True},
        "axis": {"format": _ON_AXES[metric.unit], "tickCount": 5},
    }


def _methods(methods: Sequence[str]) -> Chart:
    """Every method that there is has its colour, whatever is filtered."""
    names = list(methods) or [NO_METHOD]
    return {
        "field": "method",
        "type": "nominal",
        "title": None,
        "legend": _LEGEND if len(names) > 1 else None,
        "scale": {"domain": names, "range": [colours.of_owner(name) for name in names]},
    }


def _tone(difference: Difference) -> str:
    if not difference.is_clear:
        return "open"
    return "better" if difference.value > 0 else "worse"


_UNIT_WORDS = {Unit.MILLISECONDS: "ms", Unit.BYTES: "B", Unit.SECONDS: "s"}
