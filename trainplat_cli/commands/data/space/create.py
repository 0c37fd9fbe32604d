"""``trainplat data space create``: a work tree of a version."""

import click

from resources.data.spaces.model import Kind
from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.showing import reading_progress
from trainplat_cli.commands.data.shown import current_actor
from trainplat_cli.commands.data.space.shown import space_document, space_service, user_of
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Make the space NAME of VERSION of DATASET: a folder with all its files that shares their content "
        "until you write. How it does so is chosen by itself, and told."
    ),
)
@click.argument("name")
@click.argument("dataset")
@click.argument("version", default="latest")
@option("--kind", type=click.Choice([kind.value for kind in Kind]), help=mark("How it shares the content."))
@option("--user", metavar="USER", help=mark("Whose space it is; for the operator of the home."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def create(name: str, dataset: str, version: str, kind: str | None, user: str | None, as_json: bool) -> None:
    """Make it, and say where it is and of which kind."""
    with reading_progress(as_json=as_json) as progress:
        made = space_service().create(
            user_of(user),
            name,
            checked_dataset(dataset),
            version,
            current_actor(),
            progress=progress,
            kind=None if kind is None else Kind(kind),
        )
    if as_json:
        print_json(space_document(made))
        return
    click.echo(made.path)
    click.echo(
        _("{dataset} {version}, as {kind}: {reason}.").format(
            dataset=made.dataset, version=made.base, kind=made.kind.value, reason=_(made.reason)
        ),
        err=True,
    )
