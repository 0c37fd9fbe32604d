"""``trainplat data mounts remove``."""

import click

from resources.texts import mark
from trainplat_cli.command import Command
from trainplat_cli.commands.data.mounts.shown import mount_service
from trainplat_cli.commands.data.shown import current_actor
from trainplat_cli.texts import _


@click.command(cls=Command, help=mark("Forget the mount point NAME. What is kept there stays."))
@click.argument("name")
def remove(name: str) -> None:
    """Forget it."""
    mount_service().remove(name, current_actor())
    click.echo(_("{name} is no mount point any more; what is kept there stays.").format(name=name))
