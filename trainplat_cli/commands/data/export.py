"""``trainplat data export``: a version as a repository of DVC."""

from pathlib import Path

import click

from resources.data.versions.naming import checked_dataset
from resources.home import Home
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.showing import reading_progress
from trainplat_cli.commands.data.shown import current_actor, files_text, version_document
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark("Make a repository of DVC that holds VERSION of DATASET and owns all that it has."),
)
@click.argument("dataset")
@click.argument("version", default="latest")
@option(
    "--dvc",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    help=mark("A folder that is new, a repository of git, or an earlier export."),
)
@option(
    "--link",
    is_flag=True,
    help=mark(
        "Share the objects' files with the store, which takes no space. Whoever may write them there could "
        "damage versions."
    ),
)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def export(dataset: str, version: str, folder: Path, link: bool, as_json: bool) -> None:
    """Export it."""
    from resources.data.interop.service import InteropService

    home = Home.from_environment()
    service = InteropService(home, home.database())
    with reading_progress(as_json=as_json) as progress:
        done = service.export(
            checked_dataset(dataset), version, folder.absolute(), current_actor(), progress, link=link
        )
    if as_json:
        print_json(
            version_document(done.version)
            | {"path": str(done.repository), "pointer": str(done.pointer), "new_objects": done.new_objects}
        )
        return
    click.echo(
        _("{dataset} {version} is in {path}: {content}. Next, there: dvc checkout {pointer}").format(
            dataset=done.version.dataset,
            version=done.version.key,
            path=folder,
            content=files_text(done.version),
            pointer=done.pointer.name,
        )
    )
