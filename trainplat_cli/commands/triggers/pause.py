"""``trainplat triggers pause``: let nothing start by itself for a data set."""

import click

from resources.data.service import DataService
from resources.data.versions.naming import checked_dataset
from resources.home import Home
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.triggers.shown import (
    KINDS,
    WHAT,
    chosen,
    current_actor,
    pause_document,
    trigger_service,
)
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark("Let no training of DATASET start by itself, or no question be sent; by hand both go on."),
)
@click.argument("dataset")
@option(
    "--what",
    type=click.Choice(WHAT),
    default="training",
    show_default=True,
    help=mark("What is paused: training, asking or both."),
)
@option("--reason", required=True, metavar="TEXT", help=mark("Why, for those who look."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def pause(dataset: str, what: str, reason: str, as_json: bool) -> None:
    """Pause."""
    of, service, actor = checked_dataset(dataset), trigger_service(), current_actor()
    home = Home.from_environment()
    DataService(home, home.database()).newest_begun(of)  # a data set that is not there is told of
    made = [service.pause(of, one, reason, actor) for one in chosen(what)]
    if as_json:
        print_json({"pauses": [pause_document(one) for one in made]})
        return
    for one in made:
        out().print(_("{what} of {dataset} is paused.").format(what=_(KINDS[one.what]), dataset=of))
