"""Simulation: what would happen if somebody asked now. Nothing is written."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from resources.gpu import lending_store, like_jobs, quota_store
from resources.gpu.arbiter import Decided, decide_by_name
from resources.gpu.duties.foresight import MOST_IN_TURN
from resources.gpu.duties.known import read_known
from resources.gpu.duties.submission import FIRST_ATTEMPT, Submission, refuse_over_quota
from resources.gpu.foreseen import foreseen
from resources.gpu.inventory.model import DeviceId, DevicesOfNode
from resources.gpu.manual.naming import checked_project
from resources.gpu.model import (
    NO_TERMS,
    Grant,
    Lease,
    Origin,
    Owner,
    RunId,
    Stop,
    Terms,
    Wait,
    WaitingRequest,
)
from resources.gpu.policy.affinity import Standing
from resources.gpu.policy.keeping import expected_place
from resources.gpu.policy.model import JobId
from resources.gpu.policy.price import Cost, Prices, Use
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.reason import Reason
from resources.gpu.requests.errors import ImpossibleGpuRequest
from resources.gpu.requests.model import GpuRequest
from resources.gpu.snapshot import Snapshot
from resources.gpu.usage.known import with_past

SIMULATED = RunId("simulated:run")
"""No run and no lease has this name."""
NEEDS_TIME = frozenset({"W1", "W3", "W6", "W7", "W9"})
"""Rules of what is only in use now: who waits by these starts once enough of it has ended."""


class Outcome(StrEnum):
    """What would happen."""

    GRANTED = "granted"
    """It would start at once."""
    MAKES_ROOM = "makes_room"
    """Others would make room for it, and it would start once they are gone."""
    WAITS = "waits"


@dataclass(frozen=True)
class Simulation:
    """What would happen to a request that came now, behind all that wait already."""

    request: GpuRequest
    owner: Owner
    terms: Terms
    outcome: Outcome
    why: Reason
    devices: tuple[DeviceId, ...]
    """What it would get now or, where others make room, then."""
    models: tuple[str | None, ...]
    """The model of each of these; where it waits, that of each device it asks for, if only one will do."""
    victims: tuple[Lease, ...]
    """Who would make room for it."""
    waiting_before: int
    """How many requests wait already."""
    expected_at: datetime | None
    """When it would start at the earliest: after those before it in the line, as far as declared runtimes
    tell; else once enough of what is in use has ended. None: nobody knows, or it starts now."""
    places: tuple[DevicesOfNode, ...] = ()
    """Where :attr:`devices` are."""
    for_run: bool = True
    """False: no run can be started where such devices are, and it is told for a lease without a run."""

    def cost(self, prices: Prices | None, seconds: int) -> Cost | None:
        """What it would cost to hold it for so long; None where no price is known."""
        if prices is None:
            return None
        return prices.cost(Use(model, self.request.milli, seconds) for model in self.models)


class Simulating(Submission):
    """What-if."""

    def simulate(self, text: str, *, owner: Owner, terms: Terms = NO_TERMS) -> Simulation:
        """What one pass would decide about ``text`` if ``owner`` submitted it now.

        By the same pass over the same state as :meth:`decide_now`, and nothing is written. For a run, or,
        where only declared nodes have what a run would need, for a lease without one. Raises as
        :meth:`submit` does for what would be refused to both.
        """
        checked_project(owner.project)
        for_run = True
        try:
            requests, inventory = self._read([(text, terms)])
        except ImpossibleGpuRequest as for_runs:
            try:
                requests, inventory = self._read([(text, terms)], for_run=False)
            except ImpossibleGpuRequest:
                raise for_runs from None
            for_run = False
        request = requests[text]
        now = self._clock()
        with self._database.read() as connection:
            rows = quota_store.read(connection)
            before = read_known(connection)
            now_rows = lending_store.rows_now(connection)
            asked = WaitingRequest(
                SIMULATED,
                FIRST_ATTEMPT,
                request,
                owner,
                Origin.QUEUE if for_run else Origin.MANUAL,
                "simulated",
                now,
                terms=terms,
                batch=like_jobs.batch_now(connection, owner, request, now).id,
            )
            known = replace(before, waiting=[*before.waiting, asked])
            known = with_past(connection, known, now_rows, now)
        refuse_over_quota(rows, inventory.for_runs if for_run else inventory, [asked])
        snapshot = Snapshot(inventory, known, QuotaTree(now_rows), self._settings)
        told = [one for one in decide_by_name(snapshot, known, now) if _is_about(one)]
        own = next(one for one in told if one.decision.run_id == SIMULATED)
        stopped = {one.decision.run_id for one in told if isinstance(one.decision, Stop)}
        devices = _devices(own, told)
        outcome = Outcome.MAKES_ROOM if stopped else Outcome.WAITS
        outcome = Outcome.GRANTED if isinstance(own.decision, Grant) else outcome
        expected_at = None
        if outcome is Outcome.WAITS:
            in_line = len(known.waiting) <= MOST_IN_TURN
            starts = foreseen(inventory, known, now_rows, self._settings, now).starts if in_line else {}
            expected_at = starts.get(SIMULATED) or _expected_at(own, snapshot, now)
        return Simulation(
            request,
            owner,
            terms,
            outcome,
            own.why,
            devices,
            snapshot.shapes.models_of(devices) or snapshot.shapes.only_model_for(request, terms),
            tuple(one for one in known.leases if one.run_id in stopped),
            len(before.waiting),
            expected_at,
            inventory.places_of(devices),
            for_run,
        )


def _is_about(made: Decided) -> bool:
    decision = made.decision
    return decision.run_id == SIMULATED or (isinstance(decision, Stop) and decision.for_run == SIMULATED)


def _devices(own: Decided, told: list[Decided]) -> tuple[DeviceId, ...]:
    if isinstance(own.decision, Grant):
        return own.decision.devices
    return next((one.kept.devices for one in told if one.kept and one.kept.run_id == SIMULATED), ())


def _expected_at(own: Decided, snapshot: Snapshot, now: datetime) -> datetime | None:
    if isinstance(own.decision, Wait) and own.decision.expected_at is not None:
        return own.decision.expected_at
    if own.why.rule not in NEEDS_TIME:
        return None
    state = snapshot.state
    job = state.waiting[JobId(SIMULATED)]
    standing = Standing(state)
    where = standing.allowed(job)
    mask = None if where is None else standing.mask(where)
    place = expected_place(
        state, lambda: state.cluster.find(job.shape, job.span, allowed=mask), now.timestamp(), ()
    )
    if place is None or place.starts_at_s is None:
        return None
    return datetime.fromtimestamp(place.starts_at_s, UTC)
