"""What a process keeps for its passes over one ledger, and the role of who decides.

Any process may decide: the one that submits, that releases, or the daemon. Of all that use a ledger one does
at a time: the one that has the role. It is taken for one pass and handed back with what the pass writes, so
that the next can begin at once. Who was killed in a pass has written nothing, and the others take the role
over: at once where its process is seen to be gone, else when its lease is over. Who was asleep meanwhile is
told so when it wakes, by the token of the role, in the transaction in which it was to write.
"""

import os
import threading
import time
from collections import Counter, OrderedDict
from datetime import datetime, timedelta

from sqlalchemy import Connection

from resources.database.engine import Database
from resources.database.leadership import Leader, Leadership
from resources.gpu import ledger
from resources.gpu.duties.rows import Rows
from resources.gpu.inventory.model import Inventory
from resources.gpu.model import Terms
from resources.gpu.placement.model import Shape
from resources.gpu.policy.model import Settings
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import QuotaRows
from resources.gpu.requests.model import GpuRequest
from resources.gpu.snapshot import Known, OutOfStep, Snapshot
from resources.gpu.usage.used import Used

DECIDER = "gpu-decider"
"""The name of the role."""
LEASE_S = 15.0
"""How long a pass may take before others believe that it is dead, and take over."""
LOOK_AGAIN_S = 0.02
MOST_WAITS_S = 60.0
"""After so long others lead for good, and what was submitted is theirs to decide."""
LEARN_AFTER = timedelta(minutes=10)
LEARN_FROM = timedelta(days=7)
"""How often each shape is asked for is learned from the requests of so long."""
WHOLE_ONE_IN = 10
"""Of so many requests one more is taken to ask for a whole device: somebody may, though nobody did lately."""
KEPT_DESKS = 4


class Desk:
    """Of one process and one ledger. Whoever uses it holds :attr:`lock`: one pass at a time."""

    def __init__(self, database: Database) -> None:
        self.lock = threading.Lock()
        self.rows, self.used = Rows(), Used()
        self.role = Leadership(database, DECIDER, LEASE_S, brief=True)
        self._snapshot: Snapshot | None = None
        self._made_of: tuple[Inventory, QuotaRows, Settings] | None = None
        self._learned_at: datetime | None = None
        self._asked: list[tuple[GpuRequest, Terms, int]] = []

    def take_role(self) -> Leader | None:
        """Wait for the turn to decide. None where others had it all the time."""
        until_s = time.monotonic() + MOST_WAITS_S
        while (leader := self.role.acquire()) is None:
            if time.monotonic() >= until_s:
                return None
            time.sleep(LOOK_AGAIN_S)
        return leader

    def snapshot(self, known: Known, inventory: Inventory, quotas: QuotaRows, settings: Settings) -> Snapshot:
        """The snapshot of what is known now: the one from before brought up to date, where that will do."""
        made_of = inventory, quotas, settings
        if self._snapshot is not None and self._made_of == made_of:
            try:
                self._snapshot.update(known)
            except OutOfStep:
                self._snapshot = None
        else:
            self._snapshot = None
        if self._snapshot is None:
            self._snapshot = Snapshot(inventory, known, QuotaTree(quotas), settings)
            self._made_of = made_of
            if self._learned_at is not None:
                self._snapshot.learn(self._popularity(self._snapshot))
        return self._snapshot

    def learn(self, connection: Connection, snapshot: Snapshot, now: datetime) -> None:
        """Let the snapshot know what is asked for how often, unless it was told lately."""
        if self._learned_at is not None and abs(now - self._learned_at) < LEARN_AFTER:
            return
        self._asked = ledger.asked_since(connection, now - LEARN_FROM)
        snapshot.learn(self._popularity(snapshot))
        self._learned_at = now

    def forget(self) -> None:
        """Begin anew with the next pass."""
        self.rows, self.used, self._snapshot = Rows(), Used(), None

    def _popularity(self, snapshot: Snapshot) -> Counter[Shape]:
        popularity: Counter[Shape] = Counter()
        for request, terms, count in self._asked:
            popularity[snapshot.shapes.shape_of(request, terms)] += count
        popularity[Shape(1)] += 1 + popularity.total() // WHOLE_ONE_IN
        return popularity


def desk_of(database: Database) -> Desk:
    """The desk of this process for a ledger."""
    with _guard:
        desk = _desks.pop(database.url, None) or Desk(Database(database.url))
        _desks[database.url] = desk
        while len(_desks) > KEPT_DESKS:
            _desks.popitem(last=False)
        return desk


_desks: OrderedDict[str, Desk] = OrderedDict()
_guard = threading.Lock()


def _begin_anew() -> None:
    global _guard  # noqa: PLW0603 - a forked child has the parent's desks, whose locks may be held for ever
    _guard = threading.Lock()
    _desks.clear()


os.register_at_fork(after_in_child=_begin_anew)
