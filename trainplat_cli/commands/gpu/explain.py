"""``trainplat gpu explain``: what one run asked for, how it stands, and every decision about it."""

from typing import Any

import click

from resources.gpu.enforcement.apart import Apart, apart
from resources.gpu.model import OVERUSE, Lease, LeaseState, RunId, WaitingRequest
from resources.gpu.policy.reasons import called
from resources.gpu.service import GpuService
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.parse import meaning
from trainplat_cli.commands.gpu.shown import (
    apart_document,
    apart_sentences,
    cost_document,
    cost_text,
    decision_document,
    gpu_service,
    lease_document,
    line_of,
    makes_room,
    moment,
    named,
    short,
    show_decisions,
    usage_service,
    waiting_because,
)
from trainplat_cli.output import age, out, print_json
from trainplat_cli.tables import show_facts, show_table
from trainplat_cli.texts import _

WAITS, GRANTED, RUNS, MAKES_ROOM, ENDED = "waits", "granted", "runs", "makes room", "ended"
STATES = {
    WAITS: mark("waits"),
    GRANTED: mark("has its devices, and has not begun"),
    RUNS: mark("runs"),
    MAKES_ROOM: mark("makes room"),
    ENDED: mark("has ended"),
}


@click.command(
    cls=Command, help=mark("Show what a run asked for, how it stands, why, and every decision about it.")
)
@click.argument("run")
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def explain(run: str, as_json: bool) -> None:
    """Explain the run of this id, or of this beginning of one."""
    service = gpu_service()
    run_id = service.find_run(run)
    asked = service.newest_request(run_id)
    if asked is None:
        raise RuntimeError(f"run {run_id} was found, and has no request")
    leases = service.leases_of(run_id)
    lease = next((one for one in leases if one.attempt == asked.attempt), None)
    state = _state(service, asked, lease)
    if state == WAITS:
        asked = next((one for one in line_of(service) if one.run_id == run_id), asked)
    in_the_way = _in_the_way(service, asked) if state == WAITS else []
    decisions = service.decisions_of(run_id)
    cost = usage_service().cost_of(leases)
    kept = None if lease is None or state == ENDED else apart(lease, service.status(past=0).devices)
    if as_json:
        document = _document(asked, lease, state) | cost_document(cost)
        document["apart"] = None if kept is None else apart_document(kept)
        document["in_the_way"] = [lease_document(one) for one in in_the_way]
        document["decisions"] = [decision_document(one) for one in decisions]
        document["leases"] = [lease_document(one) for one in leases]
        print_json(document)
        return
    facts = _facts(asked, lease, state, kept)
    if cost is not None:
        facts.append((_("Cost so far"), cost_text(cost)))
    show_facts(facts)
    if in_the_way:
        out().print(f"\n[bold]{_('What it asks for is held by')}[/bold]")
        titles = (_("run"), _("owner"), _("devices"), _("priority"), _("since"), _("room"))
        show_table(titles, [_holder_row(one, run_id) for one in in_the_way])
    out().print(f"\n[bold]{_('Decisions')}[/bold]")
    if decisions:
        show_decisions(decisions)
    else:
        out().print(_("None yet. The arbiter looks whenever a run comes or ends; is the stack up?"))


def _state(service: GpuService, asked: WaitingRequest, lease: Lease | None) -> str:
    if lease is None:
        return ENDED if service.has_ended(asked.run_id) else WAITS
    if lease.state is LeaseState.RELEASED:
        return ENDED
    if lease.stop_for is not None:
        return MAKES_ROOM
    return GRANTED if lease.state is LeaseState.GRANTED else RUNS


def _in_the_way(service: GpuService, asked: WaitingRequest) -> list[Lease]:
    """The leases of which some have to end.

    Those told to make room for it; else, by the rule that it waits by, those of its project, those of
    projects that borrow, or all that hold a device of the kind that it asks for.
    """
    live = service.live_leases()
    told = [one for one in live if one.stop_for == asked.run_id]
    if told:
        return told
    holders = [one for one in live if one.devices]
    if asked.rule == "Q4":
        return [one for one in holders if one.owner.project == asked.owner.project]
    if asked.rule in {"Q5", "Q6"}:
        borrowing = {one.party.name for one in service.quotas_in_use().all_borrowers()}
        return [one for one in holders if one.owner.project in borrowing]
    matching = {device.id for device in service.devices() if asked.request.matches(device)}
    return [one for one in holders if matching.intersection(one.devices)]


def _document(asked: WaitingRequest, lease: Lease | None, state: str) -> dict[str, Any]:
    return {
        "run": asked.run_id,
        "attempt": asked.attempt,
        "state": state,
        "project": asked.owner.project,
        "user": asked.owner.user,
        "request": asked.request.text,
        "count": asked.request.count,
        "model": asked.request.model,
        "fraction": asked.request.fraction,
        "memory": asked.request.memory_mib,
        "mode": asked.request.mode.value,
        "priority": asked.terms.priority,
        "preemptible": asked.terms.preemptible,
        "max_runtime_s": asked.terms.max_runtime_s,
        "evictions": asked.evictions,
        "submitted_at": asked.submitted_at,
        "waiting_since": asked.queued_at or asked.submitted_at if state == WAITS else None,
        "rule": asked.rule if state == WAITS else None,
        "reason": asked.reason if state == WAITS else None,
        "expected_at": asked.expected_at if state == WAITS else None,
        "devices": [] if lease is None or state == ENDED else list(lease.devices),
        "release_reason": None if lease is None else lease.release_reason,
        "stop_for": None if lease is None else lease.stop_for,
    }


def _facts(
    asked: WaitingRequest, lease: Lease | None, state: str, kept: Apart | None
) -> list[tuple[str, str]]:
    rows = [
        (_("Run"), asked.run_id),
        (_("Owner"), named(asked.owner)),
        (_("Request"), asked.request.text),
        (_("Means"), meaning(asked.request)),
        (_("Priority"), str(asked.terms.priority)),
        (_("Submitted"), moment(asked.submitted_at)),
        (_("Attempt"), str(asked.attempt)),
        (_("State"), _(STATES[state])),
    ]
    if state == WAITS:
        rows.append((_("Waits for"), age(asked.queued_at or asked.submitted_at)))
        rows.append((_("Because"), waiting_because(asked)))
        if asked.expected_at is not None:
            rows.append((_("Expected start"), moment(asked.expected_at)))
    if lease is not None:
        rows.append((_("Devices"), ", ".join(lease.devices) or _("no device")))
        rows += [(_("Kept apart"), sentence) for sentence in apart_sentences(kept)] if kept else []
        if state == MAKES_ROOM and lease.stop_for is not None and lease.stop_for.startswith(OVERUSE):
            rows.append((_("Is stopped"), lease.stop_reason or ""))
        elif state == MAKES_ROOM and lease.stop_for is not None:
            rows.append((_("Makes room for"), called(lease.stop_for)))
        if lease.release_reason is not None:
            rows.append((_("Because"), _(lease.release_reason)))
    return rows


def _holder_row(lease: Lease, run_id: RunId) -> tuple[str, ...]:
    if lease.stop_for == run_id:
        room = _("was told to make room")
    elif lease.stop_for is not None:
        room = makes_room(lease.stop_for)
    else:
        room = _("may be stopped") if lease.terms.preemptible else _("runs to its end")
    return (
        short(lease.run_id),
        named(lease.owner),
        ", ".join(lease.devices),
        str(lease.terms.priority),
        moment(lease.granted_at),
        room,
    )
