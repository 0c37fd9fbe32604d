"""One cell of a confusion: both models' tables side by side, of which a click, or the list, picks one."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from resources.kinds import Kind
from resources.registry.comparing.samples import BothSaid, in_cell
from resources.registry.evaluations.model import Measurement, TestAnswers
from resources.terms import Label
from streamlit_app import charts, colours
from streamlit_app.models.compared import Compared

OLD, NEW = "old", "new"
UNMARKED = Label("(nothing)")
_PICK, _OF, _CELL, _ARROW = "pick", "of", "cell", " → "


@dataclass(frozen=True)
class Side:
    """The confusion of one of the two models."""

    of: str
    measured: Measurement
    labels: tuple[Label, ...]

    def cells(self) -> dict[str, int]:
        """How many samples are in each that has any: mistakes first, the most frequent at the top."""
        found = [
            (true == said, -count, true, said)
            for true, row in zip(self.labels, self.measured.confusion, strict=True)
            for said, count in zip(self.labels, row, strict=True)
            if count and not true == said == UNMARKED
        ]
        return {f"{true}{_ARROW}{said}": -less for _right, less, true, said in sorted(found)}


def choose(
    compared: Compared, kind: Kind, other: Measurement, old: TestAnswers | None, new: TestAnswers
) -> list[BothSaid]:
    """Ask for a cell; the samples in it, with what both models said."""
    _ = compared.translate
    sides = {NEW: Side(NEW, other, _labels(kind, new))}
    if old is not None and other.number != compared.baseline.number:
        sides = {OLD: Side(OLD, compared.baseline, _labels(kind, old))} | sides
    side = sides.get(st.query_params.get(_OF, NEW), sides[NEW])
    place, counts = st.empty(), side.cells()
    chosen = st.selectbox(
        _("True → said by model {number}").format(number=side.measured.number),
        list(counts),
        key=_CELL,
        bind="query-params",
        persist_state="page",
        width=320,
        help=_("Or click on a cell. Mistakes come first, the most frequent at the top."),
    )
    with place.container():
        for column, one in zip(st.columns(len(sides)), sides.values(), strict=True):
            with column:
                _table(compared, one, chosen if one is side else None)
    st.caption(_("{count} in this cell.").format(count=f"{counts[chosen]:,}"))
    true, said = map(Label, chosen.split(_ARROW, 1))
    return in_cell(kind, old, new, true, said, of_old=side.of == OLD)


def _table(compared: Compared, side: Side, chosen: str | None) -> None:
    _, number = compared.translate, side.measured.number
    name = _("Confusion of model {number}").format(number=compared.name(side.measured))
    st.markdown(f"**{name}**")
    chart = charts.confusion(side.measured.confusion, side.labels, _, dark=compared.reader.dark)
    key = f"cells-{side.of}-{number}-{chosen}"  # a new choice is a new chart, of which any cell may be next
    st.vega_lite_chart(
        pickable(chart, chosen, dark=compared.reader.dark),
        alt=name,
        key=key,
        on_select=lambda: _picked(key, side.of),
        selection_mode=_PICK,
    )


def pickable(chart: dict[str, Any], chosen: str | None, *, dark: bool) -> dict[str, Any]:
    """The chart with cells that can be clicked on, and a frame around the one that is chosen."""
    cells, *rest = chart["layer"]
    pick = {"name": _PICK, "select": {"type": "point", "fields": ["true", "predicted"], "toggle": False}}
    layers = [{**cells, "mark": {**cells["mark"], "cursor": "pointer"}, "params": [pick]}, *rest]
    if chosen is not None:
        true, said = chosen.split(_ARROW, 1)
        tone = colours.INK_ON_DARK if dark else colours.INK_ON_LIGHT
        frame = {
            "data": {"values": [{"true": true, "predicted": said}]},
            "mark": {"type": "rect", "filled": False, "stroke": tone, "strokeWidth": 2, "cornerRadius": 3},
            "encoding": {axis: cells["encoding"][axis] for axis in ("x", "y")},
        }
        layers.append(frame)
    return {**chart, "layer": layers}


def _picked(key: str, of: str) -> None:
    """What was clicked on becomes what is chosen."""
    for one in st.session_state[key]["selection"].get(_PICK, []):
        st.session_state[_CELL] = f"{one['true']}{_ARROW}{one['predicted']}"
        st.query_params[_OF] = of


def _labels(kind: Kind, said: TestAnswers) -> tuple[Label, ...]:
    return said.classes if kind.has_one_class else (*said.classes, UNMARKED)
