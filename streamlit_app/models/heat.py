"""The heat table of model versions by class or by another part of the test set."""

from typing import Any

from resources.data.reading import SOURCE_FOLDER
from resources.registry.comparing.heat import Heat, kind_of, which_of
from resources.texts import Translate, mark
from streamlit_app import colours

Chart = dict[str, Any]
ROW_PX = 22
MOST_WORDS = 30
"""More models than this leave no room for a number in each cell."""

_KINDS = {
    "class": mark("class"),
    "brightness": mark("brightness"),
    "contrast": mark("contrast"),
    "length": mark("length"),
    "source": mark("source"),
}
_WHICH = {
    "dark": mark("dark"),
    "middle": mark("middle"),
    "bright": mark("bright"),
    "flat": mark("flat"),
    "strong": mark("strong"),
    "short": mark("short"),
    "long": mark("long"),
    SOURCE_FOLDER: mark("source folder"),
}


def heat_table(heat: Heat, _: Translate, *, gains: bool, dark: bool = False) -> Chart:
    """Models across, parts down: their scores, or what they gained against the baseline."""
    cells: list[dict[str, Any]] = [
        {
            "model": number,
            "part": part_words(part, _),
            "score": heat.scores[row][column],
            "gain": heat.gains[row][column],
            "count": heat.counts[column],
        }
        for row, number in enumerate(heat.numbers)
        for column, part in enumerate(heat.parts)
        if (heat.gains if gains else heat.scores)[row][column] is not None
    ]
    shown = "gain" if gains else "score"
    x = {
        "field": "model",
        "type": "ordinal",
        "sort": list(heat.numbers),
        "title": _("model"),
        "axis": {"orient": "top", "labelAngle": 0, "labelOverlap": True},
    }
    y = {
        "field": "part",
        "type": "nominal",
        "sort": [part_words(part, _) for part in heat.parts],
        "title": None,
        "axis": {"labelLimit": 220, "labelOverlap": False},
    }
    widest = max((abs(cell["gain"]) for cell in cells if cell["gain"] is not None), default=0) or 1
    scale = (
        {
            "domain": [-widest, 0, widest],
            "range": [colours.TROUBLE, _NEUTRAL[dark], colours.CHAMPION],
            "interpolate": "rgb",
        }
        if gains
        else {"domain": [min((cell["score"] for cell in cells), default=0), 1], "scheme": "teals"}
    )
    tooltip = [
        {"field": "model", "title": _("model")},
        {"field": "part", "title": _("part of the test set")},
        {"field": "score", "title": _("found"), "type": "quantitative", "format": ".1%"},
        {"field": "gain", "title": _("against the baseline"), "type": "quantitative", "format": "+.1%"},
        {"field": "count", "title": _("samples"), "type": "quantitative", "format": ","},
    ]
    colour = {"field": shown, "type": "quantitative", "legend": None, "scale": scale}
    darker = (1 + min((cell["score"] for cell in cells), default=0)) / 2
    layers: list[Chart] = [
        {
            "mark": {"type": "rect", "cornerRadius": 2},
            "encoding": {"x": x, "y": y, "color": colour, "tooltip": tooltip},
        }
    ]
    if len(heat.numbers) <= MOST_WORDS:
        strong = f"abs(datum.gain) > {0.6 * widest}" if gains else f"datum.score > {darker}"
        ink = colours.INK_ON_DARK if dark and gains else colours.INK_ON_LIGHT
        layers.append(
            {
                "mark": {"type": "text", "fontSize": 10, "tooltip": None},
                "encoding": {
                    "x": x,
                    "y": y,
                    "text": {"field": shown, "type": "quantitative", "format": "+.0%" if gains else ".0%"},
                    "color": {"condition": {"test": strong, "value": "white"}, "value": ink},
                },
            }
        )
    return {"height": {"step": ROW_PX}, "data": {"values": cells}, "layer": layers}


def part_words(part: Any, _: Translate) -> str:
    """A part as people say it: its class alone, or what it is told apart by with which."""
    kind, which = kind_of(part), which_of(part)
    if kind == "class":
        return which
    told = _(_KINDS[kind]) if kind in _KINDS else kind
    return f"{told}: {_(_WHICH[which]) if which in _WHICH else which}"


_NEUTRAL = {False: "#f3f4f7", True: "#2a3040"}
