"""``trainplat model diff``."""

from collections.abc import Sequence
from typing import Any

import click
from rich.markup import escape

from resources.registry.evaluations.model import Measurement
from resources.registry.evaluations.service import EvaluationService
from resources.registry.model import ModelVersion
from resources.serving.data_difference import DataDifference, data_difference
from resources.serving.deployments.service import DeploymentService
from resources.serving.difference import ModelDifference, Pair, difference
from resources.serving.references import parse_reference
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.schemas import change_document, change_lines
from trainplat_cli.commands.model.shown import deployments, size
from trainplat_cli.output import out, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Show what the model NEW does otherwise than OLD, by default the champion: settings, data, numbers, "
        "and each class."
    ),
)
@click.argument("new")
@click.argument("old", required=False)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def diff(new: str, old: str | None, as_json: bool) -> None:
    """Show it."""
    service, wanted = deployments(), parse_reference(new)
    newer = service.references.resolve(wanted)
    older = service.references.resolve(parse_reference(old or wanted.name))
    found = compared(service, older, newer)
    data = (
        data_difference(
            service.home, service.database, newer.dataset, older.dataset_version, newer.dataset_version
        )
        if older.dataset == newer.dataset
        else None
    )
    if as_json:
        print_json({**document(found), "data": None if data is None else data_document(data)})
        return
    console = out()
    names = (f"{older.dataset}:{older.number}", f"{newer.dataset}:{newer.number}")
    console.print(f"[bold]{escape(names[0])} → {escape(names[1])}[/bold]")
    if older.weights_sha256 == newer.weights_sha256:
        console.print(_("Both have the same weights."))
    if found.difference is not None:
        one = found.difference
        text = _("Better by {value}, 95 % interval {low} to {high}, on {count} samples.")
        values = {name: f"{getattr(one, name):+.2%}" for name in ("value", "low", "high")}
        console.print(text.format(**values, count=one.count))
    _show(_("setting"), names, [(name, pair, str) for name, pair in found.params.items()])
    if data is not None:
        _show_data(data)
    if not found.is_same_test:
        console.print()
        console.print(
            _("They were measured on two test sets: the numbers below do not say which one is better.")
        )
    _show(_("number"), names, [(_name(name), pair, _FORMS[name]) for name, pair in found.numbers.items()])
    classes = [(label, pair, _share) for label, pair in found.recalls.items() if pair.old != pair.new]
    _show(_("class"), names, classes)
    for text, labels in (
        (_("Classes that only the new one knows: {labels}"), found.added),
        (_("Classes that only the old one knows: {labels}"), found.removed),
    ):
        if labels:
            console.print(escape(text.format(labels=", ".join(labels))))


def compared(service: DeploymentService, older: ModelVersion, newer: ModelVersion) -> ModelDifference:
    """Both, on the newest test set that both were measured on."""
    kept = EvaluationService(service.home, service.database)
    mine = {one.test_set: one for one in kept.measurements(newer.dataset) if one.number == newer.number}
    others = {one.test_set: one for one in kept.measurements(older.dataset) if one.number == older.number}
    shared = sorted({*mine} & {*others}, key=lambda test_set: mine[test_set].measured_at)
    if not shared:
        return difference(older, newer, _newest(others), _newest(mine))
    test_set = shared[-1]
    said = [kept.answers(one.dataset, one.number, test_set) for one in (older, newer)]
    answers = (said[0], said[1]) if said[0] is not None and said[1] is not None else None
    return difference(older, newer, others[test_set], mine[test_set], answers)


def document(found: ModelDifference) -> dict[str, Any]:
    """It, for machines."""
    one = found.difference

    def pairs(of: Any) -> dict[str, Any]:
        return {name: {"old": pair.old, "new": pair.new, "change": pair.change} for name, pair in of.items()}

    return {
        "old": {"name": found.old.dataset, "number": found.old.number, "digest": found.old.weights_sha256},
        "new": {"name": found.new.dataset, "number": found.new.number, "digest": found.new.weights_sha256},
        "params": pairs(found.params),
        "numbers": pairs(found.numbers),
        "recalls": pairs(found.recalls),
        "classes_added": list(found.added),
        "classes_removed": list(found.removed),
        "same_test_set": found.is_same_test,
        "difference": None
        if one is None
        else {"value": one.value, "low": one.low, "high": one.high, "count": one.count},
    }


def data_document(data: DataDifference) -> dict[str, Any]:
    """What the data versions hold otherwise, for machines."""
    counts = {
        name: {"old": pair.old, "new": pair.new, "change": pair.change} for name, pair in data.counts.items()
    }
    schema = None if data.schema is None else [change_document(one) for one in data.schema]
    return {"old": data.old, "new": data.new, **counts, "files": data.files, "schema": schema}


def _show_data(data: DataDifference) -> None:
    rows = [(_name(name), pair, lambda count: f"{count:,}") for name, pair in data.counts.items()]
    _show(_("data"), (data.old, data.new), rows)
    console = out()
    if data.files is None:
        console.print(_("Which files differ is unknown: those of one of the two versions are gone."))
    elif any(data.files.values()):
        text = _("Files: {added} added, {changed} changed, {removed} removed.")
        console.print(text.format(**{kind: f"{count:,}" for kind, count in data.files.items()}))
    else:
        console.print(_("The two versions hold the same files."))
    if data.schema:
        console.print(_("In the schema:"))
        console.print(escape("\n".join(change_lines(data.schema))))


def _newest(measured: dict[str, Measurement]) -> Measurement | None:
    return max(measured.values(), key=lambda one: one.measured_at, default=None)


def _show(title: str, names: tuple[str, str], rows: Sequence[tuple[str, Pair, Any]]) -> None:
    if not rows:
        return
    cells = []
    for name, pair, form in rows:
        old, new = ("-" if one is None else form(one) for one in (pair.old, pair.new))
        change = "" if pair.change is None else _signed(pair.change, form)
        cells.append((name, old, new, change))
    out().print()
    show_table((title, *names, _("change")), cells)


def _signed(change: float, form: Any) -> str:
    return f"{'+' if change >= 0 else '-'}{form(abs(change))}"


def _share(value: float) -> str:
    return f"{value:.2%}"


def _ms(value: float) -> str:
    return f"{value:.2f} ms"


def _name(name: str) -> str:
    return _(_NAMES[name])


_NAMES = {
    "labelled": mark("labelled, to learn from"),
    "pool": mark("nobody answered yet"),
    "test": mark("held back for tests"),
    "value": mark("right on the test set"),
    "calibration_error": mark("calibration error"),
    "latency_p50_ms": mark("latency p50"),
    "latency_p99_ms": mark("latency p99"),
    "size_bytes": mark("size"),
    "parameters": mark("parameters"),
    "forgetting": mark("forgetting"),
}
_FORMS: dict[str, Any] = {
    "value": _share,
    "calibration_error": lambda value: f"{value:.3f}",
    "latency_p50_ms": _ms,
    "latency_p99_ms": _ms,
    "size_bytes": lambda value: size(int(value)),
    "parameters": lambda value: f"{value:,.0f}",
    "forgetting": lambda value: f"{value:.3f}",
}
