"""``trainplat data mounts declare``."""

import click

from resources.data.mounts.model import Feature, Mode
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.mounts.shown import (
    choice_document,
    mount_document,
    mount_service,
    show_choice,
)
from trainplat_cli.commands.data.shown import current_actor
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Call a folder of this size NAME, for runs that ask for it by their tag trainplat/mounts. It is on "
        "the provider that is named, or on the cheapest that meets the request, and is checked at once. "
        "Modes: scratch is empty and gone after the run, read is what is there, keep is what is there and "
        "what runs write stays."
    ),
)
@click.argument("name")
@option("--size-mib", type=click.IntRange(min=1), required=True, metavar="N", help=mark("How much it holds."))
@option(
    "--mode",
    type=click.Choice([one.value for one in Mode]),
    default=Mode.SCRATCH.value,
    show_default=True,
    help=mark("What runs do with it."),
)
@option("--provider", metavar="NAME", help=mark("The only one that counts."))
@option("--at", metavar="PATH", help=mark("Where below its provider; its name by default."))
@option(
    "--needs",
    multiple=True,
    type=click.Choice([one.value for one in Feature]),
    help=mark("What its provider has to be; may be given several times."),
)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def declare(
    name: str,
    size_mib: int,
    mode: str,
    provider: str | None,
    at: str | None,
    needs: tuple[str, ...],
    as_json: bool,
) -> None:
    """Declare it."""
    mount, choice = mount_service().declare(
        name,
        size_mib,
        Mode(mode),
        current_actor(),
        provider=provider,
        at=at,
        needs=frozenset(Feature(one) for one in needs),
    )
    if as_json:
        print_json(mount_document(mount) | {"choice": choice_document(choice)})
        return
    show_choice(choice)
    said = _("Runs with the tag trainplat/mounts: {name} find its path in {variable}.")
    click.echo(said.format(name=mount.name, variable=mount.variable))
