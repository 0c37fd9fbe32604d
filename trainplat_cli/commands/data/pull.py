"""``trainplat data pull``: bring a version from a remote into the store."""

import click

from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.showing import reading_progress
from trainplat_cli.commands.data.shown import place_service, version_document
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command, help=mark("Bring what the store lacks of VERSION of DATASET from a remote, and verify it.")
)
@click.argument("dataset")
@click.argument("version", default="latest")
@option("--remote", metavar="NAME", help=mark("Which one, where there are several."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def pull(dataset: str, version: str, remote: str | None, as_json: bool) -> None:
    """Pull."""
    with reading_progress(as_json=as_json) as progress:
        found, fetched = place_service().pull(checked_dataset(dataset), version, remote, progress)
    if as_json:
        print_json(version_document(found) | {"fetched": fetched})
        return
    said = _("{dataset} {version} is here; {objects} objects were fetched.")
    click.echo(said.format(dataset=found.dataset, version=found.key, objects=f"{fetched:,}"))
