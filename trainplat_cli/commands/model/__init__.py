"""``trainplat model``: models by name and tag, and what is live. One module for each command."""

import click

from resources.texts import mark
from trainplat_cli.command import Group

COMMANDS = (
    *("run", "ps", "serve", "stop"),
    *(
        "list",
        "show",
        "gates",
        "diff",
        "compare",
        "pull",
        "cp",
        "rm",
        "promote",
        "rollback",
        "history",
        "scaling",
    ),
)


@click.group(
    cls=Group,
    modules={name: f"{__name__}.{name}" for name in COMMANDS},
    help=mark(
        "Models, by name and tag such as digits, digits:champion, digits:v1.3, digits:7 or the beginning of "
        "a digest; and what is live."
    ),
)
def model() -> None:
    """Hold the commands."""
