"""``trainplat gpu``: who gets the GPUs, and why."""

import click

from resources.texts import mark
from trainplat_cli.command import Group

COMMANDS = ("doctor",)


@click.group(
    cls=Group,
    modules={name: f"{__name__}.{name}" for name in COMMANDS},
    help=mark("Who gets the GPUs, and why."),
)
def gpu() -> None:
    """Hold the commands about GPUs."""
