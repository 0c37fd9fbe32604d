"""``trainplat gpu``: who gets which devices, and what a request means. One module for each command."""

import click

from resources.texts import mark
from trainplat_cli.command import Group

COMMANDS = (
    "status",
    "queue",
    "explain",
    "simulate",
    "allocate",
    "release",
    "reserve",
    "history",
    "usage",
    "quota",
    "rebalance",
    "drain",
    "doctor",
    "parse",
)


@click.group(
    cls=Group,
    modules={name: f"{__name__}.{name}" for name in COMMANDS},
    help=mark("Who gets the GPUs, and why."),
)
def gpu() -> None:
    """Hold the commands."""
