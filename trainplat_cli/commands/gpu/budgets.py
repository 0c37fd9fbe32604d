"""How budgets are shown: to people as a table, to machines as flat objects."""

from typing import Any

from resources.gpu.policy.amounts import hours_shown
from resources.gpu.policy.quota_model import PeriodKind
from resources.gpu.usage.model import BudgetStanding
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


def show_budgets(budgets: list[BudgetStanding]) -> None:
    """Print budgets as a table; the last column says when one is used up, or will be."""
    titles = (_("budget of"), _("GPU-hours for"), _("budget"), _("used"), _("committed"), _("remaining"))
    show_table((*titles, _("at this pace"), _("because")), [_row(one) for one in budgets])


def budget_document(one: BudgetStanding) -> dict[str, Any]:
    """A budget for machines; its sentence is in English."""
    state, row = one.state, one.state.row
    return {
        "scope": state.party.scope,
        "name": state.party.name,
        "user": state.party.user,
        "period": row.period.key,
        "zone": row.period.zone,
        "begins": state.begins,
        "ends": state.ends,
        "gpu_hours": row.gpu_hours,
        "used_hours": round(state.used_hours, 6),
        "committed_hours": round(one.committed_hours, 6),
        "left_hours": round(state.left_hours, 6),
        "free_hours": round(one.free_hours, 6),
        "open_ended_leases": one.open_ended,
        "pace": round(state.pace, 6),
        "projected_hours": round(one.projected_hours, 6),
        "runs_out_at": state.runs_out_at,
        "over": state.is_over,
        "rule": None if state.reason is None else state.reason.rule,
        "reason": None if state.reason is None else state.reason.text,
        "burn_down": [
            {"day": at.day.isoformat(), "used_hours": round(at.used_hours, 6)} for at in one.burn_down
        ],
    }


def _row(one: BudgetStanding) -> tuple[str, ...]:
    state, period = one.state, one.state.row.period
    if period.kind is PeriodKind.MONTH:
        first, last = state.first_and_last_day
        lasts = f"{first} – {last}"
    else:
        lasts = _("the last {days} days").format(days=period.days)
    because = "-" if state.reason is None else f"{state.reason.rule}: {state.reason.translated(_)}"
    hours = (
        state.row.gpu_hours,
        state.used_hours,
        one.committed_hours,
        state.left_hours,
        one.projected_hours,
    )
    return (state.party.path, lasts, *(hours_shown(figure) for figure in hours), because)
