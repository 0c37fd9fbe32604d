"""``trainplat version``."""

from importlib import metadata

import click

from resources.texts import mark
from trainplat_cli.command import Command


@click.command(cls=Command, help=mark("Print the version."))
def version() -> None:
    """Print the version."""
    click.echo(metadata.version("trainplat"))
