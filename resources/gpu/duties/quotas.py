"""Quotas as they are kept, and what is used of them."""

from resources.errors import Conflict
from resources.gpu import ledger, lending_store, quota_store
from resources.gpu.duties.base import OnLedger, audit
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_file import completed
from resources.gpu.policy.quota_model import QuotaRows
from resources.gpu.snapshot import Known, Snapshot
from resources.terms import Actor


class Quotas(OnLedger):
    """Who may have how much."""

    def quotas(self) -> QuotaRows:
        """All quotas."""
        with self._database.read() as connection:
            return quota_store.read(connection)

    def quotas_in_use(self) -> QuotaTree:
        """All quotas with the lending limits that hold now, and what the live leases use of them."""
        inventory = self._inventory()
        with self._database.read() as connection:
            known = Known(ledger.live_leases(connection), ())
            tree = QuotaTree(lending_store.rows_now(connection))
        return Snapshot(inventory, known, tree, self._settings).state.quotas

    def set_quotas(self, rows: QuotaRows, actor: Actor, *, seen: QuotaRows | None = None) -> None:
        """Put these quotas in the place of all.

        Raises BadQuota for rows that do not hold together, and Conflict where the quotas are no longer those
        that somebody has ``seen``; nothing is written then.
        """
        QuotaTree(rows)
        now = self._clock()
        with self._database.write() as connection:
            if seen is not None and completed(quota_store.read(connection)) != completed(seen):
                raise Conflict(
                    "somebody else has changed the quotas meanwhile; nothing was written",
                    "Look at the quotas that hold now, and make your changes again.",
                )
            quota_store.replace(connection, rows)
            lending_store.forget(connection)
            detail = f"{len(rows.quotas)} rows for {len(rows.memberships)} cohorts, projects and users"
            if rows.budgets:
                detail += f", {len(rows.budgets)} budgets"
            audit(connection, now, actor, "gpu.set_quotas", "quotas", detail)
