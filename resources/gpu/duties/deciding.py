"""Deciding: one pass of the policy over the ledger, and what it decided written down."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from resources.database.audit import AuditRow, record_all
from resources.database.leadership import Leader, Superseded
from resources.gpu import decision_log, ledger, lending_store
from resources.gpu.arbiter import Decided, decide_by_name
from resources.gpu.changes import last_change, set_moves_left
from resources.gpu.duties.desk import DECIDER, Desk, desk_of
from resources.gpu.duties.expiring import Expiring
from resources.gpu.duties.known import is_still_so, read_known
from resources.gpu.duties.line import Line
from resources.gpu.duties.rows import Written
from resources.gpu.inventory.model import Inventory
from resources.gpu.model import Decision, Grant, Lease, RunId, Stop, Wait, WaitingRequest
from resources.gpu.policy.model import Settings
from resources.gpu.policy.state import moves_left_after
from resources.gpu.snapshot import Known
from resources.gpu.usage.known import with_past
from resources.terms import Actor

KEEPS = "W4"
"""The rule of a run for which others make room."""
TOLD_PLACES = 20
"""How many of the line are told after each pass, whether or not anything about them is new."""


class Deciding(Expiring, Line):
    """Who gets devices."""

    def decide_now(self, actor: Actor) -> list[Decision]:
        """One pass of the arbiter: grants what can be granted, says who makes room, and why others wait.

        Returns what is new, and the first :data:`TOLD_PLACES` of the line: who waits further behind, for the
        same reason as before, is not told again. Of all processes one decides at a time; the others wait for
        their turn.
        """
        self.end_overdue(actor)
        self.withdraw_dead(actor)  # who is dead would be granted devices that nobody takes up
        desk = desk_of(self._database)
        with desk.lock:
            while self._is_anything_to_decide(desk):
                leader = desk.take_role()
                if leader is None:
                    break
                try:
                    return [made.decision for made in self._pass(desk, leader, actor)]
                except Superseded:
                    logging.getLogger(__name__).warning(
                        "another process has decided meanwhile", exc_info=True
                    )
                except BaseException:
                    desk.forget()
                    self._give_up(desk, leader)
                    raise
            return []

    def _is_anything_to_decide(self, desk: Desk) -> bool:
        with self._database.read() as connection:
            if ledger.anything_waits(connection):
                return True
            return not read_known(connection, desk.rows).leaves_nothing_to_decide(self._clock())

    def _pass(self, desk: Desk, leader: Leader, actor: Actor) -> list[Decided]:
        """Decides while others may write; under the write lock it is only looked whether it still holds."""
        inventory, now = self._inventory(), self._clock()
        with self._database.read() as connection:
            known, decided = self._decide(connection, desk, inventory, now)
            quotas = lending_store.rows_now(connection)
        with self._database.write() as connection:
            leader.fenced(connection)
            latest = read_known(connection, desk.rows)
            if not is_still_so(known, latest) or lending_store.rows_now(connection) != quotas:
                known, decided = self._decide(connection, desk, inventory, now)
            news, written = _write(connection, known, decided, actor, now, self._settings)
            desk.role.hand_back(connection, leader)
        desk.rows.note(written)
        return news

    def _decide(
        self, connection: Connection, desk: Desk, inventory: Inventory, now: datetime
    ) -> tuple[Known, list[Decided]]:
        rows = lending_store.rows_now(connection)
        known = with_past(connection, read_known(connection, desk.rows), rows, now, desk.used)
        snapshot = desk.snapshot(known, inventory, rows, self._settings)
        desk.learn(connection, snapshot, now)
        return known, decide_by_name(snapshot, known, now)

    def _give_up(self, desk: Desk, leader: Leader) -> None:
        try:
            with self._database.write() as connection:
                desk.role.hand_back(connection, leader)
        except Exception:  # the database may be what is gone; the lease of the role ends by itself
            logging.getLogger(__name__).debug("the role %s was not handed back", DECIDER, exc_info=True)


def _write(
    connection: Connection,
    known: Known,
    decided: Sequence[Decided],
    actor: Actor,
    now: datetime,
    settings: Settings,
) -> tuple[list[Decided], Written]:
    """Write what is new of what was decided. Returns that with the first of the line, and the rows."""
    waiting = {one.run_id: one for one in known.waiting}
    leases = {(one.run_id, one.attempt): one for one in known.leases}
    news: list[Decided] = []
    waits: list[WaitingRequest] = []
    stopped: list[Lease] = []
    grants: list[Grant] = []
    recorded: list[Decided] = []
    stopping: set[RunId] = set()
    for made in decided:
        decision = made.decision
        if isinstance(decision, Wait):
            asked = waiting[decision.run_id]
            as_before = asked.rule, asked.reason, asked.expected_at
            if as_before == (decision.rule, decision.reason, decision.expected_at):
                if decision.place <= TOLD_PLACES:
                    news.append(made)  # its place in the line may be another one
                continue
            waits.append(
                replace(
                    asked,
                    rule=decision.rule,
                    reason=decision.reason,
                    expected_at=decision.expected_at,
                    why=made.why,
                )
            )
            news.append(made)
            if asked.rule == decision.rule:
                continue  # who holds what changes often; the record keeps what changed in kind
        elif isinstance(decision, Grant):
            news.append(made)
            grants.append(decision)
        elif decision.run_id not in stopping:
            news.append(made)
            stopping.add(decision.run_id)
            ledger.stop(connection, decision)
            lease = leases[decision.run_id, decision.attempt]
            if lease.stop_for is None:
                stopped.append(replace(lease, stop_for=decision.for_run, stop_reason=decision.told))
        elif made.kept is not None:  # of a run that moves it was said before that it makes room
            ledger.keep(connection, made.kept)
            continue
        if made.kept is not None:
            ledger.keep(connection, made.kept)
        recorded.append(made)
    ledger.set_reasons(connection, waits)
    granted = ledger.add_leases(connection, [(waiting[one.run_id], one) for one in grants], now)
    decision_log.add(connection, recorded, now)
    told = [made.decision for made in recorded if not isinstance(made.decision, Wait)]
    record_all(connection, [_audited(one, actor, now) for one in told])
    _forget_kept(connection, known, decided)
    _count_moves(connection, known, len(grants), sum(made.moves for made in decided), settings)
    return news, Written(last_change(connection), [*stopped, *granted], waits)


def _count_moves(connection: Connection, known: Known, started: int, moved: int, settings: Settings) -> None:
    left = moves_left_after(known.moves_left, settings, started=started, moved=moved)
    if left != known.moves_left:
        set_moves_left(connection, left)


def _audited(decision: Grant | Stop, actor: Actor, now: datetime) -> AuditRow:
    action = "gpu.grant" if isinstance(decision, Grant) else "gpu.stop"
    return AuditRow(now, actor, action, decision.run_id, f"{decision.rule}: {decision.reason}")


def _forget_kept(connection: Connection, known: Known, decided: Sequence[Decided]) -> None:
    """What was kept is given out by a grant, and of no use once its run is gone or fares otherwise."""
    still = {made.kept.run_id for made in decided if made.kept is not None}
    still |= {made.decision.run_id for made in decided if made.decision.rule == KEEPS}
    still |= {lease.run_id for lease in known.leases}
    for kept in known.kept:
        if kept.run_id not in still:
            ledger.drop_kept(connection, kept.run_id)
