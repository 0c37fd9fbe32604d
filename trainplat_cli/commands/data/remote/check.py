"""``trainplat data remote check``: write, read and remove a small file there."""

import click

from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.remote.shown import remote_document
from trainplat_cli.commands.data.shown import current_actor, place_service
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(cls=Command, help=mark("Write, read and remove a small file in the remote NAME."))
@click.argument("name", required=False)
@option(
    "--accept",
    is_flag=True,
    help=mark("Take what lies at its address now for the remote, as after its disk was emptied or replaced."),
)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def check(name: str | None, accept: bool, as_json: bool) -> None:
    """Check it."""
    service = place_service()
    checked = service.accept(name, current_actor()) if accept else service.check(name)
    if as_json:
        print_json(remote_document(checked) | {"usable": True})
    else:
        said = _("{remote} can be written and read at {url}.")
        click.echo(said.format(remote=checked.name, url=checked.url))
