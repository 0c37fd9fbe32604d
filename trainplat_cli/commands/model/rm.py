"""``trainplat model rm``."""

from contextlib import suppress

import click

from resources.errors import NotFound
from resources.serving import removing
from resources.serving.layers.store import LayerStore
from resources.serving.references import OURS, ModelReference, parse_reference
from resources.texts import mark
from trainplat_cli.asking import confirm
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import current_actor
from trainplat_cli.commands.model.shown import deployments
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Remove a tag that people gave, or, by its number, digest or data version, a model with its files. "
        "What is live, on its way, or champion is refused."
    ),
)
@click.argument("reference")
@option("--yes", "-y", is_flag=True, help=mark("Do not ask."))
@option("--pulled", is_flag=True, help=mark("Remove only what was pulled of it; the model stays in MLflow."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def rm(reference: str, yes: bool, pulled: bool, as_json: bool) -> None:
    """Ask, and remove it."""
    service, wanted = deployments(), parse_reference(reference)
    if pulled:
        _drop_pulled(wanted, as_json=as_json)
        return
    model = service.references.resolve(wanted)
    if wanted.tag in service.references.tags(wanted.name) and wanted.tag not in OURS:
        service.references.untag(wanted.name, wanted.tag, current_actor())
        said = _("{reference} is gone; model {number} stays.").format(reference=wanted, number=model.number)
    else:
        name = f"{model.dataset}:{model.number}"
        removing.refuse_if_used(service, model)
        if not yes:
            confirm(
                _("Remove {name}, {digest}, with its files?").format(
                    name=name, digest=model.weights_sha256[:12]
                )
            )
        removing.remove(service, model, current_actor())
        said = _("{name} is removed.").format(name=name)
    if as_json:
        print_json({"name": model.dataset, "number": model.number, "removed": str(wanted)})
        return
    out().print(said, markup=False)


def _drop_pulled(wanted: ModelReference, *, as_json: bool) -> None:
    service = deployments()
    store, named = LayerStore(service.home.models), {wanted.tag}
    with suppress(NotFound):  # what is pulled from elsewhere need not be registered here
        named.add(str(service.references.resolve(wanted).number))
    pulled = store.manifests(wanted.name)
    found = [one for one in pulled if {str(one.number), one.dataset_version} & named]
    if not found:
        raise NotFound(
            _("{reference} was not pulled").format(reference=wanted), "See: trainplat model list --pulled"
        )
    for one in found:
        store.drop(one)
    if as_json:
        print_json({"name": wanted.name, "removed": [one.number for one in found]})
        return
    out().print(_("What was pulled of {reference} is removed.").format(reference=wanted), markup=False)
