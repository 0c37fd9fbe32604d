"""What each user in a project has used in the past, decayed: a running sum for each, kept as rows.

A lease is counted when it is given back, as of then; one that lasts is added when somebody looks. Every term
decays alike, so the sum is what a fresh one over all leases would be. Every function works inside the
caller's transaction.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from resources.gpu.model import Lease, Owner
from resources.gpu.policy.decay import DecayedUsage
from resources.gpu.policy.past import HALF_LIFE_S, PastUse, nothing
from resources.gpu.tables import PAST_USE


def of_lease(lease: Lease, until: datetime) -> PastUse:
    """What one lease has used until then, as of then."""
    none, until_s = DecayedUsage(HALF_LIFE_S, 0.0, lease.granted_at.timestamp()), until.timestamp()
    return PastUse(
        none.accrue(sum(milli for _, milli in lease.held), until_s),
        none.accrue(lease.terms.cpu_milli, until_s),
        none.accrue(lease.terms.host_memory_mib, until_s),
    )


def count(connection: Connection, lease: Lease, ended: datetime) -> None:
    """Add a lease that ends now to what its owner has used."""
    owner = lease.owner
    of_owner = (PAST_USE.c.project == owner.project, PAST_USE.c.user == owner.user)
    row = connection.execute(select(PAST_USE).where(*of_owner)).one_or_none()
    used = of_lease(lease, ended)
    if row is not None:
        used = _past(row).plus(used)
        connection.execute(delete(PAST_USE).where(*of_owner))
    connection.execute(
        insert(PAST_USE).values(
            project=owner.project,
            user=owner.user,
            half_life_s=HALF_LIFE_S,
            as_of_s=used.devices.as_of_s,
            devices=used.devices.value,
            cpus=used.cpus.value,
            memory=used.memory.value,
        )
    )


def read(connection: Connection, live: Iterable[Lease], now: datetime) -> Mapping[Owner, PastUse]:
    """What everyone has used, by leases that ended and by those that are live, as of ``now``.

    Costs the number of those who ever used something and of live leases, however many leases have ended.
    """
    now_s = now.timestamp()
    rows = connection.execute(select(PAST_USE)).all()
    found = {Owner(row.project, row.user): _past(row).at(now_s) for row in rows}
    for owner, used in _of_live(live, now_s).items():
        found[owner] = found.get(owner, nothing(now_s)).plus(used)
    return found


def _of_live(live: Iterable[Lease], now_s: float) -> dict[Owner, PastUse]:
    """The sum of :func:`of_lease` for each owner, in one loop: there may be ten thousand leases."""
    unit = DecayedUsage(HALF_LIFE_S)
    sums: dict[Owner, list[float]] = {}
    for lease in live:
        used = sums.get(lease.owner)
        if used is None:
            used = sums[lease.owner] = [0.0, 0.0, 0.0]
        weight_s = unit.gained_s(now_s - lease.granted_at.timestamp())
        used[0] += weight_s * sum(milli for _, milli in lease.held)
        used[1] += weight_s * lease.terms.cpu_milli
        used[2] += weight_s * lease.terms.host_memory_mib
    return {
        owner: PastUse(*(DecayedUsage(HALF_LIFE_S, value, now_s) for value in used))
        for owner, used in sums.items()
    }


def _past(row: Any) -> PastUse:
    return PastUse(
        *(DecayedUsage(row.half_life_s, value, row.as_of_s) for value in (row.devices, row.cpus, row.memory))
    )
