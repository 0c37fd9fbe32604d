"""``trainplat structure``: a search for a better structure of a champion. One module for each command."""

import click

from resources.texts import mark
from trainplat_cli.command import Group

COMMANDS = ("search", "show")


@click.group(
    cls=Group,
    modules={name: f"{__name__}.{name}" for name in COMMANDS},
    help=mark("Search for a better structure of the champion, and see what was found."),
)
def structure() -> None:
    """Hold the commands."""
