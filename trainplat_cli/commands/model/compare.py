"""``trainplat model compare``."""

from dataclasses import asdict
from typing import Any

import click
from rich.markup import escape

from resources.errors import BadInput
from resources.registry.comparing.choosing import METHOD, Choice, Order
from resources.registry.comparing.exporting import as_csv, as_markdown, interval, written
from resources.registry.comparing.metrics import Metric
from resources.registry.comparing.sheet import Sheet, read_sheet
from resources.registry.evaluations.model import Measurement
from resources.registry.evaluations.service import EvaluationService
from resources.serving.deployments.service import DeploymentService
from resources.serving.references import parse_reference
from resources.terms import DatasetName
from resources.texts import filled, mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.model.shown import deployments
from trainplat_cli.output import out, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _

SHOWN = 20
COLUMNS = (Metric.VALUE, Metric.CALIBRATION, Metric.FORGETTING, Metric.LATENCY, Metric.SIZE)


@click.command(
    cls=Command,
    help=mark(
        "Set the measured models of NAME beside one of them, the champion: how good each is, by how much it "
        "is better with a 95 % interval, and what it costs; only those of NUMBERS where some are given. The "
        "same as the page of the dashboard, also as a file."
    ),
)
@click.argument("name")
@click.argument("numbers", nargs=-1, type=int)
@option("--against", help=mark("Compare with this one, such as digits:v1.2, instead of the champion."))
@option(
    "--where",
    default="",
    help=mark("Only those of which all of these words hold, such as 'method=ewc seed>3 latency_p50_ms<2'."),
)
@option("--metric", type=click.Choice([*map(str, Metric)]), help=mark("Show the best by this one first."))
@option("--csv", "as_table", is_flag=True, help=mark("Print a file for a spreadsheet, with all of them."))
@option("--markdown", "as_text", is_flag=True, help=mark("Print a table for a text, with all of them."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def compare(
    name: str,
    numbers: tuple[int, ...],
    against: str | None,
    where: str,
    metric: str | None,
    as_table: bool,
    as_text: bool,
    as_json: bool,
) -> None:
    """Show it."""
    if as_table + as_text + as_json > 1:
        raise click.UsageError(_("--csv, --markdown and --json exclude each other"))
    service, dataset = deployments(), parse_reference(name).name
    service.references.known(dataset)
    choice = Choice(text=where)
    if metric is not None:
        choice = Choice(text=where, metric=Metric(metric), order=Order.BEST)
    baseline = None if against is None else _baseline(service, dataset, against)
    champion = service.registry.champion(dataset)
    kept = EvaluationService(service.home, service.database)
    usual = None if champion is None else champion.number
    most = None if as_table or as_text or as_json else SHOWN
    found = read_sheet(kept, dataset, choice, baseline=baseline, usual=usual, numbers=numbers, most=most)
    if as_json:
        print_json(document(found))
    elif as_table:
        click.echo(as_csv(found.measurements, found.differences), nl=False)
    elif as_text:
        click.echo(as_markdown(found.measurements, found.differences, found.baseline.number), nl=False)
    else:
        _show(found)


def document(found: Sheet) -> dict[str, Any]:
    """It, for machines."""
    return {
        "name": found.baseline.dataset,
        "baseline": found.baseline.number,
        "test_set": found.baseline.test_set,
        "models": [
            {
                **{field: value for field, value in asdict(one).items() if field != "dataset"},
                "difference": asdict(found.differences[one.number])
                if one.number in found.differences
                else None,
            }
            for one in found.measurements
        ],
    }


def _baseline(service: DeploymentService, dataset: DatasetName, against: str) -> int:
    found = service.references.resolve(parse_reference(against))
    if found.dataset != dataset:
        raise BadInput(
            filled(mark("{reference} is no model of {name}"), reference=against, name=dataset),
            filled(mark("Name a version of {name}: see `trainplat model list {name}`."), name=dataset),
        )
    return found.number


def _show(found: Sheet) -> None:
    baseline, console = found.baseline, out()
    text = _("{name}: {count} models against {number}, on {samples} test samples")
    values = {"name": baseline.dataset, "number": baseline.number, "samples": baseline.test_count}
    console.print(escape(text.format(count=len(found.measurements), **values)))
    shown = found.measurements[:SHOWN]
    metrics = [one for one in COLUMNS if any(one.of(measured) is not None for measured in shown)]
    titles = (
        *(_("MODEL"), _("DATA VERSION"), _("METHOD")),
        *(one.words(baseline.measure, _).upper() for one in metrics),
        _("DIFFERENCE (POINTS, 95 %)"),
    )
    show_table(titles, [_row(found, one, metrics) for one in shown])
    if any(one.test_set != baseline.test_set for one in shown):
        console.print(_("≠ was measured on another test set: it is compared on the samples that both have."))
    if len(found.measurements) > SHOWN:
        left = len(found.measurements) - SHOWN
        console.print(_("{count} more; narrow them with --where, or take all with --csv.").format(count=left))


def _row(found: Sheet, one: Measurement, metrics: list[Metric]) -> tuple[str, ...]:
    difference = found.differences.get(one.number)
    if one.number == found.baseline.number:
        said = _("baseline")
    else:
        said = interval(difference) + (_(", clearly") if difference and difference.is_clear else "")
    mark_of = " ≠" if one.test_set != found.baseline.test_set else ""
    cells = (written(metric.of(one), metric) for metric in metrics)
    return (f"{one.number}{mark_of}", one.dataset_version, one.params.get(METHOD, "-"), *cells, said)
