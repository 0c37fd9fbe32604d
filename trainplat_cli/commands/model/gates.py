"""``trainplat model gates``."""

from typing import Any

import click
from rich.markup import escape

from resources.registry.gates.model import GateResult, Override
from resources.registry.gates.service import GateService
from resources.serving.deployments.gating import failed_gates, judged_now
from resources.serving.references import parse_reference
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import moment
from trainplat_cli.commands.model.shown import declared_gates, deployments
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "What each gate says about a model, with value and limit; whether it may be promoted, and who "
        "promoted it past its gates, and why."
    ),
)
@click.argument("reference")
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def gates(reference: str, as_json: bool) -> None:
    """Show them."""
    service = deployments()
    model = service.references.resolve(parse_reference(reference))
    kept = GateService(service.home, service.database)
    judging = kept.judging(model.dataset, model.number)
    results = () if judging is None else judging.results
    kept_of = {one.gate: one.passed for one in results}
    declared = declared_gates(model.dataset)
    now = None if declared is None else judged_now(service.registry, model, declared)
    against = failed_gates(service.registry, model, now)
    overrides = [one for one in kept.overrides(model.dataset) if one.number == model.number]
    if as_json:
        print_json(
            {
                "name": model.dataset,
                "number": model.number,
                "passed": not against,
                "against": list(against),
                "judged_at": None if judging is None else judging.judged_at,
                "gates": [gate_document(one) for one in results],
                "now": None if now is None else [gate_document(one) for one in now],
                "overrides": [override_document(one) for one in overrides],
            }
        )
        return
    console, name = out(), f"{model.dataset}:{model.number}"
    console.print(f"[bold]{escape(name)}[/bold]  {escape(f'{model.dataset} {model.dataset_version}')}")
    for one in results:
        console.print(gate_line(one))
    if judging is None:
        console.print(_("Its gates were never asked: its round was evaluated before there were any."))
        for sentence in against:
            console.print(f"[red]✗[/red] {escape(sentence)}")
    else:
        console.print(_("Asked {when}.").format(when=moment(judging.judged_at)))
    changed = [one for one in now or () if one.passed != kept_of.get(one.gate)]
    if changed and judging is not None:
        console.print(_("Asked now, by what is declared and known now:"))
    for one in changed:
        console.print(gate_line(one))
    for override in overrides:
        told = _("Promoted past them {when} by {actor}: {why}")
        said = told.format(when=moment(override.at), actor=override.actor, why=override.why)
        console.print(escape(said))
    console.print(_("It may not be promoted.") if against else _("It may be promoted."))


def gate_line(one: GateResult) -> str:
    """A gate with its sign, in colours."""
    sign, colour = ("✓", "green") if one.passed else ("✗", "red" if one.bars else "yellow")
    warns = "" if one.passed or one.bars else f" ({_('only warns')})"
    return f"[{colour}]{sign}[/{colour}] {escape(one.gate)}: {escape(one.sentence)}{escape(warns)}"


def gate_document(one: GateResult) -> dict[str, Any]:
    """What a gate says, for machines."""
    return {
        "gate": one.gate,
        "passed": one.passed,
        "bars": one.bars,
        "if_failed": one.if_failed.value,
        "value": one.value,
        "limit": one.limit,
        "sentence": one.sentence,
    }


def override_document(one: Override) -> dict[str, Any]:
    """A promotion past the gates, for machines."""
    return {"at": one.at, "actor": one.actor, "why": one.why, "against": list(one.failed)}
