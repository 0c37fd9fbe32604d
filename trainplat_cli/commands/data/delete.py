"""``trainplat data delete``: let a version's bytes go for good."""

import click

from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.asking import confirm
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import collecting_service, current_actor, version_service
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Erase VERSION of DATASET: its bytes are gone in every tier, and its record is kept. Refused while a "
        "model, a run, a pin, a tag or a work tree depends on it."
    ),
)
@click.argument("dataset")
@click.argument("version")
@option("--erase", is_flag=True, help=mark("The bytes are to go; without it nothing is done."))
@option("--yes", is_flag=True, help=mark("Do not ask."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def delete(dataset: str, version: str, erase: bool, yes: bool, as_json: bool) -> None:
    """Ask, then erase."""
    name = checked_dataset(dataset)
    if not erase:
        raise click.UsageError(
            _("versions are kept; give --erase to let the bytes go, or retire the version: {command}").format(
                command=f"trainplat data retire {name} {version}"
            )
        )
    found = version_service().show(name, version)
    if not yes:
        what = f"{found.dataset} {found.key}"
        confirm(_("Erase {what} for good?").format(what=what))
    gone = collecting_service().erase(name, found.key, current_actor())
    if as_json:
        print_json({"dataset": found.dataset, "version": found.key, "state": "erased", "objects": gone})
        return
    click.echo(
        _("{dataset} {version} is erased: {count} objects are gone that no other version has.").format(
            dataset=found.dataset, version=found.key, count=f"{gone:,}"
        )
    )
