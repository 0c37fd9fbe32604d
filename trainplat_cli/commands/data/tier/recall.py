"""``trainplat data tier recall``: bring a version back before somebody needs it."""

import click

from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.showing import reading_progress
from trainplat_cli.commands.data.shown import current_actor
from trainplat_cli.commands.data.tier.shown import tier_service
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Bring VERSION of DATASET back into the store, before somebody needs it: then it comes by itself."
    ),
)
@click.argument("dataset")
@click.argument("version")
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def recall(dataset: str, version: str, as_json: bool) -> None:
    """Bring it."""
    with reading_progress(as_json=as_json) as progress:
        found, objects = tier_service().recall(checked_dataset(dataset), version, current_actor(), progress)
    if as_json:
        print_json({"dataset": found.dataset, "version": found.key, "objects": objects})
    else:
        said = _("{dataset} {version} is hot: {count} objects came back.")
        click.echo(said.format(dataset=found.dataset, version=found.key, count=f"{objects:,}"))
