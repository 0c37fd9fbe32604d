"""``trainplat triggers``: when data sets train again, and why not yet. One module for each command."""

import click

from resources.texts import mark
from trainplat_cli.command import Group

COMMANDS = ("show", "pause", "resume")


@click.group(
    cls=Group,
    modules={name: f"{__name__}.{name}" for name in COMMANDS},
    help=mark("When data sets train again by themselves, and why not yet."),
)
def triggers() -> None:
    """Hold the commands."""
