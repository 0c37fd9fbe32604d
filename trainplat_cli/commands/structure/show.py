"""``trainplat structure show``: what searches measured, their front, and what was chosen."""

from typing import Any

import click

from resources.data.service import DataService
from resources.data.versions.naming import checked_dataset
from resources.errors import NotFound
from resources.home import Home
from resources.learning.structure.kept import Searches
from resources.learning.structure.model import Measured, Outcome
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Show the newest structure search of DATASET, also while it runs: what was measured, and chosen."
    ),
)
@click.argument("dataset")
@option("--all", "every", is_flag=True, help=mark("All searches, the oldest first."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def show(dataset: str, every: bool, as_json: bool) -> None:
    """Print them."""
    name = checked_dataset(dataset)
    home = Home.from_environment()
    outcomes = Searches(home).outcomes(name)
    if not outcomes:
        DataService(home, home.database()).newest_begun(name)  # a data set that is not there is told of
    if not outcomes and not as_json:
        raise NotFound(
            _("no structure search of {dataset} has measured anything yet").format(dataset=name),
            _("Start one: trainplat structure search {dataset} --budget-gpu-h 1").format(dataset=name),
        )
    shown = outcomes if every else outcomes[-1:]
    if as_json:
        print_json({"searches": [document_of(one) for one in shown]})
        return
    for outcome in shown:
        print_outcome(outcome)


def document_of(outcome: Outcome) -> dict[str, Any]:
    """A search for machines."""
    return {
        "search": outcome.name,
        "spent_gpu_h": outcome.spent_gpu_h,
        "pruned": outcome.pruned,
        "measured": [_document(one, outcome) for one in outcome.measured],
        "chosen": None if outcome.chosen is None else outcome.chosen.number,
    }


def print_outcome(outcome: Outcome) -> None:
    """A search for people."""
    from rich.table import Table

    table = Table(title=outcome.name, title_justify="left", box=None, pad_edge=False)
    for column in (_("structure"), _("accuracy"), _("loss"), _("latency ÷ champion"), _("weights"), _("is")):
        table.add_column(column)
    for one in outcome.measured:
        marks = [
            word
            for word, is_so in (
                (_("champion's"), one == outcome.reference),
                (_("front"), one in outcome.front),
                (_("chosen"), one == outcome.chosen),
            )
            if is_so
        ]
        table.add_row(
            str(one.candidate),
            f"{one.accuracy:.1%}",
            f"{one.loss:.4f}",
            f"{one.latency_ratio:.2f}",
            str(one.parameters),
            ", ".join(marks),
        )
    out().print(table)
    out().print(
        _("{pruned} were pruned; {spent} GPU-hours are spent.").format(
            pruned=outcome.pruned, spent=f"{outcome.spent_gpu_h:.4f}"
        )
    )
    if outcome.chosen is None:
        out().print(_("None is better than the champion's own structure so far."))


def _document(one: Measured, outcome: Outcome) -> dict[str, Any]:
    return {
        "trial": one.number,
        **one.candidate.document,
        "accuracy": one.accuracy,
        "loss": one.loss,
        "latency_ratio": one.latency_ratio,
        "weights": one.parameters,
        "is_champions": one == outcome.reference,
        "on_front": one in outcome.front,
    }
