"""``trainplat gpu simulate``: what would happen to a request that came now."""

from typing import Any

import click

from resources.gpu.duties.simulation import Outcome, Simulation
from resources.gpu.model import Owner
from resources.gpu.policy.price import Cost
from resources.gpu.requests.commands import allocate_command
from resources.gpu.usage.prices import home_prices
from resources.texts import mark
from resources.users import current_user
from trainplat_cli.command import option
from trainplat_cli.commands.gpu.asking import RequestCommand, asking_options, terms_asked, time_option
from trainplat_cli.commands.gpu.parse import meaning
from trainplat_cli.commands.gpu.shown import gpu_service, moment, named, placement_document, short
from trainplat_cli.output import age, out, print_json
from trainplat_cli.tables import show_facts, show_table
from trainplat_cli.texts import _

HOUR_S = 3600
OUTCOMES = {
    Outcome.GRANTED: mark("It would start at once."),
    Outcome.MAKES_ROOM: mark("Others would make room for it."),
    Outcome.WAITS: mark("It would wait."),
}


@click.command(
    cls=RequestCommand,
    help=mark("Show what would happen to REQUEST if it came now, behind all that wait. Nothing is changed."),
)
@click.argument("request")
@asking_options
@option("--preemptible", is_flag=True, help=mark("It could be stopped for others."))
@time_option("--for", name="for_s", says=mark("How long it runs at most, such as 2h."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def simulate(
    request: str,
    project: str,
    priority: str,
    cpus: str,
    memory: str,
    span: str,
    nodes: str,
    preemptible: bool,
    for_s: int | None,
    as_json: bool,
) -> None:
    """Ask the arbiter, and write nothing."""
    terms = terms_asked(
        priority=priority,
        cpus=cpus,
        memory=memory,
        span=span,
        nodes=nodes,
        preemptible=preemptible,
        for_s=for_s,
    )
    found = gpu_service().simulate(request, owner=Owner(project, current_user()), terms=terms)
    cost = found.cost(home_prices(), for_s or HOUR_S)
    if as_json:
        print_json(_document(found, cost, for_s))
        return
    show_facts(_facts(found, cost, for_s))
    if found.victims:
        out().print(f"\n[bold]{_('Would make room')}[/bold]")
        titles = (_("run"), _("owner"), _("priority"), _("has run for"), _("devices"))
        show_table(
            titles,
            [
                (
                    short(one.run_id),
                    named(one.owner),
                    str(one.terms.priority),
                    age(one.granted_at),
                    ", ".join(one.devices),
                )
                for one in found.victims
            ],
        )


def _facts(found: Simulation, cost: Cost | None, for_s: int | None) -> list[tuple[str, str]]:
    rows = [
        (_("Means"), meaning(found.request)),
        (_("Owner"), named(found.owner)),
        (_("Outcome"), _(OUTCOMES[found.outcome])),
        (_("Because"), f"{found.why.rule}: {found.why.translated(_)}"),
    ]
    if not found.for_run:
        told = _("Runs are started on this machine only; a lease without a run can have it: {command}")
        command = allocate_command(found.request, found.terms)
        rows.append((_("Holds for"), told.format(command=command)))
    if found.devices:
        rows.append((_("Devices"), ", ".join(found.devices)))
    if found.outcome is Outcome.WAITS:
        start = _("nobody knows") if found.expected_at is None else moment(found.expected_at)
        rows.append((_("Start at the earliest"), start))
    if found.waiting_before:
        rows.append((_("Wait already"), str(found.waiting_before)))
    if cost is not None:
        rows.append((_("Cost") if for_s else _("Cost per hour"), cost.text))
    return rows


def _document(found: Simulation, cost: Cost | None, for_s: int | None) -> dict[str, Any]:
    return {
        "request": found.request.text,
        "project": found.owner.project,
        "user": found.owner.user,
        "outcome": found.outcome,
        "rule": found.why.rule,
        "reason": found.why.text,
        "devices": list(found.devices),
        "placement": placement_document(found.places),
        "for_run": found.for_run,
        "expected_at": found.expected_at,
        "waiting_before": found.waiting_before,
        "victims": [one.run_id for one in found.victims],
        "cost": None if cost is None else str(cost.amount),
        "cost_seconds": for_s or HOUR_S,
        "currency": None if cost is None else cost.currency,
    }
