"""``trainplat gpu usage``: GPU-hours by project, user, model and day, and what they cost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from resources.clock import utc_now
from resources.gpu.policy.amounts import hours_shown
from resources.gpu.usage.model import By, UsageLine, UsageReport
from resources.gpu.usage.report import as_csv
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.budgets import budget_document, show_budgets
from trainplat_cli.commands.gpu.shown import cost_document, cost_text, usage_service
from trainplat_cli.output import out, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _

USUAL = timedelta(days=30)
_TITLES = {
    By.PROJECT: mark("project"),
    By.USER: mark("user"),
    By.MODEL: mark("device model"),
    By.DAY: mark("day"),
}


def _day(ctx: click.Context, parameter: click.Parameter, text: str | None) -> datetime | None:  # noqa: ARG001
    """A callback: a day, or a moment of one, in UTC."""
    if text is None:
        return None
    try:
        told = datetime.fromisoformat(text)
    except ValueError as problem:
        raise click.BadParameter(
            _("{text!r} is no day; expected one such as 2026-01-31, or 2026-01-31T09:00:00").format(text=text)
        ) from problem
    return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)


@click.command(cls=Command, help=mark("Show what was used: GPU-hours by project, user, model or day."))
@option(
    "--by",
    "by",
    type=click.Choice([one.value for one in By]),
    multiple=True,
    default=(By.PROJECT.value,),
    show_default=True,
    help=mark("By what use is told apart; may be given several times."),
)
@option(
    "--since", callback=_day, metavar="DATE", help=mark("From this day on, in UTC. [default: 30 days ago]")
)
@option(
    "--until", callback=_day, metavar="DATE", help=mark("Up to the beginning of this day. [default: now]")
)
@option(
    "--budgets", is_flag=True, help=mark("Show the budgets instead: used, committed, left, and until when.")
)
@option("--csv", "as_table", is_flag=True, help=mark("Print a file for a spreadsheet."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def usage(
    by: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    budgets: bool,
    as_table: bool,
    as_json: bool,
) -> None:
    """Show the use of the leases, ended and live."""
    if as_table and as_json:
        raise click.UsageError(_("--csv and --json exclude each other"))
    if budgets and as_table:
        raise click.UsageError(_("--csv and --budgets exclude each other"))
    if budgets:
        _budgets(as_json=as_json)
        return
    chosen = tuple(dict.fromkeys(By(one) for one in by))
    began = utc_now() - USUAL if since is None else since
    told = usage_service().report(began, until, by=chosen)
    if as_table:
        click.echo(as_csv(told), nl=False)
        return
    if as_json:
        print_json(_document(told))
        return
    _show(told, chosen)


def _budgets(*, as_json: bool) -> None:
    found = usage_service().budgets()
    if as_json:
        print_json({"budgets": [budget_document(one) for one in found]})
    elif found:
        show_budgets(found)
    else:
        out().print(
            _("No budget is set. docs/gpu-policy.md shows how a file of quotas says it with the key budget.")
        )


def _document(told: UsageReport) -> dict[str, Any]:
    return {
        "since": told.since,
        "until": told.until,
        "usage": [_line(line) for line in told.lines],
        "total": _line(told.total),
    }


def _line(line: UsageLine) -> dict[str, Any]:
    return {
        "project": line.project,
        "user": line.user,
        "model": line.model,
        "day": None if line.day is None else line.day.isoformat(),
        "gpu_hours": round(line.gpu_hours, 6),
        "slot_hours": round(line.slot_hours, 6),
        "leases": line.leases,
        **cost_document(line.cost),
    }


def _show(told: UsageReport, by: tuple[By, ...]) -> None:
    if not told.lines:
        out().print(_("Nobody held a device in that time. `--since` looks back further."))
        return
    has_cost = told.total.cost is not None
    titles = [*(_(_TITLES[one]) for one in by), _("GPU-hours"), _("CPU slot hours"), _("leases")]
    rows = [_cells(line, by, has_cost) for line in told.lines]
    rows.append((_("in all"), *[""] * (len(by) - 1), *_figures(told.total, has_cost)))
    show_table((*titles, *([_("cost")] if has_cost else [])), rows)


def _cells(line: UsageLine, by: tuple[By, ...], has_cost: bool) -> tuple[str, ...]:
    said = {By.PROJECT: line.project, By.USER: line.user, By.MODEL: line.model, By.DAY: line.day}
    return (*(str(said[one]) for one in by), *_figures(line, has_cost))


def _figures(line: UsageLine, has_cost: bool) -> tuple[str, ...]:
    figures = (hours_shown(line.gpu_hours), hours_shown(line.slot_hours), str(line.leases))
    return (*figures, cost_text(line.cost)) if has_cost else figures
