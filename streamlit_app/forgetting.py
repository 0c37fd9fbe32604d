"""What the model of each version knows of each task: a heat table, and in words what was forgotten."""

from typing import Any

import streamlit as st

from resources.learning.continual.forgetting import VersionMatrix
from resources.texts import Translate
from streamlit_app import colours, frame, wording
from streamlit_app.reader import Reader

SHOWN_VERSIONS = 20
LEAST_LOST = 0.0005  # what is still seen in a percentage with one decimal
Chart = dict[str, Any]


def draw(reader: Reader, matrix: VersionMatrix | None) -> None:
    """The section of a page; what is missing where nothing can be told yet."""
    _ = reader.translate
    st.subheader(_("What is still known of each task"), anchor=False)
    if matrix is None or not matrix.forgotten:
        st.caption(
            _("One version is measured so far: what is forgotten shows once another was trained on from it.")
        )
        return
    st.caption(
        _(
            "A task is the classes that a version was the first to have test samples of; a cell is the share "
            "of them that the model of a version finds. A ring marks the best model of each task."
        )
    )
    frame.show_numbers(
        {
            _("Forgotten, mean of the tasks"): wording.points(-matrix.forgetting, _),
            _("Gained since learnt, mean of the tasks"): wording.points(matrix.backward_transfer, _),
        }
    )
    st.vega_lite_chart(
        heat_table(matrix, _, dark=reader.dark),
        alt=_("Share of each task that the model of each version finds"),
        key="forgetting",
    )
    for sentence in sentences(matrix, _):
        st.markdown(sentence)


def sentences(matrix: VersionMatrix, _: Translate) -> list[str]:
    """The tasks of which the newest model knows less than one before it, what was lost the most first."""
    lost = sorted((one for one in matrix.forgotten if one.lost >= LEAST_LOST), key=lambda one: -one.lost)
    if not lost:
        return [
            _("Nothing is forgotten: of each earlier task the newest model knows as much as any before it.")
        ]
    text = _("{task}: the newest model finds {now}, that of {version} found {best} ({lost}).")
    return [
        text.format(
            task=f"**{one.task}**",
            now=f"{one.now:.1%}",
            version=one.best_version,
            best=f"{one.best:.1%}",
            lost=wording.points(-one.lost, _),
        )
        for one in lost
    ]


def heat_table(matrix: VersionMatrix, _: Translate, *, dark: bool = False) -> Chart:
    """A row for each version, the newest at the bottom; a column for each task."""
    rows = matrix.rows[-SHOWN_VERSIONS:]
    cells = [
        {"version": row.version, "task": name, "share": share, "best": share == matrix.best(task)}
        for row in rows
        for task, name in enumerate(matrix.tasks)
        if (share := row.on(task)) is not None
    ]
    side = {"orient": "top", "labelAngle": 0, "labelLimit": 220}
    x = {"field": "task", "type": "nominal", "sort": list(matrix.tasks), "title": _("task"), "axis": side}
    y = {"field": "version", "type": "nominal", "sort": [row.version for row in rows], "title": _("model of")}
    tooltip = [
        {"field": "version", "title": _("model of")},
        {"field": "task", "title": _("task")},
        {"field": "share", "title": _("found"), "type": "quantitative", "format": ".1%"},
    ]
    ink = colours.INK_ON_DARK if dark else colours.INK_ON_LIGHT
    colour = {
        "field": "share",
        "type": "quantitative",
        "legend": None,
        "scale": {"domain": [0, 1], "scheme": "teals"},
    }
    return {
        "height": max(120, 34 * len(rows)),
        "data": {"values": cells},
        "layer": [
            {
                "mark": {"type": "rect", "cornerRadius": 3},
                "encoding": {"x": x, "y": y, "color": colour, "tooltip": tooltip},
            },
            {
                "transform": [{"filter": "datum.best"}],
                "mark": {"type": "rect", "filled": False, "stroke": colours.CHAMPION, "strokeWidth": 3},
                "encoding": {"x": x, "y": y},
            },
            {
                "mark": {"type": "text", "fontSize": 11, "tooltip": None},
                "encoding": {
                    "x": x,
                    "y": y,
                    "text": {"field": "share", "type": "quantitative", "format": ".1%"},
                    "color": {"condition": {"test": "datum.share > 0.6", "value": "white"}, "value": ink},
                },
            },
        ],
    }
