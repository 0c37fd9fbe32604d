"""``trainplat data space commit``: make what is in a space a version."""

import click

from resources.data.storage.scanning import files_below
from resources.data.versions.committing import Wanted
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.commit import committed_document, committed_text
from trainplat_cli.commands.data.showing import reading_progress
from trainplat_cli.commands.data.shown import current_actor, version_service
from trainplat_cli.commands.data.space.shown import space_service, user_of
from trainplat_cli.output import print_json


@click.command(
    cls=Command,
    help=mark(
        "Make what is in the space NAME the next version; where somebody else has committed meanwhile, "
        "one on a branch of its own."
    ),
)
@click.argument("name")
@option("-m", "--message", default="", metavar="TEXT", help=mark("What changed, for those who look."))
@option("--user", metavar="USER", help=mark("Whose space it is; for the operator of the home."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def commit(name: str, message: str, user: str | None, as_json: bool) -> None:
    """Commit it."""
    owner = user_of(user)
    found = space_service().usable(owner, name)
    wanted = Wanted(found.dataset, found.path, message, current_actor(), owner)
    with reading_progress(lambda: files_below(found.path), as_json=as_json) as progress:
        made = version_service().commit(wanted, progress)
    if as_json:
        print_json(committed_document(made))
    else:
        click.echo(committed_text(made))
