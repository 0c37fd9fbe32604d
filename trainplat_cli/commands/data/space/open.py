"""``trainplat data space open``: bring back what a start of the machine took away."""

import click

from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.showing import reading_progress
from trainplat_cli.commands.data.space.shown import space_document, space_service, user_of
from trainplat_cli.output import print_json


@click.command(
    cls=Command,
    help=mark("Open the space NAME again: an overlay has to be mounted anew after a start of the machine."),
)
@click.argument("name")
@option("--user", metavar="USER", help=mark("Whose space it is; for the operator of the home."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def open(name: str, user: str | None, as_json: bool) -> None:  # noqa: A001 - the command's name
    """Open it."""
    with reading_progress(as_json=as_json) as progress:
        found = space_service().open(user_of(user), name, progress=progress)
    if as_json:
        print_json(space_document(found))
    else:
        click.echo(found.path)
