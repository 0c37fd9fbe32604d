"""``trainplat data space``: a user's own work tree of a version. One module for each command."""

import click

from resources.texts import mark
from trainplat_cli.command import Group

COMMANDS = ("create", "list", "open", "commit", "remove")


@click.group(
    cls=Group,
    modules={name: f"{__name__}.{name}" for name in COMMANDS},
    help=mark("Work trees of versions that share their content until you write."),
)
def space() -> None:
    """Hold the commands."""
