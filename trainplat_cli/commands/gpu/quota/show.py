"""``trainplat gpu quota show``: each quota, and what is used of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from resources.gpu.policy.amounts import HOST_MEMORY_MIB, Resource, shown
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_file import completed, write_quotas
from resources.gpu.policy.quota_model import Account, Party, QuotaRow, Scope
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import gpu_service, show_table
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _

SCOPES = {Scope.COHORT: mark("cohort"), Scope.PROJECT: mark("project"), Scope.USER: mark("user")}


@dataclass(frozen=True)
class Line:
    """A quota, or the use of somebody who has none of their own, with the figures of its account."""

    account: Account
    row: QuotaRow | None
    parent: Party | None
    weight: float


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
    lines = list(lines_of(tree))
    if as_json:
        print_json({"quotas": [_document(line) for line in lines]})
        return
    if not tree.rows.quotas:
        out().print(
            _(
                "No quota is set: everybody may use everything. docs/gpu-policy.md shows the form of a file "
                "of quotas, `trainplat gpu quota set FILE` sets it."
            )
        )
        return
    titles = (_("party"), _("cohort"), _("used"), _("nominal"), _("borrowed"), _("borrows at most"))
    show_table((*titles, _("lends at most"), _("limit")), [_cells(line) for line in lines])


def lines_of(tree: QuotaTree) -> Iterator[Line]:
    """Each party by each resource that a row of it speaks of, or of which it uses what some row limits."""
    rows = {(row.party, row.resource): row for row in tree.rows.quotas}
    named = [one.party for one in completed(tree.rows).memberships]
    parties = [*tree.parties(), *(party for party in named if party not in tree.parties())]
    for party in parties:
        for resource in tree.resources:
            account = tree.account(party, resource)
            row = rows.get((party, resource))
            if row is not None or (account.used and account.limit is not None):
                yield Line(account, row, tree.parent(party), tree.weight(party))


def _document(line: Line) -> dict[str, Any]:
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
        "nominal": account.nominal,
        "borrowed": account.borrowed,
        "borrowing_limit": None if row is None else row.borrowing_limit,
        "lending_limit": None if row is None else row.lending_limit,
        "limit": account.limit,
    }


def _cells(line: Line) -> tuple[str, ...]:
    account, row = line.account, line.row

    def said(amount: int | None, without: str) -> str:
        return without if amount is None else amount_of(account.resource, amount)

    above = line.parent.name if line.parent is not None and line.parent.scope is Scope.COHORT else "-"
    own = account.nominal if row is None or account.party.scope is not Scope.USER else row.nominal
    return (
        f"{_(SCOPES[account.party.scope])} {account.party.path}",
        above,
        said(account.used, "-"),
        said(own, "-"),
        said(account.borrowed, "-") if account.borrowed else "-",
        said(None if row is None else row.borrowing_limit, _("no limit")),
        said(None if row is None else row.lending_limit, _("all")),
        said(account.limit, _("no limit")),
    )


def amount_of(resource: Resource, amount: int) -> str:
    """An amount with its unit; of any device it says so."""
    said = shown(resource, amount)
    return _("{count} of any device").format(count=said) if resource == "*" else said
