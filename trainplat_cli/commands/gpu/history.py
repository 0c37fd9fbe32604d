"""``trainplat gpu history``: what was decided last, and who had devices before."""

import click

from resources.gpu.model import Lease
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import (
    cost_document,
    cost_text,
    decision_document,
    gpu_service,
    lease_document,
    moment,
    named,
    short,
    show_decisions,
    usage_service,
)
from trainplat_cli.output import duration, out, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _

MOST = 10_000


@click.command(cls=Command, help=mark("Show what was decided last, and who had devices before."))
@option(
    "--limit",
    type=click.IntRange(1, MOST),
    default=20,
    show_default=True,
    metavar="N",
    help=mark("How many of each, the newest first."),
)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def history(limit: int, as_json: bool) -> None:
    """Show the newest decisions and the leases that ended last."""
    service = gpu_service()
    decisions = service.newest_decisions(limit)
    past = service.status(past=limit).past
    usage = usage_service()
    costs = [usage.cost_of([one]) for one in past]
    if as_json:
        print_json(
            {
                "decisions": [decision_document(one) for one in decisions],
                "leases": [
                    lease_document(one) | cost_document(cost) for one, cost in zip(past, costs, strict=True)
                ],
            }
        )
        return
    console = out()
    if not decisions and not past:
        console.print(_("Nothing was decided yet. Start a run with the tag trainplat/gpu, such as 1."))
        return
    console.print(f"[bold]{_('Decisions')}[/bold]")
    show_decisions(decisions)
    console.print(f"\n[bold]{_('Past leases')}[/bold]")
    if not past:
        console.print(_("No lease has ended yet."))
        return
    titles: tuple[str, ...] = (_("run"), _("attempt"), _("owner"), _("request"), _("devices"))
    titles = (*titles, _("held for"), _("given back"))
    rows: list[tuple[str, ...]] = [_row(one) for one in past]
    if any(cost is not None for cost in costs):
        titles = (*titles, _("cost"))
        rows = [(*row[:-1], cost_text(cost), row[-1]) for row, cost in zip(rows, costs, strict=True)]
    show_table((*titles, _("because")), rows)


def _row(lease: Lease) -> tuple[str, ...]:
    released_at = lease.released_at or lease.granted_at
    return (
        short(lease.run_id),
        str(lease.attempt),
        named(lease.owner),
        lease.request.text,
        ", ".join(lease.devices) or "-",
        duration((released_at - lease.granted_at).total_seconds()),
        moment(released_at),
        _(lease.release_reason) if lease.release_reason else "-",
    )
