"""Lending: how many of the cards that somebody is owed others may use, by what both need at present."""

from collections.abc import Iterator, Mapping

from resources.gpu import lending_store, quota_store
from resources.gpu.duties.base import OnLedger, audit
from resources.gpu.duties.known import read_known
from resources.gpu.forecast.lending import LendingLimit, Owed, lending_limits
from resources.gpu.forecast.service import ForecastService
from resources.gpu.lending_store import Key, LendsNow
from resources.gpu.policy.amounts import Resource, covers, flavour, is_device
from resources.gpu.policy.model import Job
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import Party, QuotaRow, Scope
from resources.gpu.policy.rebalance import Group, LendingSettings, Move, MoveKind, rebalance
from resources.gpu.policy.state import State
from resources.gpu.snapshot import Snapshot
from resources.terms import Actor

NO_FORECAST = "F1"


class Lending(OnLedger):
    """Who lends how much."""

    def lending(self) -> Mapping[Key, LendsNow]:
        """The lending limits that differ from those of the quotas, with their reasons."""
        with self._database.read() as connection:
            return lending_store.read(connection)

    def rebalance(
        self, actor: Actor, *, dry_run: bool = False, settings: LendingSettings | None = None
    ) -> list[Move]:
        """Let groups lend more or take back, by rules L1 to L3; the forecast of demand (F2 to F5) holds back.

        The quotas stay as they are: what is lent now is kept beside them, and decisions go by it. Returns
        what was moved, or with ``dry_run`` would be, and what may not move yet.
        """
        inventory, now = self._inventory(), self._clock()
        chosen = settings or LendingSettings()
        kept = ForecastService(self._database, clock=self._clock).newest()
        with self._database.write() as connection:
            rows = quota_store.read(connection)
            known = read_known(connection)
            state = Snapshot(inventory, known, QuotaTree(rows), self._settings).state
            lent = lending_store.read(connection)
            moves: list[Move] = []
            for groups in _groups(state, lent, now.timestamp()):
                made, after = rebalance(groups, chosen, now.timestamp())
                moves += made
                if kept is not None:
                    limits = lending_limits(_owed(state, after), kept.forecast, now.timestamp())
                    moves += _held_back(after, limits)
            if not dry_run:
                lending_store.put(connection, moves, now)
                for move in moves:
                    if move.kind is not MoveKind.STAY:
                        detail = f"{move.reason.rule}: {move.reason.text}"
                        audit(connection, now, actor, "gpu.lend", str(move.party), detail)
        return moves

    def stop_lending_rules(self, actor: Actor) -> int:
        """Let the lending limits of the quotas hold again. Returns how many differed."""
        now = self._clock()
        with self._database.write() as connection:
            count = lending_store.forget(connection)
            if count:
                audit(connection, now, actor, "gpu.lend", "quotas", "the limits of the quotas hold again")
        return count


def _groups(state: State, lent: Mapping[Key, LendsNow], now_s: float) -> Iterator[list[Group]]:
    """Those that share one cohort and one flavour, and are owed some of it."""
    rows: dict[tuple[Party, Resource], list[QuotaRow]] = {}
    for row in state.quotas.rows.quotas:
        above = None if row.party.scope is Scope.USER else state.quotas.parent(row.party)
        if above is not None and is_device(row.resource) and row.nominal:
            rows.setdefault((above, row.resource), []).append(row)
    for (_, resource), members in rows.items():
        if len(members) > 1:
            yield [_group(state, row, lent.get((row.party, resource)), now_s) for row in members]


def _group(state: State, row: QuotaRow, lends: LendsNow | None, now_s: float) -> Group:
    allowed = row.nominal if row.lending_limit is None else row.lending_limit
    waiting = [job for job in state.waiting.values() if _asks(state, job, row)]
    return Group(
        row.party,
        row.nominal,
        allowed if lends is None else min(allowed, lends.limit),
        used_milli=state.quotas.used(row.party, row.resource),
        waiting_milli=sum(job.units_milli for job in waiting),
        waited_s=max((now_s - job.queued_since_s for job in waiting), default=0.0),
        guaranteed_milli=row.nominal - allowed,
        changed_at_s=float("-inf") if lends is None else lends.changed_at.timestamp(),
        resource=row.resource,
    )


def _asks(state: State, job: Job, row: QuotaRow) -> bool:
    """Whether a waiting job is of the group of a row, and all that it may get counts there."""
    if not job.units_milli or row.party not in state.quotas.path(job.owner):
        return False
    models = state.cluster.models_for(job.shape)
    return bool(models) and all(covers(row.resource, flavour(model)) for model in models)


def _owed(state: State, groups: tuple[Group, ...]) -> list[Owed]:
    """The projects for which the forecast, which knows no models, can speak: those with one row."""
    counts: dict[Party, int] = {}
    for row in state.quotas.rows.quotas:
        counts[row.party] = counts.get(row.party, 0) + is_device(row.resource)
    return [
        Owed(
            one.party.name,
            one.nominal_milli,
            one.used_milli + one.waiting_milli,
            one.nominal_milli - one.guaranteed_milli,
        )
        for one in groups
        if one.party.scope is Scope.PROJECT and counts[one.party] == 1
    ]


def _held_back(groups: tuple[Group, ...], limits: Mapping[str, LendingLimit]) -> Iterator[Move]:
    for group in groups:
        limit = limits.get(group.party.name) if group.party.scope is Scope.PROJECT else None
        if limit is None or limit.reason.rule == NO_FORECAST or limit.limit_milli >= group.lending_milli:
            continue
        yield Move(
            group.party,
            group.resource,
            MoveKind.TAKE_BACK,
            group.lending_milli,
            limit.limit_milli,
            limit.reason,
        )
