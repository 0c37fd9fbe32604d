"""``trainplat data licence``: on what terms data may be used."""

import click

from resources.data.licences.service import LicenceService
from resources.data.versions.naming import checked_dataset
from resources.home import Home
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import current_actor
from trainplat_cli.output import print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Say on what terms DATASET, or one VERSION of it, may be used: a licence, or a note in words. "
        "Without --say, list what is said. The gate licence of models asks for it."
    ),
)
@click.argument("dataset")
@click.argument("version", required=False)
@option("--say", metavar="TEXT", help=mark("The licence, such as CC-BY-4.0, or the note."))
@option("--remove", is_flag=True, help=mark("Take back what is said."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def licence(dataset: str, version: str | None, say: str | None, remove: bool, as_json: bool) -> None:
    """Say, take back or list."""
    service, name = LicenceService(Home.from_environment().database()), checked_dataset(dataset)
    if remove and say is not None:
        raise click.UsageError(_("give --say or --remove, and not both"))
    if remove:
        service.say(name, version, "", current_actor())
    elif say is not None:
        if not say.strip():
            raise click.UsageError(_("--say has no text; --remove takes back what is said"))
        service.say(name, version, say, current_actor())
    elif version is not None:
        raise click.UsageError(_("give --say or --remove with a version, or no version to list all"))
    found = service.all_of(name)
    if as_json:
        keys = ("key", "text", "said_by", "said_at")
        print_json({"licences": [{key: getattr(one, key) for key in keys} for one in found]})
    elif found:
        rows = [
            [one.key or _("all versions"), one.text, one.said_by, f"{one.said_at:%Y-%m-%d %H:%M} UTC"]
            for one in found
        ]
        show_table([_("version"), _("terms"), _("said by"), _("said at")], rows)
    else:
        click.echo(_("Nobody said on what terms {dataset} may be used.").format(dataset=name))
