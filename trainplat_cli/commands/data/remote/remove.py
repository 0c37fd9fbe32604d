"""``trainplat data remote remove``: forget a remote."""

import click

from resources.texts import mark
from trainplat_cli.command import Command
from trainplat_cli.commands.data.shown import current_actor, place_service
from trainplat_cli.texts import _


@click.command(cls=Command, help=mark("Forget the remote NAME. What it keeps stays there."))
@click.argument("name")
def remove(name: str) -> None:
    """Forget it."""
    place_service().remove(name, current_actor())
    click.echo(_("{remote} is no remote any more; what it keeps stays there.").format(remote=name))
