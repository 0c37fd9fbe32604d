"""The decisions of the policy in the words of the ledger: which runs get which devices, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from resources.gpu.model import Attempt, Decision, Grant, Kept, RunId, Stop, Wait
from resources.gpu.policy import model as policy
from resources.gpu.policy.decide import decide
from resources.gpu.policy.reason import Reason
from resources.gpu.snapshot import Known, Snapshot


@dataclass(frozen=True)
class Decided:
    """One decision, with its reason as values and what is kept for its run from now on."""

    decision: Decision
    why: Reason
    kept: Kept | None = None

    @property
    def moves(self) -> bool:
        """Whether a run makes room by rule D1: a place elsewhere is kept for itself."""
        return self.kept is not None and self.kept.run_id == self.decision.run_id


def decide_by_name(snapshot: Snapshot, known: Known, now: datetime) -> list[Decided]:
    """One pass of the policy over a snapshot of the ledger."""
    attempts = {lease.run_id: lease.attempt for lease in known.leases}
    attempts |= {asked.run_id: asked.attempt for asked in known.waiting}
    found: list[Decided] = []
    places = count(1)
    for made in decide(snapshot.state, now.timestamp()):
        found.extend(_named(made, snapshot, attempts, now, places))
    return found


def _named(
    made: policy.Decision,
    snapshot: Snapshot,
    attempts: dict[RunId, Attempt],
    now: datetime,
    places: Iterator[int],
) -> Iterator[Decided]:
    run_id, why = RunId(made.job), made.reason
    attempt = attempts.get(run_id, Attempt(0))
    if isinstance(made, policy.Grant):
        devices = snapshot.devices_of(made.placement)
        held = snapshot.shapes.held(devices, snapshot.state.waiting[made.job].shape.milli)
        yield Decided(Grant(run_id, attempt, devices, why.rule, why.text, held), why)
    elif isinstance(made, policy.Wait):
        expected = None if made.starts_at_s is None else datetime.fromtimestamp(made.starts_at_s, UTC)
        yield Decided(Wait(run_id, attempt, why.rule, why.text, expected, next(places)), why)
    elif isinstance(made, policy.Move):
        kept = Kept(run_id, snapshot.devices_of(made.placement), (), now)
        yield Decided(Stop(run_id, attempt, RunId(made.for_job), why.rule, why.text), why, kept)
    else:
        victims = tuple(RunId(one) for one in made.victims)
        kept = Kept(run_id, snapshot.devices_of(made.placement), victims, now)
        for index, victim in enumerate(victims):
            stop = Stop(victim, attempts[victim], run_id, why.rule, why.text)
            yield Decided(stop, why, kept if index == 0 and run_id in attempts else None)
        if run_id in attempts:
            yield Decided(Wait(run_id, attempt, why.rule, why.text, place=next(places)), why)
