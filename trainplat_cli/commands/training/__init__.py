"""``trainplat training``: trainings, how they stand. One module for each command."""

import click

from resources.texts import mark
from trainplat_cli.command import Group

COMMANDS = ("list", "show", "remove")


@click.group(
    cls=Group,
    modules={name: f"{__name__}.{name}" for name in COMMANDS},
    help=mark("Trainings of pipelines and data sets: how they stand, their losses and checkpoints."),
)
def training() -> None:
    """Hold the commands."""
