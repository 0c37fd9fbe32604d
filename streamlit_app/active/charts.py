"""The charts of active learning, as Vega-Lite specifications."""

from collections.abc import Sequence
from typing import Any

from resources.kinds import Measure
from resources.labeling.model import QuestionState
from resources.learning.querying.quality import wilson
from resources.registry.model import Scores
from resources.registry.random_rounds import Reached
from resources.terms import Label, VersionKey
from resources.texts import Translate, mark
from streamlit_app import colours
from streamlit_app.readings.active import ActiveLearning

Chart = dict[str, Any]

STATES = {
    QuestionState.OPEN: mark("open"),
    QuestionState.ANSWERED: mark("answered"),
    QuestionState.IN_REVIEW: mark("in review"),
    QuestionState.SKIPPED: mark("skipped"),
    QuestionState.WITHDRAWN: mark("withdrawn"),
}
_TONES = {
    QuestionState.OPEN: colours.PEOPLE,
    QuestionState.ANSWERED: colours.DONE,
    QuestionState.IN_REVIEW: colours.ACTIVE,
    QuestionState.SKIPPED: colours.IDLE,
    QuestionState.WITHDRAWN: colours.TROUBLE,
}
BENCHMARK_ACCURACY = 0.9


def efficiency(told: ActiveLearning, _: Translate) -> Chart:
    """By labels: what each round's model and random asking reach on the test set, what random picks say of
    the pool, and, where it is kept, the benchmark's marks.
    """
    tested, guessed = _("model of a round, test set (95 %)"), _("random picks from the pool (95 %)")
    anyhow = _("labels at random alone, test set (95 %)")
    measure = _((told.measure or Measure.ACCURACY).words)
    bench, chance = _("benchmark: this strategy"), _("benchmark: random")
    kept = told.yardstick if told.measure is Measure.ACCURACY else None
    x = {
        "field": "labels",
        "type": "quantitative",
        "title": _("labels"),
        "scale": {"zero": False, "nice": True},
    }
    y = {
        "field": "quality",
        "type": "quantitative",
        "title": measure,
        "scale": {"zero": False, "nice": True},
        "axis": {"format": ".0%"},
    }
    colour = {
        "field": "what",
        "type": "nominal",
        "title": None,
        "scale": {
            "domain": [tested, anyhow, guessed, *([bench, chance] if kept else [])],
            "range": [
                colours.CHAMPION,
                colours.TROUBLE,
                colours.PEOPLE,
                *([colours.CHALLENGER, colours.IDLE] if kept else []),
            ],
        },
        "legend": {"orient": "top", "labelLimit": 300, "columns": 3},
    }
    tooltip = [
        {"field": "version", "title": _("version")},
        {"field": "what", "title": _("measured by")},
        {"field": "labels", "title": _("labels"), "type": "quantitative", "format": ","},
        {"field": "quality", "title": measure, "type": "quantitative", "format": ".1%"},
    ]
    lines = [
        *(_point(one, tested) for one in told.against_random.rounds),
        *(_point(one, anyhow) for one in told.against_random.random),
    ]
    picks = [
        {
            "version": one.version,
            "labels": one.labels,
            "quality": one.guessed.share,
            "low": one.guessed.low,
            "high": one.guessed.high,
            "what": guessed,
        }
        for one in told.rounds
        if one.guessed is not None
    ]
    marks = []
    if kept is not None:
        for what, labels in ((bench, kept.strategy_labels), (chance, kept.random_labels)):
            marks.append({"labels": labels, "quality": BENCHMARK_ACCURACY, "what": what})
    return {
        "height": 280,
        "layer": [
            {
                "data": {"values": lines},
                "mark": {"type": "line", "point": {"size": 60, "filled": True}},
                "encoding": {"x": x, "y": y, "color": colour, "tooltip": tooltip},
            },
            {
                "data": {"values": [one for one in lines if "low" in one]},
                "mark": {"type": "rule", "strokeWidth": 1, "opacity": 0.6},
                "encoding": {
                    "x": x,
                    "y": {**y, "field": "low"},
                    "y2": {"field": "high"},
                    "color": colour,
                },
            },
            {
                "data": {"values": picks},
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {
                    "x": x,
                    "y": {**y, "field": "low"},
                    "y2": {"field": "high"},
                    "color": colour,
                },
            },
            {
                "data": {"values": picks},
                "mark": {"type": "point", "filled": True, "size": 70},
                "encoding": {"x": x, "y": y, "color": colour, "tooltip": tooltip},
            },
            {
                "data": {"values": marks},
                "mark": {"type": "point", "shape": "diamond", "size": 130, "filled": True},
                "encoding": {"x": x, "y": y, "color": colour, "tooltip": tooltip[1:]},
            },
        ],
    }


def _point(one: Reached, what: str) -> dict[str, str | float]:
    """With its interval where test samples are right or not."""
    point: dict[str, str | float] = {
        "version": one.version,
        "labels": one.labels,
        "quality": one.value,
        "what": what,
    }
    if one.right is None:
        return point
    found = wilson(one.right, one.test_count)
    return {**point, "low": found.low, "high": found.high}


def queue(told: ActiveLearning, _: Translate) -> Chart:
    """How many questions of each guessed class are in which state."""
    counted = told.by_class()
    bars = [
        {"class": guess, "state": _(STATES[state]), "count": count}
        for (guess, state), count in sorted(counted.items())
    ]
    return {
        "height": 220,
        "data": {"values": bars},
        "mark": {"type": "bar", "cornerRadiusEnd": 2},
        "encoding": {
            "x": {"field": "class", "type": "nominal", "title": _("guess"), "axis": {"labelAngle": 0}},
            "y": {"field": "count", "type": "quantitative", "title": None, "axis": {"tickMinStep": 1}},
            "color": {
                "field": "state",
                "type": "nominal",
                "title": None,
                "scale": {"domain": [_(name) for name in STATES.values()], "range": list(_TONES.values())},
                "legend": {"orient": "top"},
            },
            "tooltip": [
                {"field": "class", "title": _("guess")},
                {"field": "state", "title": _("state")},
                {"field": "count", "title": _("questions"), "type": "quantitative", "format": ","},
            ],
        },
    }


def recalls(measured: Sequence[tuple[VersionKey, Scores]], _: Translate, *, dark: bool = False) -> Chart:
    """Which share of each class the model of each version finds."""
    cells = [
        {"version": version, "class": name, "recall": recall}
        for version, scores in measured
        for name, recall in scores.recalls.items()
        if recall is not None
    ]
    classes: list[Label] = list(
        dict.fromkeys(name for _version, scores in measured for name in scores.recalls)
    )
    x = {"field": "version", "type": "ordinal", "sort": None, "title": None, "axis": {"labelAngle": 0}}
    y = {"field": "class", "type": "nominal", "sort": classes, "title": _("class")}
    return {
        "height": max(120, 26 * len(classes)),
        "data": {"values": cells},
        "layer": [
            {
                "mark": {"type": "rect", "cornerRadius": 3},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": {
                        "field": "recall",
                        "type": "quantitative",
                        "legend": None,
                        "scale": {"domain": [0.5, 1], "clamp": True, "scheme": "teals"},
                    },
                    "tooltip": [
                        {"field": "version", "title": _("version")},
                        {"field": "class", "title": _("class")},
                        {"field": "recall", "title": _("recall"), "type": "quantitative", "format": ".1%"},
                    ],
                },
            },
            {
                "mark": {"type": "text", "fontSize": 11, "tooltip": None},
                "encoding": {
                    "x": x,
                    "y": y,
                    "text": {"field": "recall", "type": "quantitative", "format": ".0%"},
                    "color": {
                        "condition": {"test": "datum.recall > 0.85", "value": "white"},
                        "value": colours.INK_ON_DARK if dark else colours.INK_ON_LIGHT,
                    },
                },
            },
        ],
    }
