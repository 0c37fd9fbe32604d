"""``trainplat gpu quota show``: each quota, and what is used of it."""

from typing import Any

import click

from resources.gpu.lending_store import LendsNow
from resources.gpu.policy.amounts import ANY_DEVICE, CPU_MILLI, HOST_MEMORY_MIB, Resource, shown
from resources.gpu.policy.quota_file import write_quotas
from resources.gpu.policy.quota_lines import SCOPES, Line, lines_of
from resources.gpu.policy.quota_model import Scope
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.budgets import budget_document, show_budgets
from trainplat_cli.commands.gpu.shown import gpu_service, usage_service
from trainplat_cli.output import out, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _

_NAMES = {ANY_DEVICE: mark("any device"), CPU_MILLI: mark("CPUs"), HOST_MEMORY_MIB: mark("memory")}
_UNITS = {HOST_MEMORY_MIB: HOST_MEMORY_MIB}
"""The others are told without a unit: their column says what they are of."""


@click.command(cls=Command, help=mark("Show each quota, and how much of it is used, owed and borrowed."))
@option("--yaml", "as_yaml", is_flag=True, help=mark("Print the file that `trainplat gpu quota set` reads."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def show(as_yaml: bool, as_json: bool) -> None:
    """Show the quotas with the use of the live leases."""
    if as_yaml and as_json:
        raise click.UsageError(_("--yaml and --json exclude each other"))
    service = gpu_service()
    if as_yaml:
        click.echo(write_quotas(service.quotas()), nl=False)
        return
    tree = service.quotas_in_use()
    lines = list(lines_of(tree, service.quotas()))
    lent = service.lending()
    if as_json:
        budgets = usage_service().budgets()
        print_json(
            {
                "quotas": [
                    _document(line, lent.get((line.account.party, line.account.resource))) for line in lines
                ],
                "budgets": [budget_document(one) for one in budgets],
            }
        )
        return
    if not tree.rows.quotas and not tree.rows.budgets:
        out().print(
            _(
                "No quota is set: everybody may use everything. docs/gpu-policy.md shows the form of a file "
                "of quotas, `trainplat gpu quota set FILE` sets it."
            )
        )
        return
    if tree.rows.quotas:
        titles = (_("party"), _("resource"), _("used"), _("nominal"), _("borrowed"), _("lent"), _("limit"))
        show_table(
            (*titles, _("cohort"), _("borrows at most"), _("lends at most")),
            [_cells(line, lent.get((line.account.party, line.account.resource))) for line in lines],
        )
    if tree.rows.quotas and tree.rows.budgets:
        out().print()
    if tree.rows.budgets:
        show_budgets(usage_service().budgets())


def _document(line: Line, lends: LendsNow | None) -> dict[str, Any]:
    account, row = line.account, line.row
    return {
        "scope": account.party.scope,
        "name": account.party.name,
        "user": account.party.user,
        "parent": None if line.parent is None else line.parent.name,
        "weight": line.weight,
        "resource": account.resource,
        "unit": "MiB" if account.resource == HOST_MEMORY_MIB else "thousandths",
        "used": account.used,
        "nominal": line.nominal,
        "borrowed": line.borrowed,
        "lent": line.lent,
        "borrowing_limit": None if row is None else row.borrowing_limit,
        "lending_limit": None if row is None else row.lending_limit,
        "limit": line.limit,
        "lends_now": None if lends is None else lends.limit,
        "lending_reason": None if lends is None else f"{lends.reason.rule}: {lends.reason.text}",
    }


def _cells(line: Line, lends: LendsNow | None) -> tuple[str, ...]:
    account, row = line.account, line.row

    def said(amount: int | None, without: str = "-") -> str:
        return without if amount is None else shown(_UNITS.get(account.resource, ANY_DEVICE), amount)

    above = line.parent.name if line.parent is not None and line.parent.scope is Scope.COHORT else "-"
    lending = said(None if row is None else row.lending_limit, _("all"))
    if lends is not None:
        lending = _("{amount}, {now} now").format(amount=lending, now=said(lends.limit))
    return (
        f"{_(SCOPES[account.party.scope])} {account.party.path}",
        _(_NAMES.get(account.resource, account.resource)),
        said(account.used),
        said(line.nominal),
        said(line.borrowed or None),
        said(line.lent or None),
        said(line.limit, _("no limit")),
        above,
        said(None if row is None else row.borrowing_limit, _("no limit")),
        lending,
    )


def amount_of(resource: Resource, amount: int) -> str:
    """An amount with its unit; of any device it says so."""
    said = shown(resource, amount)
    return _("{count} of any device").format(count=said) if resource == "*" else said
