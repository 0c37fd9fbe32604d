"""``trainplat triggers resume``: let it start by itself again."""

import click

from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.triggers.shown import KINDS, WHAT, chosen, current_actor, trigger_service
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _


@click.command(cls=Command, help=mark("End a pause of DATASET."))
@click.argument("dataset")
@option(
    "--what",
    type=click.Choice(WHAT),
    default="training",
    show_default=True,
    help=mark("What goes on: training, asking or both."),
)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def resume(dataset: str, what: str, as_json: bool) -> None:
    """Resume."""
    of, service, actor = checked_dataset(dataset), trigger_service(), current_actor()
    for one in chosen(what):
        service.resume(of, one, actor)
    if as_json:
        print_json({"dataset": of, "resumed": [one.value for one in chosen(what)]})
        return
    for one in chosen(what):
        out().print(_("{what} of {dataset} goes on by itself.").format(what=_(KINDS[one]), dataset=of))
