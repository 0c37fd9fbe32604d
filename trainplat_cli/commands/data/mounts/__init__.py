"""``trainplat data mounts``: mount points of pipelines. One module for each command."""

import click

from resources.texts import mark
from trainplat_cli.command import Group

COMMANDS = ("list", "declare", "check", "remove")


@click.group(
    cls=Group,
    modules={name: f"{__name__}.{name}" for name in COMMANDS},
    help=mark("Mount points of pipelines: declared once, given to a run after a check, cleaned up after it."),
)
def mounts() -> None:
    """Hold the commands."""
