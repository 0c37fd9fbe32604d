"""Submission: a request is read, and refused or put in the line."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from resources.database.audit import AuditRow, record_all
from resources.gpu import ledger, like_jobs, quota_store, reexecutions
from resources.gpu.duties.base import OnLedger
from resources.gpu.inventory.model import Inventory
from resources.gpu.manual.naming import checked_project
from resources.gpu.model import NO_TERMS, Ask, Attempt, Origin, Owner, RunId, Terms, WaitingRequest
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import QuotaRows
from resources.gpu.requests.errors import OverQuota
from resources.gpu.requests.fitting import refuse_impossible
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.model import GpuRequest
from resources.gpu.shapes import Shapes
from resources.process import ProcessIdentity
from resources.terms import Actor
from resources.texts import Filled, filled, mark

FIRST_ATTEMPT = Attempt(1)


class Submission(OnLedger):
    """Who comes into the line."""

    def submit(
        self,
        run_id: RunId,
        text: str,
        *,
        owner: Owner,
        origin: Origin,
        instance: str,
        actor: Actor,
        holder: ProcessIdentity | None = None,
        terms: Terms = NO_TERMS,
        root: RunId | None = None,
    ) -> WaitingRequest:
        """Put a run's request in the line; asking again for a run that is known changes nothing.

        ``root`` is the first of the runs that it executes again.

        Raises BadGpuRequest for a text that does not parse, ImpossibleGpuRequest for one that this machine
        can never satisfy, OverQuota for one that the quotas never allow, BadInput for the name of a project
        that none can have, and for a bad vendors.yaml of the home; nothing is written then.
        """
        ask = Ask(run_id, text, owner, origin, instance, terms, holder, root)
        return self.submit_many([ask], actor)[0]

    def submit_many(self, asks: Sequence[Ask], actor: Actor) -> list[WaitingRequest]:
        """Put the requests of several runs in the line, in their order, in one transaction: all or none.

        Raises as :meth:`submit` does, for the first that is refused. What is alike is looked at once.
        """
        for project in {ask.owner.project: None for ask in asks}:
            checked_project(project)
        requests, inventory = self._read({(ask.text, ask.terms): None for ask in asks})
        now = self._clock()
        with self._database.write() as connection:
            known = ledger.known_runs(connection, [ask.run_id for ask in asks])
            fresh: dict[RunId, WaitingRequest] = {}
            for ask in asks:
                if ask.run_id not in known:
                    fresh.setdefault(ask.run_id, _waiting(ask, requests[ask.text], now))
            refuse_over_quota(quota_store.read(connection), inventory.for_runs, fresh.values())
            fresh = like_jobs.join_batches(connection, fresh)
            ledger.add_requests(connection, list(fresh.values()))
            reexecutions.add(connection, [ask for ask in asks if ask.run_id in fresh])
            record_all(
                connection,
                [
                    AuditRow(now, actor, "gpu.submit", one.run_id, f"asks for {one.request.text}")
                    for one in fresh.values()
                ],
            )
            return [
                fresh.get(ask.run_id) or ledger.request_of(connection, ask.run_id, known[ask.run_id])
                for ask in asks
            ]

    def _read(
        self, asked: Iterable[tuple[str, Terms]], *, for_run: bool = True
    ) -> tuple[dict[str, GpuRequest], Inventory]:
        """What texts ask for, and what there is; raises as :meth:`submit` does for what can never be.

        Leases without a run may have devices of declared nodes too.
        """
        vendors, inventory = self._vendors(), self._inventory()
        requests: dict[str, GpuRequest] = {}
        for text, terms in asked:
            if text not in requests:
                requests[text] = parse_request(text, vendors)
            refuse_impossible(requests[text], inventory, terms, vendors, for_run=for_run)
        return requests, inventory


def _waiting(ask: Ask, request: GpuRequest, now: datetime) -> WaitingRequest:
    return WaitingRequest(
        ask.run_id,
        FIRST_ATTEMPT,
        request,
        ask.owner,
        ask.origin,
        ask.instance,
        now,
        holder=ask.holder,
        terms=ask.terms,
    )


def refuse_over_quota(rows: QuotaRows, inventory: Inventory, requests: Iterable[WaitingRequest]) -> None:
    """Raise OverQuota for the first of ``requests`` that quotas never allow."""
    if not rows.quotas:
        return
    tree, shapes = QuotaTree(rows), Shapes(inventory)
    for owner, request, terms in {(one.owner, one.request, one.terms): None for one in requests}:
        refusal = shapes.never_in_quota(shapes.shape_of(request, terms), owner, tree)
        if refusal is not None:
            raise OverQuota(
                filled(
                    mark("GPU request {text} of {user} in project {project}: {why}"),
                    text=repr(request.text),
                    user=owner.user,
                    project=owner.project,
                    why=filled(refusal.template, **refusal.shown),
                ),
                filled(
                    mark("Ask for {less}, or have the quota raised; see `trainplat gpu quota show`."),
                    less=_less(shapes, request, terms, owner, tree),
                ),
            )


def _less(shapes: Shapes, request: GpuRequest, terms: Terms, owner: Owner, tree: QuotaTree) -> Filled:
    """The most devices of the kind that the quotas would allow, in words."""
    low, high = 0, request.count
    while high - low > 1:  # what fits grows smaller with what is asked for
        middle = (low + high) // 2
        shape = shapes.shape_of(replace(request, count=middle), terms)
        allowed = shapes.never_in_quota(shape, owner, tree) is None
        low, high = (middle, high) if allowed else (low, middle)
    return filled(mark("less")) if low < 1 else filled(mark("at most {count} of these devices"), count=low)
