"""``trainplat data``: versions of data, and work trees of them. One module for each command."""

import click

from resources.texts import mark
from trainplat_cli.command import Group

COMMANDS = (
    "commit",
    "log",
    "show",
    "diff",
    "restore",
    "tag",
    "licence",
    "branch",
    "merge",
    "conflicts",
    "resolve",
    "retire",
    "delete",
    "pin",
    "release",
    "train",
    "lock",
    "locks",
    "space",
    "verify",
    "scrub",
    "gc",
    "retention",
    "du",
    "upload",
    "mounts",
    "export",
    "remote",
    "push",
    "pull",
    "tier",
    "status",
)
WITH_OTHER_NAMES = {"import": "importing"}
"""Commands that no module can be named after."""


@click.group(
    cls=Group,
    modules={name: f"{__name__}.{name}" for name in COMMANDS}
    | {name: f"{__name__}.{module}" for name, module in WITH_OTHER_NAMES.items()},
    help=mark("Versions of data: commit folders, compare versions, give them out, merge them."),
)
def data() -> None:
    """Hold the commands."""
