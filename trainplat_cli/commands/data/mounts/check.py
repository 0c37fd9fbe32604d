"""``trainplat data mounts check``."""

import click

from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.mounts.shown import choice_document, mount_service, show_choice
from trainplat_cli.output import print_json


@click.command(
    cls=Command, help=mark("Say on what a run would get the mount point NAME now, and why not on the others.")
)
@click.argument("name")
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def check(name: str, as_json: bool) -> None:
    """Check it; nothing is given."""
    choice = mount_service().check(name)
    if as_json:
        print_json(choice_document(choice))
    else:
        show_choice(choice)
