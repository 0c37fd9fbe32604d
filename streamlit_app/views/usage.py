"""Usage: GPU-hours by day, by whom, what they cost, and how the budgets burn down."""

from datetime import datetime

import streamlit as st

from resources.gpu.policy.amounts import hours_shown
from resources.gpu.usage.model import BudgetStanding, By
from resources.texts import mark
from streamlit_app import colours, frame, pieces
from streamlit_app.gpu import budgets, charts, squares
from streamlit_app.reader import Reader, current_reader
from streamlit_app.readings.source import open_home
from streamlit_app.readings.usage import Usage, name_of, read_budgets, read_usage

DAYS = (7, 30, 90)
KINDS = {By.PROJECT: mark("project"), By.USER: mark("user"), By.MODEL: mark("model")}


def page() -> None:
    """Draw the page, and keep it fresh."""
    frame.live(_draw, "usage")


@frame.cached
def _read(_place: str, days: int, by: By) -> Usage:
    return read_usage(*open_home(), days, by)


@frame.cached
def _budgets(_place: str) -> tuple[tuple[BudgetStanding, ...], datetime]:
    return read_budgets(*open_home())


def _draw() -> None:
    reader = current_reader()
    _ = reader.translate
    note = frame.head(reader, _("Usage"))
    with frame.guarded(reader):
        place = frame.place()
        days, by = _choose(reader)
        usage = _read(place, days, by)
        frame.refreshed(note, reader, usage.read_at)
        _hours(reader, usage)
        st.subheader(_("Budgets"), anchor=False)
        budgets.draw(reader, *_budgets(place))


def _choose(reader: Reader) -> tuple[int, By]:
    _, ngettext = reader.translate, reader.plural
    row = st.container(horizontal=True)
    days = row.selectbox(
        _("Time"),
        DAYS,
        index=1,
        key="days",
        width=200,
        format_func=lambda one: ngettext("last day", "last {count} days", one).format(count=one),
    )
    by = row.selectbox(_("By"), list(KINDS), key="by", width=200, format_func=lambda one: _(KINDS[one]))
    return days, by


def _hours(reader: Reader, usage: Usage) -> None:
    _ = reader.translate
    total = usage.in_all.total
    if not total.leases:
        with st.container(border=True):
            st.subheader(_("Nothing was used in this time"), anchor=False)
            st.markdown(_("Each lease counts from the moment its devices are given until they are back."))
            st.code("trainplat gpu status", language="bash")
        return
    numbers = {
        _("GPU-hours") if usage.has_gpus else _("Slot-hours"): hours_shown(usage.hours(total)),
        _("Leases"): f"{total.leases:,}",
        _("Cost"): "–" if total.cost is None else total.cost.text,
    }
    frame.show_numbers(numbers)
    if total.cost is None:
        st.caption(_("A file `prices.yaml` in the home gives prices, and then costs are shown."))
    elif total.cost.unpriced:
        names = _(", ").join(total.cost.unpriced)
        st.warning(_("Without a price, and not in the cost: {models}").format(models=names))
    chart = charts.hours_by_day(usage.by_day.lines, usage.by, usage.hours, usage.days, _)
    st.vega_lite_chart(chart, alt=_("Hours by day"), key="hours")
    heads = [_(KINDS[usage.by]).capitalize(), _("Hours"), _("Share"), _("Leases"), _("Cost")]
    rows = []
    for line in sorted(usage.in_all.lines, key=usage.hours, reverse=True):
        name = name_of(line, usage.by)
        pct = 100 * usage.hours(line) / usage.hours(total) if usage.hours(total) else 0.0
        share = squares.gauge(pct, f"{pct:.0f} %", colours.of_owner(name))
        cost = "–" if line.cost is None else line.cost.text
        rows.append([pieces.text(name), f"{usage.hours(line):,.2f}", share, f"{line.leases:,}", cost])
    st.html(pieces.table(heads, rows, numbers=frozenset({1, 3, 4})))
    frame.download(_("Download as CSV"), usage.csv, "usage.csv")


if __name__ == "__main__":
    page()
