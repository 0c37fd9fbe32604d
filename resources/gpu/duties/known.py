"""What the ledger knows at one moment, read for the policy."""

from sqlalchemy import Connection

from resources.gpu import drain_store, ledger
from resources.gpu.snapshot import Known


def read_known(connection: Connection) -> Known:
    """All that a pass looks at besides quotas and inventory, in the caller's transaction.

    Whatever else the policy is to see of the ledger (reservations, past use, history, budgets that are used
    up, drained devices) is read here and given to :class:`Known`.
    """
    return Known(
        ledger.live_leases(connection),
        ledger.waiting_requests(connection),
        ledger.kept(connection),
        drains=drain_store.read(connection),
    )
