"""``trainplat data release``: a model needs the version no more that it was trained on."""

import click

from resources.data.collecting.dependents import Kind
from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.asking import confirm
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.pin import dependent_document
from trainplat_cli.commands.data.shown import collecting_service, current_actor, version_service
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Keep VERSION of DATASET for a model no longer: then it can be erased, and nobody can see any more "
        "what the model was trained on. `trainplat data pin DATASET` lists what versions are kept for."
    ),
)
@click.argument("dataset")
@click.argument("version")
@option("--model", required=True, metavar="TEXT", help=mark("The model, as the list names it."))
@option("--yes", is_flag=True, help=mark("Do not ask."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def release(dataset: str, version: str, model: str, yes: bool, as_json: bool) -> None:
    """Ask, then release."""
    name = checked_dataset(dataset)
    found = version_service().show(name, version)
    what = f"{found.dataset} {found.key}"
    service = collecting_service()
    is_kept = any((one.kind, one.name) == (Kind.MODEL, model) for one in service.dependents(name, found.key))
    if is_kept and not yes:
        confirm(_("Keep {what} no longer for the model {model}?").format(what=what, model=model))
    service.release(name, found.key, Kind.MODEL, model, current_actor())
    left = service.dependents(name, found.key)
    if as_json:
        print_json({"dependents": [dependent_document(one) for one in left]})
        return
    click.echo(_("{what} is no longer kept for the model {model}.").format(what=what, model=model))
    for one in left:
        click.echo(_("It is kept still for: {kind} {name}.").format(kind=_(one.kind.value), name=one.name))
