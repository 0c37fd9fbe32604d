"""``trainplat data remote add``: name a place that keeps versions."""

import click

from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.remote.shown import remote_document
from trainplat_cli.commands.data.shown import current_actor, place_service
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Call the place at URL, s3://bucket/prefix or the path of a folder, NAME. Credentials are those of "
        "the environment or of a profile of AWS, each time; they are not kept."
    ),
)
@click.argument("name")
@click.argument("url")
@option("--endpoint", metavar="URL", help=mark("Of what speaks like S3, where it is not AWS."))
@option("--profile", metavar="NAME", help=mark("The profile of AWS whose credentials to take."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def add(name: str, url: str, endpoint: str | None, profile: str | None, as_json: bool) -> None:
    """Add it."""
    added = place_service().add(name, url, current_actor(), endpoint=endpoint, profile=profile)
    if as_json:
        print_json(remote_document(added))
    else:
        said = _("{remote} is {url}. Next: trainplat data remote check {remote}")
        click.echo(said.format(remote=added.name, url=added.url))
