"""When those who wait will start: the arbiter's own passes, played on over the ends that are declared.

Each lease is taken to end when it says (``trainplat/max_runtime_s``, or the time of a lease without a run),
and after each end the pass decides as it will then, by all of its rules: quotas, turns, reservations, who
makes room. What has declared no end goes on for ever, so whoever waits for it has no expected start.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from resources.gpu.arbiter import Decided, decide_by_name
from resources.gpu.inventory.model import Inventory
from resources.gpu.model import (
    Attempt,
    Grant,
    Kept,
    Lease,
    RunId,
    Stop,
    WaitingRequest,
    granted_lease,
)
from resources.gpu.policy.model import Settings
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import QuotaRows
from resources.gpu.snapshot import Known, OutOfStep, Snapshot

STOPS_WITHIN = timedelta(seconds=15)
"""So long takes a checkpoint and the way back to the queue."""
SOON = timedelta(seconds=1)
"""When what is past its declared end is taken to end."""
MOST_PASSES = 50
MOST_LOOKS = 4_000
"""How many requests all passes together may look at; the line is read by pages again and again."""


@dataclass(frozen=True)
class Foreseen:
    """What comes of a line."""

    now: list[Decided]
    """What the next pass decides."""
    starts: dict[RunId, datetime]
    """When each is expected to start; who is not in it starts nobody knows when."""


def foreseen(
    inventory: Inventory, known: Known, quotas: QuotaRows, settings: Settings, now: datetime
) -> Foreseen:
    """What comes of those who wait. It writes nothing."""
    found: dict[RunId, datetime] = {}
    first: list[Decided] | None = None
    wanted = {one.run_id for one in known.waiting}
    snapshot = Snapshot(inventory, known, QuotaTree(quotas), settings)
    moment, looks = now, 0
    for _ in range(MOST_PASSES):
        looks += len(known.waiting)
        if not wanted - found.keys() or (first is not None and looks > MOST_LOOKS):
            break
        decided = decide_by_name(snapshot, known, moment)
        first = decided if first is None else first
        known = _after(known, decided, moment)
        for made in decided:
            if isinstance(made.decision, Grant):
                found.setdefault(made.decision.run_id, moment)
        ends = [end for lease in known.leases if (end := _end(lease, now)) is not None]
        if not ends:
            break
        moment = max(min(ends), moment)
        known = _without_ended(known, moment, now)
        try:
            snapshot.update(known)
        except OutOfStep:
            snapshot = Snapshot(inventory, known, QuotaTree(quotas), settings)
    return Foreseen(first or [], {run: at for run, at in found.items() if run in wanted})


def _after(known: Known, decided: Iterable[Decided], moment: datetime) -> Known:
    """What the ledger knows once these decisions are written."""
    waiting = {one.run_id: one for one in known.waiting}
    leases = {one.run_id: one for one in known.leases}
    kept = {one.run_id: one for one in known.kept}
    for made in decided:
        decision = made.decision
        if isinstance(decision, Grant):
            leases[decision.run_id] = granted_lease(waiting.pop(decision.run_id), decision, moment)
            kept.pop(decision.run_id, None)
        elif isinstance(decision, Stop):
            lease = leases[decision.run_id]
            if lease.stop_for is None:
                leases[decision.run_id] = replace(lease, stop_for=decision.for_run, stop_asked_at=moment)
        if made.kept is not None:
            kept[made.kept.run_id] = made.kept
    return replace(
        known, leases=tuple(leases.values()), waiting=tuple(waiting.values()), kept=tuple(kept.values())
    )


def _without_ended(known: Known, moment: datetime, now: datetime) -> Known:
    """What is known when those leases are over that end until ``moment``; who made room waits again."""
    over = [one for one in known.leases if (end := _end(one, now)) is not None and end <= moment]
    gone = {one.run_id for one in over}
    again = [_again(one, one.stop_for, moment) for one in over if one.stop_for is not None]
    return replace(
        known,
        leases=tuple(one for one in known.leases if one.run_id not in gone),
        waiting=(*known.waiting, *again),
        kept=tuple(_still_kept(one, gone) for one in known.kept),
    )


def _still_kept(kept: Kept, gone: set[RunId]) -> Kept:
    return replace(kept, victims=tuple(one for one in kept.victims if one not in gone))


def _end(lease: Lease, now: datetime) -> datetime | None:
    """When a lease is over by its own word, at the earliest a moment after ``now``."""
    if lease.stop_for is not None:
        end = (lease.stop_asked_at or now) + STOPS_WITHIN
    elif lease.expires_at is not None:
        end = lease.expires_at
    elif lease.terms.max_runtime_s is not None:
        end = lease.granted_at + timedelta(seconds=lease.terms.max_runtime_s)
    else:
        return None
    return max(end, now + SOON)


def _again(lease: Lease, for_run: RunId, moment: datetime) -> WaitingRequest:
    """The next attempt of a run that made room."""
    return WaitingRequest(
        lease.run_id,
        Attempt(lease.attempt + 1),
        lease.request,
        lease.owner,
        lease.origin,
        lease.instance,
        lease.submitted_at or lease.granted_at,
        terms=lease.terms,
        queued_at=moment,
        attained_gpu_s=lease.attained_gpu_s
        + (moment - lease.granted_at).total_seconds() * len(lease.devices) * lease.milli / 1000,
        evictions=lease.evictions + 1,
        evicted_at=moment,
        made_room_for=(*lease.made_room_for, for_run),
        batch=lease.batch,
    )
