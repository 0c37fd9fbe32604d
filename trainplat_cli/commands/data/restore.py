"""``trainplat data restore``: give a version's files out."""

from pathlib import Path

import click

from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.showing import reading_progress
from trainplat_cli.commands.data.shown import files_text, version_document, version_service
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Give the files of VERSION of DATASET out into a new folder. What is changed there can be committed."
    ),
)
@click.argument("dataset")
@click.argument("version")
@option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    required=True,
    help=mark("A folder that is new or empty."),
)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def restore(dataset: str, version: str, target: Path, as_json: bool) -> None:
    """Restore it."""
    with reading_progress(as_json=as_json) as progress:
        given = version_service().restore(checked_dataset(dataset), version, target.absolute(), progress)
    if as_json:
        print_json(version_document(given) | {"path": str(target.absolute())})
        return
    click.echo(
        _("{dataset} {version} is in {path}: {content}.").format(
            dataset=given.dataset, version=given.key, path=target, content=files_text(given)
        )
    )
