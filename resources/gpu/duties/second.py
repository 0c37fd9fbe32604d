"""Second leases: a step that holds its run's devices asks for more, for a shorter time.

Who holds devices while it waits for others can wait for itself, or in a circle. Both are found here, so that
nobody waits for what cannot come:

- what does not fit beside the run's own lease and those in whose blocks it is asked for, and would fit
  without them, is refused at once; what another thread or step of the run holds comes back by itself;
- of the runs that wait for second leases, those go on that fit once all others are done; of a circle that
  is left, the one that asked last gives up.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace

from sqlalchemy import Connection

from resources.errors import BadInput
from resources.gpu import ledger, lending_store
from resources.gpu.arbiter import decide_by_name
from resources.gpu.duties.leases import Leases
from resources.gpu.duties.submission import Submission
from resources.gpu.model import (
    Grant,
    Lease,
    Origin,
    Owner,
    RunId,
    Terms,
    WaitingRequest,
    outer_of,
    run_of,
    second_id,
)
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.requests.errors import ImpossibleGpuRequest
from resources.gpu.snapshot import Known, Snapshot
from resources.process import ProcessIdentity
from resources.terms import Actor

DEEPEST = 3
"""So many leases, that of the run included, may a second lease be nested in: an id has 64 characters."""


class SecondLeases(Submission, Leases):
    """Leases of steps within a run."""

    def submit_second(
        self,
        run_id: RunId,
        text: str,
        *,
        owner: Owner,
        instance: str,
        actor: Actor,
        holder: ProcessIdentity,
        terms: Terms,
        within: RunId | None = None,
    ) -> RunId:
        """Put the request of a step in the line, and return its id.

        ``within``: the second lease in whose block it is asked for; None: in none's. Raises as :meth:`submit`
        does, BadInput where it is nested too deep, and ImpossibleGpuRequest for what the run's own lease and
        those around it rule out.
        """
        own_id = second_id(within or run_id)
        if len(outer_of(own_id)) > DEEPEST:
            raise BadInput(
                f"a second lease within {DEEPEST} others is nested too deep; expected {DEEPEST} at most",
                "Ask for the devices in one of the blocks around it.",
            )
        asked = self.submit(
            own_id,
            text,
            owner=owner,
            origin=Origin.DIRECT,
            instance=instance,
            actor=actor,
            holder=holder,
            # Its step runs in a process that nobody could stop and take up again.
            terms=replace(terms, preemptible=False),
        )
        with self._database.read() as connection:
            around = outer_of(asked.run_id)
            own = [one for one in ledger.live_leases(connection) if one.run_id in around]
            blocked = not self._fits(connection, asked, own) and self._fits(connection, asked, ())
        if blocked:
            self.withdraw(asked.run_id, reason="its own run holds what it asks for", actor=actor)
            held = ", ".join(device for lease in own for device in lease.devices) or "its CPUs and memory"
            raise ImpossibleGpuRequest(
                f"GPU request {text!r} of a step does not fit beside what its own run holds ({held}); "
                "the step would wait for itself",
                "Ask for less in the step, or let the run ask for less: its tag trainplat/gpu.",
            )
        return asked.run_id

    def in_circle(self, second: RunId) -> bool:
        """Whether a second request waits for runs that wait for it, and is the one of them that gives up."""
        with self._database.read() as connection:
            everybody = ledger.waiting_requests(connection)
            waiting = {one.run_id: one for one in everybody if run_of(one.run_id) != one.run_id}
            held = ledger.live_leases(connection)
            stuck = set(waiting)
            while freed := self._free_to_go(connection, [waiting[one] for one in stuck], held):
                stuck -= freed
        last = max(stuck, key=lambda one: (waiting[one].submitted_at, one), default=None)
        return second == last

    def _free_to_go(
        self, connection: Connection, asking: Collection[WaitingRequest], held: Iterable[Lease]
    ) -> set[RunId]:
        """Those that fit beside what all that ask hold while they wait."""
        around = {lease for one in asking for lease in outer_of(one.run_id)}
        beside = [lease for lease in held if lease.run_id in around]
        return {one.run_id for one in asking if self._fits(connection, one, beside)}

    def _fits(self, connection: Connection, asked: WaitingRequest, leases: Collection[Lease]) -> bool:
        known = Known(list(leases), [asked])
        tree = QuotaTree(lending_store.rows_now(connection))
        snapshot = Snapshot(self._inventory(), known, tree, self._settings)
        made = decide_by_name(snapshot, known, self._clock())
        return any(isinstance(one.decision, Grant) and one.decision.run_id == asked.run_id for one in made)
