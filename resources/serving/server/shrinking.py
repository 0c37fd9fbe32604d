"""Devices that the arbiter wants back: which replicas go for others, and which never do.

As many replicas as are guaranteed hold leases that are stopped for nobody. One above them whose lease is to
make room is asked nothing more; it answers what it was asked, ends, and its lease goes back. No request
fails by it: what it could not answer in time another one is asked.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from resources.gpu.model import PREEMPTED, Lease, RunId
from resources.serving.server.leasing import InUse, Leasing
from resources.serving.server.pool import Pool
from resources.serving.server.target import Target

GRACE_S = 15.0
"""How long a replica may take to answer what it was asked: less than it is left to live by the arbiter."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stopping:
    """The replicas of one version that make room now."""

    count: int
    lease: Lease
    """Of one of them."""

    @property
    def rule(self) -> str:
        """The arbiter's rule by which they do."""
        return (self.lease.stop_reason or "").partition(":")[0]

    @property
    def whom(self) -> str:
        """For whom: a run, a lease without one, or why its device or its use is at fault."""
        return str(self.lease.stop_for or "")

    @property
    def sentence(self) -> str:
        """For whom and why, as the arbiter says it."""
        return f"{self.whom}: {self.lease.stop_reason}"


class Shrinking:
    """Of one server."""

    def __init__(self, leasing: Leasing) -> None:
        self._leasing = leasing
        self._told: dict[RunId, Target] = {}
        self._leases: dict[RunId, Lease] = {}
        self.stopping: dict[Target, Stopping] = {}

    def why(self, run_id: RunId) -> str | None:
        """Why the replica under a lease was let go for others; None where it was not."""
        lease = self._leases.get(run_id)
        return None if lease is None or run_id not in self._told else f"{PREEMPTED}: {lease.stop_reason}"

    async def look(self, pools: Mapping[Target, Pool]) -> None:
        """Let go what is to make room."""
        leases = self._leases = await self._leasing.leases()
        for run_id, lease in leases.items():
            used = self._leasing.in_use.get(run_id)
            if lease.stop_for is None or used is None or run_id in self._told:
                continue
            self._told[run_id] = used.target
            _log.info("%s gives %s back: %s", used.target, ", ".join(lease.devices), lease.stop_reason)
            self._let_go(used, pools.get(used.target))
            await self._leasing.stop_asked(lease)
        self._told = {run_id: target for run_id, target in self._told.items() if run_id in leases}
        going: dict[Target, list[Lease]] = {}
        for run_id, target in self._told.items():
            going.setdefault(target, []).append(leases[run_id])
        self.stopping = {target: Stopping(len(ones), ones[0]) for target, ones in going.items()}
        for target, pool in pools.items():
            told = self.stopping.get(target)
            pool.makes_room = "" if told is None else told.sentence

    async def secure(self, guaranteed: Callable[[Target], int], may_go: Callable[[Target], bool]) -> None:
        """Let as many leases of each version be safe as are guaranteed, and the others go for others."""
        by_target: dict[Target, list[Lease]] = {}
        for run_id, used in self._leasing.in_use.items():
            lease = self._leases.get(run_id)
            if lease is not None and lease.stop_for is None:
                by_target.setdefault(used.target, []).append(lease)
        for target, ones in by_target.items():
            for lease, preemptible in changes(ones, guaranteed(target), may_go=may_go(target)):
                await self._leasing.set_preemptible(lease, preemptible=preemptible)

    def _let_go(self, used: InUse, pool: Pool | None) -> None:
        if pool is not None and used.replica in pool.replicas:
            pool.let_go(used.replica, GRACE_S)
        else:  # it loads, and was asked nothing yet
            used.replica.kill()


def changes(leases: list[Lease], guaranteed: int, *, may_go: bool) -> list[tuple[Lease, bool]]:
    """Which leases become preemptible, and which no longer are. Those that are safe stay so before others."""
    ordered = sorted(leases, key=lambda one: (one.terms.preemptible, one.granted_at, one.run_id))
    wanted = {one.run_id: may_go and place >= guaranteed for place, one in enumerate(ordered)}
    return [(one, wanted[one.run_id]) for one in ordered if one.terms.preemptible != wanted[one.run_id]]
