"""``trainplat data tier``: where versions lie that nobody uses. One module for each command."""

import click

from resources.texts import mark
from trainplat_cli.command import Group

COMMANDS = ("status", "set", "rule", "plan", "apply", "recall", "pin")
WITH_OTHER_NAMES = {"set": "setting"}
"""Commands that no module can be named after."""


@click.group(
    cls=Group,
    modules={name: f"{__name__}.{WITH_OTHER_NAMES.get(name, name)}" for name in COMMANDS},
    help=mark("Where versions lie that nobody uses, packed at cheaper places, and what that costs."),
)
def tier() -> None:
    """Hold the commands."""
