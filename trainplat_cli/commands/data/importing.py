"""``trainplat data import``: the history of a repository of DVC."""

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
    "import",
    cls=Command,
    help=mark(
        "Make each revision of the data that the repository of DVC in FOLDER keeps a version of DATASET, "
        "with its author, message and date. Run again, it takes what is new there."
    ),
)
@click.argument("dataset")
@click.argument("folder", type=click.Path(path_type=Path))
@option("--output", metavar="PATH", help=mark("Which of its outputs, where it has several."))
@option("--since", metavar="REVISION", help=mark("Leave the revisions before this one out."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def importing(dataset: str, folder: Path, output: str | None, since: str | None, as_json: bool) -> None:
    """Import it."""
    from resources.data.interop.service import InteropService

    home = Home.from_environment()
    service = InteropService(home, home.database())
    with reading_progress(as_json=as_json) as progress:
        done = service.take(
            checked_dataset(dataset), folder.absolute(), current_actor(), progress, output=output, since=since
        )
    if as_json:
        documents = [version_document(version) for version in done.versions]
        print_json({"output": done.output, "known": done.known, "versions": documents})
        return
    for version in done.versions:
        click.echo(
            _("{dataset} {version}: {content}; {message}").format(
                dataset=version.dataset,
                version=version.key,
                content=files_text(version),
                message=version.message.partition("\n")[0] or "-",
            )
        )
    if not done.versions:
        click.echo(
            _("Nothing is new there: {known} revisions were imported before.").format(known=done.known)
        )
