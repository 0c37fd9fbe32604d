"""Leases: taken up once, held by a process, given back."""

from dataclasses import replace
from datetime import timedelta

from resources.gpu import ledger
from resources.gpu.duties.base import audit
from resources.gpu.duties.line import Line
from resources.gpu.environment import lease_mark, marks_of
from resources.gpu.model import GONE, Attempt, Lease, LeaseState, Origin, RunId
from resources.process import ProcessIdentity, carriers_of, kill_remains
from resources.terms import Actor

HEARTBEAT = timedelta(seconds=30)
"""How old the last sign of life of a lease may be before a new one is written."""


class Leases(Line):
    """What runs hold."""

    def claim(self, run_id: RunId, claimer: ProcessIdentity) -> Lease | None:
        """Take up the granted lease of a run's newest attempt: once, however many try. None: not now."""
        now = self._clock()
        with self._database.write() as connection:
            attempt = ledger.newest_attempt(connection, run_id)
            if attempt is None or not ledger.claim(connection, run_id, attempt, claimer, now):
                return None
            lease = ledger.lease_of(connection, run_id, attempt)
            if lease is None or lease.origin is Origin.QUEUE:
                return lease
            # Of two step processes of one run that wait, either may be the one that gets it. A lease without
            # a run outlives the command that waited for it.
            holder = claimer if lease.origin is Origin.DIRECT else None
            ledger.move_holder(connection, run_id, attempt, holder)
            return ledger.lease_of(connection, run_id, attempt)

    def set_holder(self, run_id: RunId, attempt: Attempt, holder: ProcessIdentity) -> bool:
        """Say that ``holder`` now uses the claimed lease. False: it is somebody else's, or gone; then end."""
        with self._database.write() as connection:
            return ledger.set_holder(connection, run_id, attempt, holder)

    def hand_over(self, run_id: RunId, attempt: Attempt, holder: ProcessIdentity) -> None:
        """Say that a direct lease is held by another process from now on, and ends with that one."""
        with self._database.write() as connection:
            ledger.move_holder(connection, run_id, attempt, holder)

    def free_dead_holders(self, actor: Actor) -> list[Lease]:
        """Give back what direct runs held whose process is gone, and take those that waited out of the line.

        What a dead process has left is killed first, in whatever group it is: it may still use the devices.
        So with leases without a run as long as a command waits for them. Returns the leases given back. The
        runs of the queue are the launcher's to judge.
        """
        with self._database.read() as connection:
            leases = [one for one in ledger.live_leases(connection) if one.origin is not Origin.QUEUE]
        self.withdraw_dead(actor)
        dead = [one for one in leases if _is_gone(one)]
        return [
            one for one in dead if self.release(one.run_id, one.attempt, reason=GONE, actor=actor, seen=one)
        ]

    def end(self, lease: Lease, *, reason: str, actor: Actor) -> list[ProcessIdentity]:
        """Give a lease back with whose devices its holder is done, once no process computes on them any more.

        Returns the processes that were started with them and still live. With any, the lease is overdue: it
        keeps its devices, and the first pass that finds them gone gives these back.
        """
        left = carriers_of(lease_mark(lease))
        if not left:
            self.release(lease.run_id, lease.attempt, reason=reason, actor=actor)
            return []
        now = self._clock()
        with self._database.write() as connection:
            ledger.set_over(connection, lease, now)
            pids = ", ".join(str(one.pid) for one in left)
            audit(connection, now, actor, "gpu.end", lease.run_id, f"{reason}; left: process {pids}")
        return left

    def release(
        self, run_id: RunId, attempt: Attempt, *, reason: str, actor: Actor, seen: Lease | None = None
    ) -> bool:
        """Give the devices of a lease back. Returns whether it was live; doing it twice changes nothing.

        A lease that another process has taken up since it was ``seen`` is left as it is.
        """
        now = self._clock()
        with self._database.write() as connection:
            if seen is not None and not _is_as_seen(ledger.lease_of(connection, run_id, attempt), seen):
                return False
            was_live = ledger.release(connection, run_id, attempt, reason, now)
            if was_live:
                audit(connection, now, actor, "gpu.release", run_id, f"attempt {attempt}: {reason}")
        return was_live

    def note_alive(self) -> None:
        """Keep when the processes of leases were last seen alive; each lease once in a while."""
        now = self._clock()
        with self._database.read() as connection:
            leases = ledger.live_leases(connection)
        alive = [
            one
            for one in leases
            if one.holder is not None
            and (one.heartbeat_at is None or abs(now - one.heartbeat_at) >= HEARTBEAT)
            and one.holder.is_alive()
        ]
        if alive:
            with self._database.write() as connection:
                for one in alive:
                    ledger.set_heartbeat(connection, one.run_id, one.attempt, now)

    def set_preemptible(self, lease: Lease, actor: Actor, *, preemptible: bool) -> None:
        """Let a live lease be one that is stopped for others, or one that is not, from now on.

        One that makes room already goes on doing so.
        """
        now = self._clock()
        with self._database.write() as connection:
            found = ledger.lease_of(connection, lease.run_id, lease.attempt)
            if found is None or found.state is LeaseState.RELEASED or found.stop_for is not None:
                return
            if found.terms.preemptible == preemptible:
                return
            terms = replace(found.terms, preemptible=preemptible)
            ledger.resize(connection, replace(found, terms=terms))
            said = "it may be stopped for others" if preemptible else "it is not stopped for others"
            audit(connection, now, actor, "gpu.terms", lease.run_id, said)

    def ask_to_stop(self, run_id: RunId, attempt: Attempt) -> None:
        """Say that the process of a lease that makes room was asked for a checkpoint now."""
        now = self._clock()
        with self._database.write() as connection:
            ledger.set_stop_asked(connection, run_id, attempt, now)


def _is_as_seen(found: Lease | None, seen: Lease) -> bool:
    return found is not None and (found.state, found.holder) == (seen.state, seen.holder)


def _is_gone(lease: Lease) -> bool:
    holder = lease.holder
    return holder is not None and not holder.is_alive() and kill_remains(holder, *marks_of(lease))
