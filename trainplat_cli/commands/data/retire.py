"""``trainplat data retire``: say that a version is not to be used any more."""

import click

from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import current_actor, version_document, version_service
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command, help=mark("Retire VERSION of DATASET: it is kept for lineage, and not to be used any more.")
)
@click.argument("dataset")
@click.argument("version")
@option("--undo", is_flag=True, help=mark("It is to be used again."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def retire(dataset: str, version: str, undo: bool, as_json: bool) -> None:
    """Retire it, or take that back."""
    found = version_service().retire(checked_dataset(dataset), version, current_actor(), undo=undo)
    if as_json:
        print_json(version_document(found))
        return
    text = _("{dataset} {version} can be used again.") if undo else _("{dataset} {version} is retired.")
    click.echo(text.format(dataset=found.dataset, version=found.key))
