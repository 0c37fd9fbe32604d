"""``trainplat data tier apply``: move what the rules say."""

import click

from resources.data.tiers.moving import Applied
from resources.errors import ExitCode
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.showing import reading_progress
from trainplat_cli.commands.data.shown import bytes_text, current_actor
from trainplat_cli.commands.data.tier.shown import decision_document, tier_service
from trainplat_cli.output import err, print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Move versions to the tiers that the plan says. A pack is read back before anything leaves the "
        "store. Safe beside anybody who works; killed, run it again."
    ),
)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
@click.pass_context
def apply(context: click.Context, as_json: bool) -> None:
    """Move it; the exit code is 1 where something is damaged and was not moved."""
    with reading_progress(as_json=as_json) as progress:
        done = tier_service().apply(current_actor(), progress)
    for name in done.damaged:
        text = _("Object {name} is damaged and was not moved; see trainplat data verify")
        err().print(text.format(name=name), markup=False)
    _show(done, as_json=as_json)
    if done.damaged:
        context.exit(int(ExitCode.FAILED))


def _show(done: Applied, *, as_json: bool) -> None:
    if as_json:
        counts = {name: value for name, value in vars(done).items() if name != "moved"}
        print_json({"moved": [decision_document(one) for one in done.moved]} | counts)
        return
    for one in done.moved:
        said = _("{dataset} {version}: from {before} to {after}.")
        click.echo(
            said.format(
                dataset=one.held.dataset,
                version=one.held.key,
                before=_(one.held.tier.value),
                after=_(one.tier.value),
            )
        )
    said = _("{packs} packs, {size}, were written; {freed} are free in the store.")
    click.echo(
        said.format(
            packs=f"{done.packs:,}", size=bytes_text(done.packed_bytes), freed=bytes_text(done.freed_bytes)
        )
    )
