"""``trainplat data remote list``."""

import click

from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.remote.shown import remote_document
from trainplat_cli.commands.data.shown import place_service
from trainplat_cli.output import print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command("list", cls=Command, help=mark("Show the remotes."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def list(as_json: bool) -> None:  # noqa: A001 - the name of the command
    """Show them."""
    found = place_service().remotes()
    if as_json:
        print_json({"remotes": [remote_document(one) for one in found]})
    elif found:
        rows = [[one.name, one.url, one.endpoint or "-", one.profile or "-"] for one in found]
        show_table([_("remote"), _("address"), _("endpoint"), _("profile")], rows)
    else:
        click.echo(_("There is no remote yet."))
