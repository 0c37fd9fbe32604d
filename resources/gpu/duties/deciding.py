"""Deciding: one pass of the policy over the ledger, and what it decided written down."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from resources.gpu import decision_log, ledger, quota_store
from resources.gpu.arbiter import Decided, decide_by_name
from resources.gpu.duties.base import OnLedger, audit
from resources.gpu.duties.known import read_known
from resources.gpu.model import Decision, Grant, RunId, Wait, WaitingRequest
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.snapshot import Known, Snapshot
from resources.terms import Actor

KEEPS = "W4"
"""The rule of a run for which others make room."""


class Deciding(OnLedger):
    """Who gets devices."""

    def decide_now(self, actor: Actor) -> list[Decision]:
        """One pass of the arbiter: grants what can be granted, says who makes room, and why others wait."""
        inventory = self._inventory()
        now = self._clock()
        with self._database.write() as connection:
            known = read_known(connection)
            if known.leaves_nothing_to_decide(now):
                return []
            quotas = QuotaTree(quota_store.read(connection))
            snapshot = Snapshot(inventory, known, quotas, self._settings)
            decided = decide_by_name(snapshot, known, now)
            by_run = {one.run_id: one for one in known.waiting}
            for made in decided:
                _apply(connection, made, by_run, actor, now)
            _forget_kept(connection, known, decided)
        return [made.decision for made in decided]


def _apply(
    connection: Connection,
    made: Decided,
    waiting: Mapping[RunId, WaitingRequest],
    actor: Actor,
    now: datetime,
) -> None:
    decision = made.decision
    if isinstance(decision, Wait):
        asked = waiting[decision.run_id]
        if (asked.rule, asked.reason, asked.expected_at) == (
            decision.rule,
            decision.reason,
            decision.expected_at,
        ):
            return
        ledger.set_reason(connection, decision, made.why.to_json())
        if asked.rule == decision.rule:
            return  # who holds what changes often; the record keeps what changed in kind
    elif isinstance(decision, Grant):
        ledger.add_lease(connection, waiting[decision.run_id], decision, now)
        detail = f"{decision.rule}: {decision.reason}"
        audit(connection, now, actor, "gpu.grant", decision.run_id, detail)
    else:
        ledger.stop(connection, decision)
        detail = f"{decision.rule}: {decision.reason}"
        audit(connection, now, actor, "gpu.stop", decision.run_id, detail)
    if made.kept is not None:
        ledger.keep(connection, made.kept)
    decision_log.add(connection, made, now)


def _forget_kept(connection: Connection, known: Known, decided: Sequence[Decided]) -> None:
    """What was kept is given out by a grant, and of no use once its run is gone or fares otherwise."""
    still = {made.kept.run_id for made in decided if made.kept is not None}
    still |= {made.decision.run_id for made in decided if made.decision.rule == KEEPS}
    still |= {lease.run_id for lease in known.leases}
    for kept in known.kept:
        if kept.run_id not in still:
            ledger.drop_kept(connection, kept.run_id)
