"""``trainplat labels efficiency``: how good models became with how many labels, beside random asking."""

from typing import Any

import click

from resources.data.service import DataService
from resources.data.versions.naming import checked_dataset
from resources.learning.querying.quality import wilson
from resources.registry.random_rounds import AgainstRandom, Reached
from resources.registry.service import RegistryService
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.labels.shown import labeling_service
from trainplat_cli.output import print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark("Show how good the models of DATASET became with how many labels, beside random asking."),
)
@click.argument("dataset")
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def efficiency(dataset: str, as_json: bool) -> None:
    """Show it."""
    name, people = checked_dataset(dataset), labeling_service()
    DataService(people.home, people.database).newest_begun(name)  # a data set that is not there is told of
    found = RegistryService(people.home, people.database).against_random(name)
    if as_json:
        print_json({"dataset": name, **efficiency_document(found)})
        return
    if not found.rounds:
        click.echo(_("No round is decided yet: how good models are is shown by labels once one is."))
        return
    titles = [_("asked"), _("version"), _("labels"), _("reached"), _("95 % confidence")]
    rows = [_row(_("by strategy"), one) for one in found.rounds]
    show_table(titles, [*rows, *(_row(_("at random"), one) for one in found.random)])
    newest = found.newest_random
    if newest is None:
        click.echo(_("Nothing can be said of random asking yet: too few random picks were answered."))
        return
    same = "-" if found.rounds_at_same is None else f"{found.rounds_at_same:.1%}"
    text = _("With {labels} labels random asking reaches {value}, and the rounds {own}.")
    click.echo(text.format(labels=f"{newest.labels:,}", value=f"{newest.value:.1%}", own=same))
    if found.labels_for_same is not None:
        text = _("The rounds reached {value} with {labels}.")
        click.echo(text.format(value=f"{newest.value:.1%}", labels=f"{found.labels_for_same:,.0f}"))


def efficiency_document(found: AgainstRandom) -> dict[str, Any]:
    """The same for machines."""
    newest = found.newest_random
    return {
        "rounds": [_document(one) for one in found.rounds],
        "random": [_document(one) for one in found.random],
        "newest_random": None if newest is None else _document(newest),
        "rounds_at_same": found.rounds_at_same,
        "labels_for_same": found.labels_for_same,
        "random_labels_for_same": found.random_labels_for_same,
    }


def _document(one: Reached) -> dict[str, Any]:
    low, high = _interval(one) or (None, None)
    return {
        "version": one.version,
        "labels": one.labels,
        "measure": one.measure.value,
        "value": one.value,
        "low": low,
        "high": high,
        "test_samples": one.test_count,
        "test_set": one.test_set,
    }


def _row(asked: str, one: Reached) -> list[str]:
    interval = _interval(one)
    said = "-" if interval is None else f"{interval[0]:.1%}–{interval[1]:.1%}"
    return [asked, one.version, f"{one.labels:,}", f"{one.value:.1%}", said]


def _interval(one: Reached) -> tuple[float, float] | None:
    """None where answers are marks: no share of test samples is right or wrong there."""
    if one.right is None:
        return None
    found = wilson(one.right, one.test_count)
    return found.low, found.high
