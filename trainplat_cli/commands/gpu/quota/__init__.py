"""``trainplat gpu quota``: who is owed how much. One module for each command."""

import click

from resources.texts import mark
from trainplat_cli.command import Group

COMMANDS = ("show", "set")


@click.group(
    cls=Group,
    modules={name: f"{__name__}.{name}" for name in COMMANDS},
    help=mark("Show or set who is owed how many devices, cores and how much memory."),
)
def quota() -> None:
    """Hold the commands."""
