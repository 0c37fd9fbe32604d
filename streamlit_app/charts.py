"""The charts, as Vega-Lite specifications: plain values in, a dictionary out."""

from collections.abc import Mapping, Sequence
from typing import Any

from resources.registry.model import Decision, newest_measure
from resources.terms import Label, VersionKey
from resources.texts import Translate
from streamlit_app import colours

Chart = dict[str, Any]


def quality(rounds: Sequence[Decision], _: Translate, champion: VersionKey | None = None) -> Chart:
    """By version: each challenger against the champion that it had to beat.

    Marked is the champion: whom the newest round decided for, or ``champion`` where it is given.
    """
    marked_version = champion or (rounds[-1].champion_version if rounds else None)
    new, old = _("challenger"), _("champion until then")
    measure = _(newest_measure(rounds).words)
    points = [
        {"version": one.version, "who": who, "accuracy": value, "labels": one.labels}
        for one in rounds
        for who, value in ((new, one.accuracy_new), (old, one.accuracy_old))
        if value is not None
    ]
    marked = [
        {"version": one.version, "accuracy": one.accuracy_new}
        for one in rounds
        if one.version == marked_version
    ]
    x = {"field": "version", "type": "ordinal", "sort": None, "title": None, "axis": {"labelAngle": 0}}
    y = {
        "field": "accuracy",
        "type": "quantitative",
        "title": measure,
        "scale": {"zero": False, "nice": True, "padding": 12},
        "axis": {"format": ".1%", "tickCount": 5},
    }
    tooltip = [
        {"field": "version", "title": _("version")},
        {"field": "who", "title": _("model")},
        {"field": "accuracy", "title": measure, "format": ".2%"},
        {"field": "labels", "title": _("labels"), "type": "quantitative", "format": ","},
    ]
    colour = {
        "field": "who",
        "type": "nominal",
        "title": None,
        "scale": {"domain": [new, old], "range": [colours.CHALLENGER, colours.CHAMPION]},
        "legend": {
            "orient": "top",
            "direction": "horizontal",
            "symbolType": "circle",
            "symbolStrokeWidth": 0,
        },
    }
    lines: Chart = {
        "data": {"values": points},
        "mark": {"type": "line", "point": {"size": 70, "filled": True}, "strokeWidth": 2},
        "encoding": {
            "x": x,
            "y": y,
            "color": colour,
            "tooltip": tooltip,
            "strokeDash": {
                "field": "who",
                "type": "nominal",
                "legend": None,
                "scale": {"domain": [new, old], "range": [[1, 0], [5, 4]]},
            },
        },
    }
    ring: Chart = {
        "data": {"values": marked},
        "mark": {"type": "point", "size": 320, "strokeWidth": 2, "color": colours.CHAMPION, "filled": False},
        "encoding": {"x": x, "y": y},
    }
    words: Chart = {
        "data": {"values": marked},
        "mark": {
            "type": "text",
            "text": "★ " + _("champion"),
            "dy": -20,
            "color": colours.CHAMPION,
            "fontWeight": 600,
        },
        "encoding": {"x": x, "y": y},
    }
    return {"height": 260, "layer": [lines, ring, words]}


def confusion(
    counts: Sequence[Sequence[int]], classes: Sequence[Label], _: Translate, *, dark: bool = False
) -> Chart:
    """True classes down, predicted ones across; right answers in one colour, mistakes in another."""
    ink = colours.INK_ON_DARK if dark else colours.INK_ON_LIGHT
    cells = [
        {
            "true": true,
            "predicted": predicted,
            "count": count,
            "share": count / max(sum(row), 1),
            "kind": "right" if true == predicted else "wrong",
        }
        for true, row in zip(classes, counts, strict=True)
        for predicted, count in zip(classes, row, strict=True)
        if count
    ]
    order = list(classes)
    axis: Mapping[str, Any] = {"type": "nominal", "sort": order, "scale": {"domain": order}}
    x = {**axis, "field": "predicted", "title": _("predicted"), "axis": {"orient": "top", "labelAngle": 0}}
    y = {**axis, "field": "true", "title": _("true")}
    kind = {
        "field": "kind",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": ["right", "wrong"], "range": [colours.CHAMPION, colours.TROUBLE]},
    }
    # A few mistakes among hundreds are what one looks for: they get more colour than their share.
    strength = {
        "field": "share",
        "type": "quantitative",
        "legend": None,
        "scale": {"type": "sqrt", "domain": [0, 1], "range": [0.12, 0.85]},
    }
    tooltip = [
        {"field": "true", "title": _("true")},
        {"field": "predicted", "title": _("predicted")},
        {"field": "count", "title": _("samples"), "type": "quantitative", "format": ","},
        {"field": "share", "title": _("share"), "type": "quantitative", "format": ".1%"},
    ]
    return {
        "height": 340,
        "data": {"values": cells},
        "layer": [
            {
                "mark": {"type": "rect", "cornerRadius": 3},
                "encoding": {"x": x, "y": y, "color": kind, "opacity": strength, "tooltip": tooltip},
            },
            {
                "mark": {"type": "text", "fontSize": 11, "tooltip": None},
                "encoding": {
                    "x": x,
                    "y": y,
                    "text": {"field": "count", "type": "quantitative", "format": ","},
                    "color": {"condition": {"test": "datum.share > 0.6", "value": "white"}, "value": ink},
                },
            },
        ],
    }


def recall_difference(
    left: Mapping[Label, float | None], right: Mapping[Label, float | None], _: Translate
) -> Chart:
    """By class, how much more of it the right model finds than the left one, in percentage points."""
    bars = [
        {"class": name, "change": after - before, "left": before, "right": after}
        for name, before in left.items()
        if before is not None and (after := right.get(name)) is not None
    ]
    return {
        "height": 220,
        "data": {"values": bars},
        "mark": {"type": "bar", "cornerRadiusEnd": 3},
        "encoding": {
            "x": {
                "field": "class",
                "type": "nominal",
                "sort": None,
                "title": _("class"),
                "axis": {"labelAngle": 0, "orient": "bottom"},
            },
            "y": {
                "field": "change",
                "type": "quantitative",
                "title": None,
                "axis": {"format": "+.0%", "tickCount": 4},
                "scale": {"nice": True},
            },
            "color": {
                "condition": {"test": "datum.change < 0", "value": colours.TROUBLE},
                "value": colours.CHAMPION,
            },
            "tooltip": [
                {"field": "class", "title": _("class")},
                {"field": "left", "title": _("left"), "type": "quantitative", "format": ".1%"},
                {"field": "right", "title": _("right"), "type": "quantitative", "format": ".1%"},
                {"field": "change", "title": _("change"), "type": "quantitative", "format": "+.1%"},
            ],
        },
    }
