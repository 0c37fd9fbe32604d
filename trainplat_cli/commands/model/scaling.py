"""``trainplat model scaling``."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import click

from resources.clock import utc_now
from resources.deploy_plan import DeployPlan
from resources.errors import NotFound
from resources.registry.evaluations.service import EvaluationService
from resources.serving.deployments.model import EndpointState
from resources.serving.deployments.service import DeploymentService
from resources.serving.references import parse_reference
from resources.serving.scaling.model import ScalingDecision, ScalingSnapshot, ScalingSpec
from resources.serving.scaling.plan import scaling_of
from resources.serving.scaling.preview import Preview, preview
from resources.serving.scaling.records.service import ScalingRecords
from resources.serving.scaling.scalers import Step
from resources.terms import DatasetName
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import moment
from trainplat_cli.commands.model.shown import declared_plan, deployments
from trainplat_cli.output import out, print_json
from trainplat_cli.tables import show_facts, show_table
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Show how many replicas answer for NAME and why: what is declared, what was done, and what the next "
        "day would be if it is like those before. Nothing is changed."
    ),
)
@click.argument("name")
@option("--try", "tried", metavar="TEXT", help=mark("Foresee with this instead, such as cpu:50%,9~21:2-6."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def scaling(name: str, tried: str | None, as_json: bool) -> None:
    """Show it."""
    service = deployments()
    endpoint = parse_reference(name).name
    state = service.state(endpoint)
    plan = _plan(endpoint, state)
    spec = scaling_of(plan if tried is None else replace(plan, autoscale=tried))
    records = ScalingRecords(service.home, service.database)
    steps = records.steps(endpoint)
    now = utc_now()
    foreseen = preview(spec, _seen(service, state, records), now)
    declared = plan.autoscale if tried is None else tried
    if as_json:
        print_json(
            {
                "endpoint": endpoint,
                "autoscale": declared,
                "least": spec.least,
                "most": spec.most,
                "steps": [_document(step.at, step.decision) for step in steps],
                "next_day": {
                    "replica_hours": foreseen.replica_h,
                    "highest": foreseen.highest,
                    "changes": [
                        {**_document(one.at, one.decision), "requests_per_s": one.rate_per_s}
                        for one in foreseen.changes
                    ],
                },
            }
        )
        return
    _show(declared, spec, steps, foreseen)


def _plan(endpoint: str, state: EndpointState) -> DeployPlan:
    """How the endpoint goes live, by what is live; else as its data set declares it."""
    plan = state.plan if state.live is not None else declared_plan(endpoint)
    if plan is None:
        raise NotFound(
            _("no endpoint and no data set is called {name}").format(name=endpoint),
            _("See `trainplat model list`."),
        )
    return plan


def _seen(service: DeploymentService, state: EndpointState, records: ScalingRecords) -> ScalingSnapshot:
    """What the next day begins with; a request takes as long as when the model was measured."""
    kept = EvaluationService(service.home, service.database)
    measured = (
        None if state.live is None else kept.measurement(DatasetName(state.endpoint), state.live.number)
    )
    latency_ms = None if measured is None else measured.latency_p50_ms
    return ScalingSnapshot(
        state.endpoint,
        ready=state.plan.least_replicas if state.live is not None else 0,
        service_s=None if not latency_ms else latency_ms / 1000,
        arrivals=records.arrivals(state.endpoint),
    )


def _show(declared: str, spec: ScalingSpec, steps: list[Step], foreseen: Preview) -> None:
    console = out()
    show_facts(
        [
            (_("declared"), declared or "-"),
            (_("replicas"), f"{spec.least}-{spec.most}"),
            (_("priority"), str(spec.priority)),
        ]
    )
    console.print()
    titles = (_("AT"), _("REPLICAS"), _("RULE"), _("WHY"))
    if steps:
        show_table(titles, [_row(step.at, step.decision) for step in steps])
    else:
        console.print(_("No replica was added or taken away yet."))
    console.print()
    console.print(_("The next day, if it is like those before:"))
    show_table(titles, [_row(one.at, one.decision) for one in foreseen.changes])
    total = _("{hours} replica-hours, at most {highest} replicas at once.")
    console.print(total.format(hours=f"{foreseen.replica_h:.1f}", highest=foreseen.highest))


def _row(at: datetime, decision: ScalingDecision) -> tuple[str, str, str, str]:
    number = f"{decision.current} → {decision.wanted}"
    if decision.dry_run:
        number = _("{change} (dry run)").format(change=number)
    return moment(at), number, decision.by, decision.reason.translated(_)


def _document(at: datetime, decision: ScalingDecision) -> dict[str, Any]:
    return {
        "at": at,
        "current": decision.current,
        "replicas": decision.replicas,
        "wanted": decision.wanted,
        "dry_run": decision.dry_run,
        "rule": decision.by,
        "sentence": decision.sentence,
        "rules": [reason.rule for reason in decision.reasons],
    }
