"""Deployments for everyone above: promote, roll back, stop, and the history that says who did what when."""

import logging
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from resources.clock import Clock, utc_now
from resources.database.audit import record
from resources.database.engine import Database
from resources.deploy_plan import DeployPlan
from resources.errors import BadInput, Conflict, NotFound, Unavailable
from resources.gate_plan import DeclaredGates
from resources.home import Home
from resources.registry import crownings
from resources.registry import store as registry_store
from resources.registry.gates.model import GateResult
from resources.registry.gates.service import GateService
from resources.registry.model import ModelVersion
from resources.registry.others import OtherModels, OtherVersion
from resources.registry.service import RegistryService
from resources.serving.deployments import changes, store
from resources.serving.deployments.gating import failed_gates, judged_now, no_gates
from resources.serving.deployments.model import DeploymentEvent, EndpointState, EventKind, Rollout, Served
from resources.serving.finding import find
from resources.serving.references import VARIANTS, ModelReference, ReferenceService
from resources.serving.replicas.model import Variant
from resources.terms import Actor, DatasetName

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class PromotionPlan:
    """What a promotion would do, before it is done."""

    model: ModelVersion | OtherVersion
    before: EndpointState
    new: Served
    plan: DeployPlan
    failed_gates: tuple[str, ...]
    results: tuple[GateResult, ...] = ()
    """What each gate that is declared says now; nothing where what they said last counts."""

    @property
    def changes_nothing(self) -> bool:
        """Whether it is live, or on its way, already."""
        return self.before.wanted == self.new

    @property
    def is_of_others(self) -> bool:
        """Whether somebody registered it in MLflow, and no round of the platform."""
        return isinstance(self.model, OtherVersion)


class DeploymentService:
    """What is live in one home. Every act can be repeated without harm, and leaves a row for ever."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now) -> None:
        self.home, self.database, self.clock = home, database, clock
        self.registry = RegistryService(home, database, clock)
        self.references = ReferenceService(home, database, clock)

    def plan(
        self,
        reference: ModelReference,
        declared: DeployPlan | None = None,
        gates: DeclaredGates | None = None,
    ) -> PromotionPlan:
        """What promoting would do, and which gates speak against it; nothing is changed.

        ``gates`` are those that its data set declares, which are asked anew; None for what they said last.
        """
        if reference.variant == Variant.OUTLOOK:
            raise BadInput(
                f"{reference} cannot be put live: that is how the loop asks it",
                f"Promote {reference.name}:{reference.tag}, or one of its variants {', '.join(VARIANTS)}.",
            )
        model = find(self.references, reference)
        before, new = self.state(reference.name), Served(model.number, reference.variant)
        if isinstance(model, OtherVersion):
            return PromotionPlan(model, before, new, declared or before.plan, (no_gates(model),))
        now = None if gates is None else judged_now(self.registry, model, gates)
        failed = tuple(failed_gates(self.registry, model, now))
        return PromotionPlan(model, before, new, declared or before.plan, failed, now or ())

    def promote(
        self,
        reference: ModelReference,
        actor: Actor,
        why: str = "",
        override: str | None = None,
        declared: DeployPlan | None = None,
        gates: DeclaredGates | None = None,
    ) -> EndpointState:
        """Let a model go live by its declared strategy, and be champion.

        ``declared`` is what its data set declares; None for what the endpoint had. So is ``gates``, which are
        asked anew, and kept; None for what they said last. A rollout that is under way to another version
        ends. A model of others is fetched first; as no gate judges it, it takes an override. Raises
        :class:`Conflict` where a gate fails and no override is given.
        """
        planned = self.plan(reference, declared, gates)
        if planned.failed_gates and not override and not planned.changes_nothing:
            raise Conflict(
                f"{reference} cannot be promoted: {'; '.join(planned.failed_gates)}",
                (
                    "Say why you trust it: "
                    if planned.is_of_others
                    else "Mend what the gates say, or promote it by name: "
                )
                + f'trainplat model promote {shlex.quote(str(reference))} --override "why"',
            )
        kept = override if planned.failed_gates and not planned.changes_nothing else None
        model, new = planned.model, planned.new
        if isinstance(model, OtherVersion):
            OtherModels(self.home).fetched(model.name, model.number)
        asked = GateService(self.home, self.database, self.clock)
        if planned.results and not planned.changes_nothing:
            asked.record(reference.name, model.number, planned.results, actor)
        if kept is not None:
            asked.record_override(reference.name, model.number, actor, kept)

        def change(connection: Connection, state: EndpointState, now: datetime) -> EndpointState:
            if isinstance(model, ModelVersion):
                _refuse_if_gone(connection, model)
            if state.rollout is not None and state.rollout.new != new:
                instead = f"model {new} goes live instead"
                ended = changes.aborted(state, state.rollout)
                state = (
                    self._add(connection, now, EventKind.ABORTED, state.rollout.new, ended, actor, instead)
                    or state
                )
            event_id, _ = store.next_numbers(connection, state.endpoint)
            after = changes.promoted(state, new, planned.plan, event_id, now)
            self._add(connection, now, EventKind.PROMOTED, new, after, actor, why, kept)
            if isinstance(model, ModelVersion):
                crownings.crown(connection, model, now, actor, why or "promoted", kept)
            return after or state

        return self._changed(reference.name, change)

    def rollback(self, endpoint: str, actor: Actor, to: int | None = None, why: str = "") -> EndpointState:
        """Go back to the state after event ``to``; without it, take back what was last done.

        A rollout under way ends at once. Else what was live before is made ready, and then takes over; the
        same once more goes forth again. Raises :class:`NotFound` where there is no such state.
        """

        def change(connection: Connection, state: EndpointState, now: datetime) -> EndpointState:
            target = self._target(connection, state, to)
            event_id, _ = store.next_numbers(connection, endpoint)
            after = changes.rolled_back(state, target, event_id, now)
            kind = EventKind.STOPPED if target is None else EventKind.ROLLED_BACK
            self._add(connection, now, kind, target, after, actor, why)
            self._crown(connection, now, endpoint, target, actor, why or "rolled back")
            return after or state

        return self._changed(endpoint, change)

    def stop(self, endpoint: str, actor: Actor, why: str = "") -> EndpointState:
        """Let nothing be live; a rollback makes what was live again."""

        def change(connection: Connection, state: EndpointState, now: datetime) -> EndpointState:
            after = changes.stopped(state)
            self._add(connection, now, EventKind.STOPPED, None, after, actor, why)
            return after or state

        return self._changed(endpoint, change, follows=False)

    def advance(self, rollout: Rollout, actor: Actor, why: str) -> EndpointState:
        """Go on to the next step. Raises :class:`Conflict` for a rollout that is over."""
        return self._step(
            rollout, EventKind.ADVANCED, actor, why, lambda state, now: changes.advanced(state, rollout, now)
        )

    def complete(self, rollout: Rollout, actor: Actor, why: str) -> EndpointState:
        """Let the new version be live, alone. Raises :class:`Conflict` for a rollout that is over."""
        return self._step(
            rollout, EventKind.COMPLETED, actor, why, lambda state, _: changes.completed(state, rollout)
        )

    def abort(self, rollout: Rollout, actor: Actor, why: str) -> EndpointState:
        """Take the new version back; what is live is champion again where the new one was.

        Raises :class:`Conflict` for a rollout that is over.
        """
        return self._step(
            rollout, EventKind.ABORTED, actor, why, lambda state, _: changes.aborted(state, rollout)
        )

    def history(self, endpoint: str | None = None) -> list[DeploymentEvent]:
        """What happened to an endpoint, or to all, the oldest first."""
        with self.database.read() as connection:
            return store.events_of(connection, endpoint)

    def newest(self) -> list[DeploymentEvent]:
        """What happened last to each endpoint that ever was, by name."""
        with self.database.read() as connection:
            return store.newest_of_each(connection)

    def states(self) -> list[EndpointState]:
        """All endpoints that ever were, by name."""
        return [event.after for event in self.newest()]

    def state(self, endpoint: str) -> EndpointState:
        """What an endpoint answers with; nothing is live where none was ever promoted."""
        with self.database.read() as connection:
            return _state(connection, endpoint)

    def way_back(self, endpoint: str, to: int | None = None) -> Served | None:
        """What a rollback would make live, or keep so; nothing is changed. Raises as :meth:`rollback`."""
        with self.database.read() as connection:
            return self._target(connection, _state(connection, endpoint), to)

    def verify(self) -> list[str]:
        """Where the history is not what was written; empty when all is well."""
        with self.database.read() as connection:
            return store.chain_problems(connection)

    def _target(self, connection: Connection, state: EndpointState, to: int | None) -> Served | None:
        events = store.events_of(connection, state.endpoint)
        if not events:
            raise NotFound(
                f"nothing was ever live as {state.endpoint}",
                f"Promote a model first: trainplat model promote {state.endpoint}",
            )
        if to is not None:
            found = next((event for event in events if event.number == to), None)
            if found is None:
                raise NotFound(
                    f"{state.endpoint} has no state {to}; it has 1 to {events[-1].number}",
                    f"See them: trainplat model history {state.endpoint}",
                )
            _refuse_if_lost(connection, events, found, OtherModels(self.home))
            return found.after.live
        if state.rollout is not None:
            return state.rollout.new if state.rollout.is_rollback else state.live
        for event in reversed(events):
            if event.after.live not in (None, state.live):
                _refuse_if_lost(connection, events, event, OtherModels(self.home))
                return event.after.live
        raise NotFound(
            f"nothing else was ever live as {state.endpoint} than model {state.live}",
            f"See what was: trainplat model history {state.endpoint}",
        )

    def _step(
        self,
        rollout: Rollout,
        kind: EventKind,
        actor: Actor,
        why: str,
        act: Callable[[EndpointState, datetime], EndpointState | None],
    ) -> EndpointState:
        def change(connection: Connection, state: EndpointState, now: datetime) -> EndpointState:
            after = act(state, now)
            self._add(connection, now, kind, rollout.new, after, actor, why)
            if kind is EventKind.ABORTED and after is not None:
                reigning = crownings.champion(connection, DatasetName(state.endpoint))
                if reigning is not None and reigning.number == rollout.new.number:
                    self._crown(connection, now, state.endpoint, after.live, actor, why)
            return after or state

        return self._changed(rollout.endpoint, change, follows=False)

    def _changed(
        self,
        endpoint: str,
        change: Callable[[Connection, EndpointState, datetime], EndpointState],
        *,
        follows: bool = True,
    ) -> EndpointState:
        """One transaction; MLflow's alias follows, now or, where it is down, with the next change."""
        dataset = DatasetName(endpoint)
        with self.database.write(lasting=True) as connection:
            before, was = crownings.champion(connection, dataset), _state(connection, endpoint)
            after = change(connection, was, self.clock())
            has_changed = crownings.champion(connection, dataset) != before or after.wanted != was.wanted
        if not (follows or has_changed):
            return after
        try:
            self._show_champion(dataset, after)
        except Unavailable as problem:
            _LOG.warning("MLflow's alias champion of %s does not follow yet: %s", endpoint, problem.problem)
        return after

    def _show_champion(self, dataset: DatasetName, after: EndpointState) -> None:
        """Let MLflow's alias be the champion; of others what is live, or on its way."""
        if self.registry.models(dataset):
            self.registry.show_champion(dataset)
        elif after.wanted is not None:
            OtherModels(self.home).crown(dataset, after.wanted.number)

    def _crown(
        self,
        connection: Connection,
        now: datetime,
        endpoint: str,
        target: Served | None,
        actor: Actor,
        why: str,
    ) -> None:
        model = target and registry_store.model_by_number(connection, DatasetName(endpoint), target.number)
        if model:
            crownings.crown(connection, model, now, actor, why)

    def _add(
        self,
        connection: Connection,
        now: datetime,
        kind: EventKind,
        subject: Served | None,
        after: EndpointState | None,
        actor: Actor,
        why: str,
        override: str | None = None,
    ) -> EndpointState | None:
        """Write the row of a change; nothing where it changes nothing."""
        if after is None:
            return None
        event_id, number = store.next_numbers(connection, after.endpoint)
        model = subject and registry_store.model_by_number(
            connection, DatasetName(after.endpoint), subject.number
        )
        event = DeploymentEvent(
            event_id,
            after.endpoint,
            number,
            now,
            kind,
            actor,
            why,
            override,
            subject,
            self._digest_of(after.endpoint, subject, model or None),
            after,
        )
        store.add(connection, event)
        record(connection, store.told_in_audit(event))
        return after

    def _digest_of(self, endpoint: str, subject: Served | None, model: ModelVersion | None) -> str:
        if model is not None:
            return model.weights_sha256
        return "" if subject is None else OtherModels(self.home).digest(endpoint, subject.number)


def _state(connection: Connection, endpoint: str) -> EndpointState:
    newest = store.newest_of(connection, endpoint)
    return EndpointState(endpoint) if newest is None else newest.after


def _refuse_if_gone(connection: Connection, model: ModelVersion) -> None:
    """Raise :class:`NotFound` for a model that somebody removed since it was resolved."""
    known = registry_store.model_by_number(connection, model.dataset, model.number)
    if known is None or known.weights_sha256 != model.weights_sha256:
        raise NotFound(
            f"model {model.dataset}:{model.number} was removed just now",
            f"See what there is: trainplat model list {model.dataset}",
        )


def _refuse_if_lost(
    connection: Connection, events: list[DeploymentEvent], to: DeploymentEvent, others: OtherModels
) -> None:
    """Raise :class:`NotFound` for a state whose model is not what it was: removed, or another by now."""
    if not _is_kept(connection, events, to, others):
        left_out = (None, to.after.live, events[-1].after.live)
        kept = [one for one in events if one.after.live not in left_out]
        newest = next((one for one in reversed(kept) if _is_kept(connection, events, one, others)), None)
        raise NotFound(
            f"model {to.after.live}, which was live after row {to.number} of the history of {to.endpoint}, "
            "was removed",
            f"See what there is: trainplat model history {to.endpoint}"
            if newest is None
            else f"Go to another state, such as model {newest.after.live}: "
            f"trainplat model rollback {to.endpoint} --to {newest.number}",
        )


def _is_kept(
    connection: Connection, events: list[DeploymentEvent], to: DeploymentEvent, others: OtherModels
) -> bool:
    live = to.after.live
    if live is None:
        return True
    model = registry_store.model_by_number(connection, DatasetName(to.endpoint), live.number)
    known = others.digest(to.endpoint, live.number) if model is None else model.weights_sha256
    weights = [one.weights_sha256 for one in events if one.id <= to.id and one.subject == live]
    return bool(known) and (not weights or known == weights[-1])
