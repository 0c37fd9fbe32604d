"""The line: who leaves it, and who comes back to it."""

from resources.gpu import ledger
from resources.gpu.duties.base import OnLedger, audit
from resources.gpu.model import EVICTED, GONE, PREEMPTED, Attempt, Lease, LeaseState, RunId, WaitingRequest
from resources.gpu.placement.model import WHOLE_MILLI
from resources.process import ProcessIdentity
from resources.terms import Actor


class Line(OnLedger):
    """Requests that wait."""

    def withdraw(
        self, run_id: RunId, *, reason: str, actor: Actor, seen: WaitingRequest | None = None
    ) -> None:
        """Take a run out of the line and give back what it was granted but has not taken up.

        One for which another process waits since it was ``seen`` is left as it is.
        """
        now = self._clock()
        with self._database.write() as connection:
            attempt = ledger.newest_attempt(connection, run_id)
            if attempt is None:
                return
            if seen is not None and ledger.request_of(connection, run_id, attempt).holder != seen.holder:
                return
            lease = ledger.lease_of(connection, run_id, attempt)
            ended = ledger.end_request(connection, run_id, attempt, reason)
            if lease is not None and lease.state is LeaseState.GRANTED:
                ended |= ledger.release(connection, run_id, attempt, reason, now)
            if ended:
                audit(connection, now, actor, "gpu.withdraw", run_id, reason)

    def withdraw_dead(self, actor: Actor) -> None:
        """Take out of the line what a process waited for that is dead."""
        with self._database.read() as connection:
            requests = ledger.waited_for(connection)
        for request in requests:
            if request.holder is not None and not request.holder.is_alive():
                self.withdraw(request.run_id, reason=GONE, actor=actor, seen=request)

    def try_again(
        self,
        run_id: RunId,
        attempt: Attempt,
        *,
        reason: str,
        actor: Actor,
        holder: ProcessIdentity | None = None,
        seen: Lease | None = None,
    ) -> Attempt:
        """Release an attempt's lease and put the run in the line once more, at the place of its first try.

        Both in one transaction, so that a kill leaves either the old attempt or the new one. Returns the
        newest attempt; one that is newer than ``attempt`` already is left as it is, and so is a lease that a
        worker has taken up since it was ``seen``.
        """
        now = self._clock()
        with self._database.write() as connection:
            newest = ledger.newest_attempt(connection, run_id)
            if newest is None or newest > attempt:
                return newest or attempt
            found = ledger.lease_of(connection, run_id, attempt)
            if seen is not None and found is not None and found.holder != seen.holder:
                return attempt
            asked = ledger.request_of(connection, run_id, attempt)
            evicted = found is not None and found.stop_for is not None and reason in {PREEMPTED, EVICTED}
            # A run that died keeps its place in the line; one that made room has had its turn.
            served_s = (now - found.granted_at).total_seconds() if evicted and found else 0.0
            ledger.release(connection, run_id, attempt, reason, now)
            following = Attempt(attempt + 1)
            again = WaitingRequest(
                run_id,
                following,
                asked.request,
                asked.owner,
                asked.origin,
                asked.instance,
                asked.submitted_at,
                holder=holder,
                terms=asked.terms,
                queued_at=now,
                attained_gpu_s=asked.attained_gpu_s + served_s * asked.request.units_milli / WHOLE_MILLI,
                evictions=asked.evictions + evicted,
                evicted_at=now if evicted else asked.evicted_at,
                made_room_for=_made_room_for(asked, found if evicted else None),
                batch=asked.batch,
            )
            ledger.add_requests(connection, [again])
            audit(connection, now, actor, "gpu.try_again", run_id, f"attempt {following}: {reason}")
        return following


def _made_room_for(asked: WaitingRequest, evicted: Lease | None) -> tuple[RunId, ...]:
    whom = None if evicted is None else evicted.stop_for
    return asked.made_room_for if whom is None else tuple(dict.fromkeys((*asked.made_room_for, whom)))
