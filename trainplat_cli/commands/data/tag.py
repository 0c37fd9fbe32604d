"""``trainplat data tag``: names for versions."""

import click

from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import current_actor, version_service
from trainplat_cli.output import print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(cls=Command, help=mark("Give VERSION of DATASET the name TAG; without both, list the tags."))
@click.argument("dataset")
@click.argument("version", required=False)
@click.argument("tag", required=False)
@option("--move", is_flag=True, help=mark("Move a tag that names another version."))
@option("--remove", metavar="TAG", help=mark("Take a tag away; its version stays."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def tag(
    dataset: str, version: str | None, tag: str | None, move: bool, remove: str | None, as_json: bool
) -> None:
    """Tag, untag or list."""
    service, name = version_service(), checked_dataset(dataset)
    if remove is not None:
        service.untag(name, remove, current_actor())
    elif version is not None and tag is not None:
        service.tag(name, version, tag, current_actor(), move=move)
    elif version is not None:
        raise click.UsageError(_("give both a version and a tag, or neither to list the tags"))
    found = service.tags(name)
    if as_json:
        print_json({"tags": [{"tag": one, "version": key} for one, key in found.items()]})
    elif found:
        show_table([_("tag"), _("version")], [[one, key] for one, key in found.items()])
    else:
        click.echo(_("{dataset} has no tags.").format(dataset=name))
