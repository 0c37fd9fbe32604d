"""Budgets of GPU-hours: how each stands, and how it burns down over its period."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import streamlit as st

from resources.gpu.policy.amounts import hours_shown
from resources.gpu.policy.quota_lines import SCOPES
from resources.gpu.policy.quota_model import PeriodKind
from resources.gpu.usage.model import BudgetStanding
from resources.texts import Translate
from streamlit_app import colours, frame, pieces
from streamlit_app.gpu import squares
from streamlit_app.reader import Reader

Chart = dict[str, Any]
CHARTS_TO_A_PAGE = 6
_EXAMPLE = """projects:
  vision:
    budget: 500          # GPU-hours for each calendar month
  speech:
    budget: {7 days: 60} # in the last 7 days, whenever one looks"""


def draw(reader: Reader, budgets: Sequence[BudgetStanding], now: datetime) -> None:
    """A table of all budgets, and a burn-down of each."""
    _ = reader.translate
    if not budgets:
        _nothing_set(_)
        return
    heads = [_("Party"), _("Used"), "", _("Remaining"), _("Committed"), _("At this pace")]
    rows = [_row(reader, one) for one in budgets]
    st.html(
        pieces.table([*heads, _("What that means")], rows, numbers=frozenset({1, 3, 4, 5}))
        + pieces.small(
            _(
                "Committed: what running leases will use by the ends that they declare. "
                "At this pace: what will have been used at the end, if all goes on as in the last day."
            )
        )
    )
    shown = frame.page_of(reader, len(budgets), CHARTS_TO_A_PAGE, "budgets")
    grid = st.grid(2 if len(budgets) > 1 else 1, min_column_width=380)
    for number, one in list(enumerate(budgets))[shown]:
        with grid.container(border=True):
            st.html(f"<b>{pieces.text(_title(one, _))}</b>{pieces.small(period(one, _))}")
            alt = _("What is left of the budget of {who}, day by day").format(who=one.state.party.path)
            st.vega_lite_chart(burn_down(one, now, _), alt=alt, key=f"burn-down-{number}")


def burn_down(one: BudgetStanding, now: datetime, _: Translate) -> Chart:
    """What is left of a budget day by day, the line of even use, and where the present pace leads.

    A rolling period ends now, so nothing is ahead of it. The axis is in the time zone of the browser.
    """
    state = one.state
    budget = state.row.gpu_hours
    left, expected, even = _("remaining"), _("at this pace"), _("even use")
    points = [{"what": left, "at": state.begins.isoformat(), "hours": budget}]
    for point in one.burn_down:
        day_ends = datetime.combine(point.day, time(), UTC) + timedelta(days=1)
        at = min(day_ends, now)
        if at > state.begins:
            points.append({"what": left, "at": at.isoformat(), "hours": budget - point.used_hours})
    points += [
        {"what": even, "at": state.begins.isoformat(), "hours": budget},
        {"what": even, "at": state.ends.isoformat(), "hours": 0.0},
    ]
    lines = {left: (colours.ACTIVE, [1, 0]), even: (colours.IDLE, [2, 3])}
    if state.ends > now:
        points += [
            {"what": expected, "at": now.isoformat(), "hours": budget - state.used_hours},
            {"what": expected, "at": state.ends.isoformat(), "hours": budget - one.projected_hours},
        ]
        is_short = one.projected_hours > budget
        lines[expected] = (colours.TROUBLE if is_short else colours.DONE, [6, 4])
    kinds = list(lines)
    span = state.ends - state.begins
    return {
        "height": 230,
        "data": {"values": points},
        "layer": [
            {
                "mark": {"type": "rule", "color": colours.IDLE, "opacity": 0.6},
                "encoding": {"y": {"datum": 0}},
            },
            {
                "mark": {"type": "line", "strokeWidth": 2.5, "clip": False},
                "encoding": {
                    "x": {
                        "field": "at",
                        "type": "temporal",
                        "title": None,
                        "axis": {
                            "format": "%m-%d" if span > timedelta(days=2) else "%m-%d %H:%M",
                            "labelOverlap": True,
                            "tickCount": 6,
                        },
                    },
                    "y": {
                        "field": "hours",
                        "type": "quantitative",
                        "title": _("GPU-hours"),
                        "scale": {"zero": True},
                        "axis": {"tickCount": 5},
                    },
                    "color": {
                        "field": "what",
                        "type": "nominal",
                        "title": None,
                        "scale": {"domain": kinds, "range": [lines[kind][0] for kind in kinds]},
                        "legend": {
                            "orient": "top",
                            "direction": "horizontal",
                            "symbolType": "stroke",
                        },
                    },
                    "strokeDash": {
                        "field": "what",
                        "type": "nominal",
                        "title": None,
                        "scale": {"domain": kinds, "range": [lines[kind][1] for kind in kinds]},
                    },
                    "tooltip": [
                        {"field": "what", "title": _("line")},
                        {"field": "at", "title": _("time"), "type": "temporal", "format": "%Y-%m-%d %H:%M"},
                        {"field": "hours", "title": _("hours"), "type": "quantitative", "format": ",.4~g"},
                    ],
                },
            },
        ],
    }


def period(one: BudgetStanding, _: Translate) -> str:
    """The time that a budget is for: its days, or how long it looks back."""
    state = one.state
    if state.row.period.kind is PeriodKind.ROLLING:
        return _("the last {days} days").format(days=state.row.period.days)
    first, last = state.first_and_last_day
    return f"{first} – {last}"


def _nothing_set(_: Translate) -> None:
    with st.container(border=True):
        st.markdown(f"**{_('No budget is set')}**")
        st.markdown(
            _(
                "A budget says how many GPU-hours a cohort, project or user may use in a month or in the "
                "last days. Add some to the file of quotas, and set it again:"
            )
        )
        st.code("trainplat gpu quota show --yaml > quotas.yaml", language="bash")
        st.code(_EXAMPLE, language="yaml")
        st.code("trainplat gpu quota set quotas.yaml --dry-run", language="bash")


def _row(reader: Reader, one: BudgetStanding) -> list[str]:
    _, ngettext = reader.translate, reader.plural
    state = one.state
    budget = state.row.gpu_hours
    pct = 100 * state.used_hours / budget if budget else 100.0
    committed = pieces.text(hours_shown(one.committed_hours))
    if one.open_ended:
        text = ngettext("and {count} without an end", "and {count} without an end", one.open_ended)
        committed += pieces.small(text.format(count=one.open_ended))
    means = _("within it") if state.reason is None else f"{state.reason.rule}: {state.reason.translated(_)}"
    whose = f"{_(SCOPES[state.party.scope])} · {period(one, _)}"
    return [
        f'<div class="tp-whole">{pieces.text(state.party.path)}{pieces.small(whose)}</div>',
        pieces.text(f"{hours_shown(state.used_hours)} / {hours_shown(budget)}"),
        squares.gauge(min(pct, 100.0), f"{pct:.0f} %", _tone(one)),
        pieces.text(hours_shown(state.left_hours)),
        committed,
        pieces.text(hours_shown(one.projected_hours)),
        f'<div class="tp-sentence">{pieces.text(means)}</div>',
    ]


def _tone(one: BudgetStanding) -> str:
    if one.state.is_over:
        return colours.TROUBLE
    return colours.PEOPLE if one.state.runs_out_at is not None else colours.DONE


def _title(one: BudgetStanding, _: Translate) -> str:
    said = _("{who}: {left} of {budget} GPU-hours left")
    return said.format(
        who=one.state.party.path,
        left=hours_shown(one.state.left_hours),
        budget=hours_shown(one.state.row.gpu_hours),
    )
