"""``trainplat data space remove``: take a space away."""

import click

from resources.texts import mark
from trainplat_cli.asking import confirm
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import current_actor
from trainplat_cli.commands.data.space.shown import space_service, user_of
from trainplat_cli.texts import _


@click.command(
    cls=Command, help=mark("Remove the space NAME with all that was not committed from it. Versions stay.")
)
@click.argument("name")
@option("--user", metavar="USER", help=mark("Whose space it is; for the operator of the home."))
@option("--yes", is_flag=True, help=mark("Do not ask."))
def remove(name: str, user: str | None, yes: bool) -> None:
    """Ask, then remove it."""
    owner, service = user_of(user), space_service()
    found = service.space(owner, name)
    if not yes:
        question = _("Remove {path}? What was not committed there is lost.").format(path=found.path)
        confirm(question)
    service.remove(owner, name, current_actor())
    click.echo(
        _("The space {name} is removed; {dataset} {version} stays.").format(
            name=name, dataset=found.dataset, version=found.base
        )
    )
