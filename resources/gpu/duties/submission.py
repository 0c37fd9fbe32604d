"""Submission: a request is read, and refused or put in the line."""

from sqlalchemy import Connection

from resources.gpu import ledger, quota_store
from resources.gpu.duties.base import OnLedger, audit
from resources.gpu.inventory.model import Inventory
from resources.gpu.model import NO_TERMS, Attempt, Origin, Owner, RunId, Terms, WaitingRequest
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.requests.errors import OverQuota
from resources.gpu.requests.fitting import refuse_impossible, refuse_terms
from resources.gpu.requests.grammar import parse_request
from resources.gpu.requests.model import GpuRequest
from resources.gpu.snapshot import Known, Snapshot
from resources.process import ProcessIdentity
from resources.terms import Actor

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
    ) -> WaitingRequest:
        """Put a run's request in the line; asking again for a run that is known changes nothing.

        Raises BadGpuRequest for a text that does not parse, ImpossibleGpuRequest for one that this machine
        can never satisfy, OverQuota for one that the quotas never allow, BadInput for a bad vendors.yaml of
        the home; nothing is written then.
        """
        request, inventory = self._read(text, terms)
        now = self._clock()
        with self._database.write() as connection:
            known = ledger.newest_attempt(connection, run_id)
            if known is not None:
                return ledger.request_of(connection, run_id, known)
            self._refuse_over_quota(connection, inventory, request, terms, owner)
            waiting = WaitingRequest(
                run_id, FIRST_ATTEMPT, request, owner, origin, instance, now, holder=holder, terms=terms
            )
            ledger.add_request(connection, waiting)
            audit(connection, now, actor, "gpu.submit", run_id, f"asks for {text}")
        return waiting

    def _read(self, text: str, terms: Terms) -> tuple[GpuRequest, Inventory]:
        """What a text asks for, and what there is; raises as :meth:`submit` does for what can never be."""
        request = parse_request(text, self._vendors())
        inventory = self._inventory()
        refuse_impossible(request, tuple(one for one in inventory.devices if one.fault is None))
        refuse_terms(request, terms, inventory)
        return request, inventory

    def _refuse_over_quota(
        self, connection: Connection, inventory: Inventory, request: GpuRequest, terms: Terms, owner: Owner
    ) -> None:
        rows = quota_store.read(connection)
        if not rows.quotas:
            return
        tree = QuotaTree(rows)
        snapshot = Snapshot(inventory, Known((), ()), tree, self._settings)
        refusal = snapshot.never_in_quota(request, terms, owner)
        if refusal is not None:
            raise OverQuota(
                f"GPU request {request.text!r} of {owner.user} in project {owner.project}: {refusal.text}",
                "Ask for less, or have the quota raised; see `trainplat gpu quota show`.",
            )
