"""``trainplat model list``."""

from collections.abc import Sequence

import click

from resources.errors import Unavailable
from resources.home import Home
from resources.serving.deployments.service import DeploymentService
from resources.serving.layers.store import LayerStore
from resources.serving.listing import SHORT_DIGEST, ListedModel, ListedOther, listed, listed_others
from resources.terms import DatasetName
from resources.texts import in_language, mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.model.shown import (
    aliases,
    deployments,
    model_document,
    name_alone,
    other_document,
    size,
    when,
)
from trainplat_cli.output import err, out, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(
    "list",
    cls=Command,
    help=mark(
        "Show the models, those of NAME or all, the newest first; after ours those that others registered in "
        "MLflow."
    ),
)
@click.argument("name", required=False)
@option("--pulled", is_flag=True, help=mark("Show those that were pulled, with their layers, instead."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def list(name: str | None, pulled: bool, as_json: bool) -> None:  # noqa: A001 - the name of the command
    """Show them."""
    if pulled:
        _show_pulled(name, as_json=as_json)
        return
    service = deployments()
    found, others = _found(service, None if name is None else name_alone(name))
    if as_json:
        print_json({"models": [*map(model_document, found), *map(other_document, others)]})
        return
    if not (found or others):
        out().print(_("No model yet. `trainplat demo` makes some, else the job NAME_round of a data set."))
        return
    titles = (_("NAME"), _("DIGEST"), _("SIZE"), _("DATA VERSION"), _("REGISTERED"), _("ALIASES"))
    rows = [
        (
            f"{one.model.dataset}:{one.model.number}",
            one.digest,
            size(one.size_bytes),
            one.model.dataset_version,
            when(one.model.registered_at),
            aliases(one) or "-",
        )
        for one in found
    ] + [
        (
            f"{one.version.name}:{one.version.number}",
            one.digest or "-",
            "-",
            _("of others"),
            "-" if one.version.registered_at is None else when(one.version.registered_at),
            aliases(one) or "-",
        )
        for one in others
    ]
    show_table(titles, rows)


def _found(
    service: DeploymentService, name: DatasetName | None
) -> tuple[Sequence[ListedModel], Sequence[ListedOther]]:
    """Ours, and those that others registered in MLflow; where it is down, it is told so beside ours."""
    home, database = service.home, service.database
    found = listed(home, database, name)
    if found and name is not None:
        return found, ()
    try:
        others = listed_others(home, database, name)
    except Unavailable as problem:
        if not found:
            raise
        told = _("Models that others registered are not shown: {problem}")
        err().print(told.format(problem=in_language(problem.problem, _)), markup=False)
        return found, ()
    if name is not None and not others:
        service.references.known(name)  # which says what is near
    return found, others


def _show_pulled(name: str | None, *, as_json: bool) -> None:
    store = LayerStore(Home.from_environment().models)
    found = store.manifests(None if name is None else name_alone(name))
    if as_json:
        documents = [
            {
                "name": one.name,
                "number": one.number,
                "dataset_version": one.dataset_version,
                "origin": one.origin,
                "pulled_at": one.pulled_at,
                "layers": [{**layer.__dict__, "path": str(store.path(layer.digest))} for layer in one.layers],
            }
            for one in found
        ]
        print_json({"pulled": documents})
        return
    if not found:
        out().print(_("No model was pulled. Pull one with `trainplat model pull`."))
        return
    rows = [
        (
            f"{one.name}:{one.number}",
            one.layers[0].digest[:SHORT_DIGEST],
            size(one.size_bytes),
            one.dataset_version,
            when(one.pulled_at),
            one.origin or _("this home"),
        )
        for one in found
    ]
    show_table((_("NAME"), _("DIGEST"), _("SIZE"), _("DATA VERSION"), _("PULLED"), _("FROM")), rows)
