"""``trainplat data retention``: which versions are kept. One module for each command."""

import click

from resources.texts import mark
from trainplat_cli.command import Group

COMMANDS = ("show", "set", "plan", "apply")


@click.group(
    cls=Group,
    modules={name: f"{__name__}.{name}" for name in COMMANDS},
    help=mark("Rules of what is kept: old versions are retired, never deleted, and old branches closed."),
)
def retention() -> None:
    """Hold the commands."""
