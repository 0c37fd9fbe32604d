"""The curves of a training, as Vega-Lite specifications: plain values in, a dictionary out."""

from collections.abc import Mapping, Sequence
from typing import Any

from resources.learning.distributed.progress import Point
from resources.learning.trainings.standing import Resumption
from resources.learning.trainings.use import Use
from resources.texts import Translate
from streamlit_app import colours

Chart = dict[str, Any]
HEIGHT = 200


def curve(
    points: Sequence[Point],
    values: Sequence[float],
    resumptions: Sequence[Resumption],
    title: str,
    _: Translate,
) -> Chart:
    """One value of each point by step; where it was taken up again stands a line."""
    rows = [{"step": point.step, "value": value} for point, value in zip(points, values, strict=True)]
    x = {"field": "step", "type": "quantitative", "title": _("step"), "axis": {"tickMinStep": 1}}
    line: Chart = {
        "data": {"values": rows},
        "mark": {"type": "line", "strokeWidth": 2, "color": colours.ACTIVE, "point": len(rows) < 40},
        "encoding": {
            "x": x,
            "y": {
                "field": "value",
                "type": "quantitative",
                "title": None,
                "scale": {"zero": False, "nice": True},
                "axis": {"tickCount": 5},
            },
            "tooltip": [
                {"field": "step", "title": _("step"), "type": "quantitative", "format": ","},
                {"field": "value", "title": title, "type": "quantitative", "format": ".4~g"},
            ],
        },
    }
    rules: Chart = {
        "data": {"values": [{"step": one.step} for one in resumptions]},
        "mark": {"type": "rule", "strokeDash": [4, 4], "color": colours.PEOPLE},
        "encoding": {"x": x},
    }
    return {"height": HEIGHT, "layer": [line, rules]}


def use(looks: Sequence[Use], _: Translate) -> Chart:
    """How busy each device was; the axis is in the time zone of the browser."""
    rows: list[Mapping[str, object]] = [
        {"at": int(look.at.timestamp() * 1000), "device": one.device, "share": one.share}
        for look in looks
        for one in look.devices
        if one.share is not None
    ]
    return {
        "height": HEIGHT,
        "data": {"values": rows},
        "mark": {"type": "line", "strokeWidth": 2, "interpolate": "monotone"},
        "encoding": {
            "x": {"field": "at", "type": "temporal", "title": None, "axis": {"labelOverlap": True}},
            "y": {
                "field": "share",
                "type": "quantitative",
                "title": None,
                "scale": {"domainMin": 0},
                "axis": {"format": ".0%", "tickCount": 5},
            },
            "color": {
                "field": "device",
                "type": "nominal",
                "title": None,
                "legend": {"orient": "top", "direction": "horizontal"},
            },
            "tooltip": [
                {"field": "at", "type": "temporal", "title": _("when"), "format": "%H:%M:%S"},
                {"field": "device", "title": _("device")},
                {"field": "share", "title": _("use"), "type": "quantitative", "format": ".0%"},
            ],
        },
    }
