"""``trainplat model show``."""

import shlex
from typing import Any

import click
from rich.markup import escape

from resources.errors import NotFound
from resources.registry.evaluations.model import Measurement
from resources.registry.evaluations.service import EvaluationService
from resources.registry.gates.service import GateService
from resources.registry.others import OtherVersion
from resources.serving.deployments.gating import no_gates
from resources.serving.deployments.service import DeploymentService
from resources.serving.deployments.words import in_words
from resources.serving.finding import find
from resources.serving.listing import listed, listed_others
from resources.serving.references import parse_reference
from resources.texts import in_language, mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import moment
from trainplat_cli.commands.model.shown import (
    aliases,
    deployments,
    model_document,
    other_document,
    size,
    state_document,
)
from trainplat_cli.output import duration, out, print_json
from trainplat_cli.tables import show_facts, show_table
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Show one model: where it is from, how it was trained, how good it is, and whether it is live."
    ),
)
@click.argument("reference")
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def show(reference: str, as_json: bool) -> None:
    """Show it."""
    service = deployments()
    model = find(service.references, parse_reference(reference))
    if isinstance(model, OtherVersion):
        _show_other(service, model, as_json=as_json)
        return
    one = next(
        one
        for one in listed(service.home, service.database, model.dataset)
        if one.model.number == model.number
    )
    measured = EvaluationService(service.home, service.database).measurement(model.dataset, model.number)
    gates = GateService(service.home, service.database).results(model.dataset, model.number)
    state = service.state(model.dataset)
    if as_json:
        told = [
            {"gate": gate.gate, "passed": gate.passed, "bars": gate.bars, "sentence": gate.sentence}
            for gate in gates
        ]
        print_json(
            {
                **model_document(one),
                "facts": model.facts.__dict__,
                "measured": None if measured is None else measurement_document(measured),
                "gates": told,
                "state": state_document(state),
            }
        )
        return
    console, facts = out(), model.facts
    console.print(f"[bold]{escape(f'{model.dataset}:{model.number}')}[/bold]  {escape(aliases(one))}")
    took = "" if facts.lease_s is None else duration(facts.lease_s)
    rows = [
        (_("digest"), model.weights_sha256),
        (_("size"), size(one.size_bytes)),
        (_("data version"), f"{model.dataset} {model.dataset_version}"),
        (_("goes on from"), facts.parent),
        (_("method"), facts.method),
        (_("seed"), facts.seed),
        (_("code version"), facts.code_version),
        (_("lease"), f"{took} {facts.cost or ''}".strip()),
        (_("registered"), moment(model.registered_at)),
        (_("run"), model.run_id),
        (_("in MLflow"), service.registry.link(model) or model.uri),
        (_("endpoint"), in_words(state, _)),
    ]
    if measured is not None:
        rows += _measured_rows(measured)
    show_facts([(name, value) for name, value in rows if value])
    for gate in gates:
        sign, colour = ("✓", "green") if gate.passed else ("✗", "red" if gate.bars else "yellow")
        console.print(f"[{colour}]{sign}[/{colour}] {escape(gate.gate)}: {escape(gate.sentence)}")
    if measured is not None and measured.recalls:
        console.print()
        recalls = [(label, _share(value)) for label, value in measured.recalls.items()]
        show_table((_("class"), _("recall")), recalls)


def _show_other(service: DeploymentService, model: OtherVersion, *, as_json: bool) -> None:
    """One that others registered: what MLflow says of it, and whether it is live."""
    name = model.name
    told = [
        one
        for one in listed_others(service.home, service.database, name)
        if one.version.number == model.number
    ]
    if not told:
        raise NotFound(
            _("MLflow has no version {number} of {name} any more").format(number=model.number, name=name),
            _("See those that it has: trainplat model list {name}").format(name=shlex.quote(name)),
        )
    one, state, sentence = told[0], service.state(name), no_gates(model)
    if as_json:
        print_json({**other_document(one), "gates": [], "no_gates": sentence, "state": state_document(state)})
        return
    console, version = out(), one.version
    console.print(f"[bold]{escape(f'{name}:{model.number}')}[/bold]  {escape(aliases(one))}")
    rows = [
        (_("digest"), one.digest),
        (_("registered"), "" if version.registered_at is None else moment(version.registered_at)),
        (_("by"), version.by),
        (_("in MLflow"), version.uri),
        (_("files"), version.source),
        (_("description"), version.description),
        (_("endpoint"), in_words(state, _)),
    ]
    show_facts([(title, value) for title, value in rows if value])
    console.print(f"[yellow]–[/yellow] {escape(in_language(sentence, _))}")


def measurement_document(measured: Measurement) -> dict[str, Any]:
    """How good a model is, for machines."""
    return {
        "test_set": measured.test_set,
        "test_count": measured.test_count,
        "measure": measured.measure.value,
        "value": measured.value,
        "recalls": dict(measured.recalls),
        "calibration_error": measured.calibration_error,
        "latency_p50_ms": measured.latency_p50_ms,
        "latency_p99_ms": measured.latency_p99_ms,
        "size_bytes": measured.size_bytes,
        "parameters": measured.parameters,
        "forgetting": measured.forgetting,
        "params": dict(measured.params),
        "measured_at": measured.measured_at,
    }


def _measured_rows(measured: Measurement) -> list[tuple[str, str]]:
    said = _("{share} of {count} samples").format(share=f"{measured.value:.2%}", count=measured.test_count)
    p50, p99 = measured.latency_p50_ms, measured.latency_p99_ms
    latency = "" if p50 is None or p99 is None else f"p50 {p50:.2f} ms, p99 {p99:.2f} ms"
    return [
        (_(measured.measure.words), said),
        (
            _("calibration error"),
            "" if measured.calibration_error is None else f"{measured.calibration_error:.3f}",
        ),
        (_("latency"), latency),
        (_("parameters"), f"{measured.parameters:,}"),
        (_("forgetting"), "" if measured.forgetting is None else f"{measured.forgetting:.3f}"),
    ]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
