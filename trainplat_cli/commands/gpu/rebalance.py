"""``trainplat gpu rebalance``: let projects lend cards that they do not need, and take them back."""

from typing import Any

import click

from resources.gpu.policy.amounts import shown
from resources.gpu.policy.rebalance import Move, MoveKind
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import current_actor, gpu_service
from trainplat_cli.output import out, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _

_KINDS = {
    MoveKind.LEND: mark("lends more"),
    MoveKind.TAKE_BACK: mark("takes back"),
    MoveKind.STAY: mark("stays as it is"),
}


@click.command(
    cls=Command,
    help=mark("Let projects lend the cards that they leave unused, and take back those that they need."),
)
@option("--dry-run", is_flag=True, help=mark("Change nothing; show what would move, and why."))
@option("--undo", is_flag=True, help=mark("Let the lending limits of the quotas hold again."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def rebalance(dry_run: bool, undo: bool, as_json: bool) -> None:
    """Move lending limits by what everybody uses and waits for."""
    if dry_run and undo:
        raise click.UsageError(_("--dry-run and --undo exclude each other"))
    service, actor = gpu_service(), current_actor()
    if undo:
        count = service.stop_lending_rules(actor)
        if as_json:
            print_json({"undone": count})
        else:
            said = _("The lending limits of the quotas hold again; {count} differed.")
            out().print(said.format(count=count))
        return
    moves = service.rebalance(actor, dry_run=dry_run)
    if as_json:
        print_json({"written": not dry_run, "moves": [_document(one) for one in moves]})
        return
    if moves:
        titles = (_("party"), _("change"), _("lent before"), _("lent now"), _("because"))
        show_table(titles, [_row(one) for one in moves])
    else:
        out().print(_("Nothing moves: nobody who waits could be lent more, and nobody is short of its own."))
    if dry_run:
        out().print(_("Nothing was changed. Without --dry-run it would be."))


def _row(move: Move) -> tuple[str, ...]:
    lent = (shown(move.resource, move.from_milli), shown(move.resource, move.to_milli))
    return (
        move.party.path,
        _(_KINDS[move.kind]),
        *lent,
        f"{move.reason.rule}: {move.reason.translated(_)}",
    )


def _document(move: Move) -> dict[str, Any]:
    return {
        "scope": move.party.scope,
        "name": move.party.name,
        "resource": move.resource,
        "kind": move.kind,
        "from": move.from_milli,
        "to": move.to_milli,
        "rule": move.reason.rule,
        "reason": move.reason.text,
    }
