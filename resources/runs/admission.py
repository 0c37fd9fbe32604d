"""From the ledger to the queue: what the arbiter decided is shown on the runs, and opens the gate."""

from collections.abc import Mapping

from dagster import DagsterInstance, DagsterRun

from resources.gpu import tags
from resources.gpu.duties.deciding import TOLD_PLACES
from resources.gpu.model import Decision, Grant, Lease, LeaseState, RunId, Stop, Wait, WaitingRequest
from resources.gpu.policy.reasons import called
from resources.gpu.service import GpuService
from resources.terms import Actor


def admit(instance: DagsterInstance, service: GpuService, actor: Actor) -> list[Decision]:
    """One pass of the arbiter, and its decisions written on the runs of ``instance``."""
    decisions = service.decide_now(actor)
    for decision in decisions:
        run = instance.get_run_by_id(decision.run_id)
        if run is None or run.is_finished:
            continue
        if isinstance(decision, Stop):
            reason = f"{decision.rule}: {decision.reason}"
            instance.add_run_tags(run.run_id, {tags.REASON: reason})
            instance.report_engine_event(f"Is to make room for {called(decision.for_run)}. {reason}", run)
            continue
        show(instance, run, decision_tags(decision) | place_tag(run, decision))
        if isinstance(decision, Grant) and decision.devices:
            instance.report_engine_event(f"{decision.reason} (rule {decision.rule})", run)
    return decisions


def place_tag(run: DagsterRun, decision: Grant | Wait) -> dict[str, str]:
    """The place in the line of who waits. Of those behind none is shown: each grant would change them all."""
    if isinstance(decision, Wait):
        return {tags.PLACE: str(decision.place) if decision.place <= TOLD_PLACES else f"after {TOLD_PLACES}"}
    return {tags.PLACE: ""} if tags.PLACE in run.tags else {}


def decision_tags(decision: Grant | Wait) -> dict[str, str]:
    """How a decision looks on a run."""
    granted = isinstance(decision, Grant)
    return {
        tags.ADMISSION: tags.GRANTED if granted else tags.PENDING,
        tags.DEVICES: ",".join(decision.devices) if isinstance(decision, Grant) else "",
        tags.REASON: f"{decision.rule}: {decision.reason}",
        tags.ATTEMPT: str(decision.attempt),
    }


def ledger_tags(asked: WaitingRequest, lease: Lease | None) -> dict[str, str]:
    """How a run looks by what the ledger says of its newest attempt."""
    held = lease is not None and lease.attempt == asked.attempt and lease.state is not LeaseState.RELEASED
    shown = {
        tags.ADMISSION: tags.GRANTED if held else tags.PENDING,
        tags.DEVICES: ",".join(lease.devices) if held and lease is not None else "",
        tags.ATTEMPT: str(asked.attempt),
        tags.USER: asked.owner.user,
    }
    return shown | ({tags.REASON: f"{asked.rule}: {asked.reason}"} if asked.reason else {})


def show(instance: DagsterInstance, run: DagsterRun, shown: Mapping[str, str]) -> None:
    """Write those of the tags that differ; a waiting run whose reason changes also says so in its log."""
    changed = {key: value for key, value in shown.items() if run.tags.get(key) != value}
    if not changed:
        return
    instance.add_run_tags(run.run_id, changed)
    if tags.REASON in changed and shown[tags.ADMISSION] == tags.PENDING:
        instance.report_engine_event(changed[tags.REASON], run)


def reassert(instance: DagsterInstance, service: GpuService, run: DagsterRun) -> None:
    """Write on a queued run what the ledger says, since concurrent writers lose each other's tags."""
    asked = service.newest_request(RunId(run.run_id))
    if asked is not None:
        show(instance, run, ledger_tags(asked, service.newest_lease(RunId(run.run_id))))
