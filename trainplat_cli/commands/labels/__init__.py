"""``trainplat labels``: what people answer in Label Studio. One module for each command."""

import click

from resources.texts import mark
from trainplat_cli.command import Group

COMMANDS = ("efficiency", "review", "reconcile")


@click.group(
    cls=Group,
    modules={name: f"{__name__}.{name}" for name in COMMANDS},
    help=mark(
        "Labels that people give: what they bring, which went back, and whether all of them were heard."
    ),
)
def labels() -> None:
    """Hold the commands."""
