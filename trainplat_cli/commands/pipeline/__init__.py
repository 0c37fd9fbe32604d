"""``trainplat pipeline``: pipelines from templates. One module for each command."""

import click

from resources.texts import mark
from trainplat_cli.command import Group

COMMANDS = ("new", "list", "show", "check", "run", "remove", "schema")
_MODULES = {"list": "listing"}


@click.group(
    cls=Group,
    modules={name: f"{__name__}.{_MODULES.get(name, name)}" for name in COMMANDS},
    help=mark("Pipelines that files declare from templates."),
)
def pipeline() -> None:
    """Hold the commands."""
