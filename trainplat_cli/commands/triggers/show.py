"""``trainplat triggers show``: each condition with its value, what it lacks, and what was found before."""

from typing import Any

import click

from resources.data.service import DataService
from resources.data.versions.naming import checked_dataset
from resources.home import Home
from resources.learning.triggering.model import Paused, Verdict
from resources.learning.triggering.service import TriggerService
from resources.learning.triggering.telling import sentence
from resources.terms import DatasetName
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import moment
from trainplat_cli.commands.triggers.shown import (
    KINDS,
    evaluation_document,
    pause_document,
    trigger_service,
    wish_document,
)
from trainplat_cli.output import out, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _

CHANGES = 10


@click.command(
    cls=Command,
    help=mark("Show why DATASET, or each data set, trains now or not, and what was found before."),
)
@click.argument("dataset", required=False)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def show(dataset: str | None, as_json: bool) -> None:
    """Show one data set, or all."""
    service = trigger_service()
    names = service.datasets()
    if dataset is not None:
        names = [checked_dataset(dataset)]
        # A data set that is not there is told of.
        DataService(Home.from_environment(), service.database).newest_begun(names[0])
    if as_json:
        print_json({"triggers": [_document(service, name) for name in names]})
        return
    if not names:
        out().print(_("No trigger was evaluated yet. `trainplat up` starts what evaluates them."))
    for name in names:
        _show(service, name)


def _document(service: TriggerService, name: DatasetName) -> dict[str, Any]:
    found = service.evaluations(name, CHANGES)
    return {
        "dataset": name,
        "evaluation": evaluation_document(found[0]) if found else None,
        "changes": [evaluation_document(one) for one in found],
        "wishes": [wish_document(one) for one in service.past_wishes(name)],
        "pauses": [
            pause_document(pause) for what in Paused if (pause := service.paused(name, what)) is not None
        ],
    }


def _show(service: TriggerService, name: DatasetName) -> None:
    found = service.evaluations(name, CHANGES)
    out().print(f"[bold]{name}[/bold]")
    for what in Paused:
        pause = service.paused(name, what)
        if pause is not None:
            said = _("{what} is paused since {moment} by {actor}: {reason}").format(
                what=_(KINDS[what]), moment=moment(pause.since), actor=pause.actor, reason=pause.reason
            )
            out().print(said, markup=False)
    if not found:
        out().print(_("It was not evaluated yet."))
        return
    out().print(sentence(found[0].verdict, _), markup=False)
    show_table([_("MET"), _("CONDITION"), _("FOUND")], _rows(found[0].verdict))
    out().print()
    show_table(
        [_("SINCE"), _("VERSION"), _("FOUND")],
        [[moment(one.began_at), one.version or "-", sentence(one.verdict, _)] for one in found],
    )


def _rows(verdict: Verdict) -> list[list[str]]:
    conditions = [
        [_("yes") if one.met else _("no"), f"{'  ' * one.depth}{one.kind}", one.said.translated(_)]
        for one in verdict.conditions
    ]
    guards = [[_("holds") if one.holds else "-", one.kind, one.said.translated(_)] for one in verdict.guards]
    return conditions + guards
