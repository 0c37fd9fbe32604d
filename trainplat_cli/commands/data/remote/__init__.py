"""``trainplat data remote``: other places that keep versions. One module for each command."""

import click

from resources.texts import mark
from trainplat_cli.command import Group

COMMANDS = ("add", "list", "check", "remove", "replicate")


@click.group(
    cls=Group,
    modules={name: f"{__name__}.{name}" for name in COMMANDS},
    help=mark("Other places that keep versions: buckets of S3, folders of NFS or other disks."),
)
def remote() -> None:
    """Hold the commands."""
