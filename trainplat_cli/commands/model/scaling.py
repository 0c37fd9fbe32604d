"""``trainplat model scaling``."""

from datetime import datetime
from typing import Any

import click

from resources.deploy_plan import DeployPlan
from resources.errors import NotFound
from resources.serving.deployments.model import EndpointState
from resources.serving.scaling.foreseeing import Foresight, foresee
from resources.serving.scaling.model import ScalingDecision
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import moment
from trainplat_cli.commands.model.shown import declared_plan, deployments, name_alone
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
    endpoint = name_alone(name)
    state = service.state(endpoint)
    plan = _plan(endpoint, state)
    found = foresee(service.home, service.database, state, plan, tried)
    spec, foreseen = found.spec, found.next_day
    if as_json:
        print_json(
            {
                "endpoint": endpoint,
                "autoscale": found.declared,
                "least": spec.least,
                "most": spec.most,
                "steps": [_document(step.at, step.decision) for step in found.steps],
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
    _show(found)


def _plan(endpoint: str, state: EndpointState) -> DeployPlan:
    """How the endpoint goes live, by what is live; else as its data set declares it."""
    plan = state.plan if state.live is not None else declared_plan(endpoint)
    if plan is None:
        raise NotFound(
            _("no endpoint and no data set is called {name}").format(name=endpoint),
            _("See `trainplat model list`."),
        )
    return plan


def _show(found: Foresight) -> None:
    console, spec, steps, foreseen = out(), found.spec, found.steps, found.next_day
    show_facts(
        [
            (_("declared"), found.declared or "-"),
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
