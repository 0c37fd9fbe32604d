"""Offering: how many more of the same the arbiter would give now. Nothing is written."""

from dataclasses import replace

from resources.gpu import lending_store, like_jobs
from resources.gpu.arbiter import decide_by_name
from resources.gpu.duties.known import read_known
from resources.gpu.duties.submission import FIRST_ATTEMPT, Submission
from resources.gpu.model import Grant, Offer, Origin, Owner, RunId, Stop, Terms, WaitingRequest
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.requests.grammar import parse_request
from resources.gpu.snapshot import Snapshot
from resources.gpu.usage.known import with_past

OFFERED = "offered:"
"""Before a number: no run and no lease has such a name."""
MOST = 16
"""More at a time are not asked about."""


class Offering(Submission):
    """What-if, for who grows as far as there is room."""

    def units_milli(self, text: str) -> int:
        """Thousandths of devices that a request takes up in all. Raises as :meth:`submit` does."""
        return parse_request(text, self._vendors()).units_milli

    def offer(self, text: str, *, owner: Owner, terms: Terms, count: int) -> Offer:
        """How many of ``count`` requests would not wait behind others if they came now.

        By the same pass over the same state as :meth:`decide_now`. Raises as :meth:`submit` does for what
        can never be.
        """
        requests, inventory = self._read([(text, terms)])
        request, now = requests[text], self._clock()
        with self._database.read() as connection:
            rows = lending_store.rows_now(connection)
            asked = WaitingRequest(
                RunId(OFFERED),
                FIRST_ATTEMPT,
                request,
                owner,
                Origin.DIRECT,
                "offered",
                now,
                terms=terms,
                batch=like_jobs.batch_now(connection, owner, request, now).id,
            )
            ones = [replace(asked, run_id=RunId(f"{OFFERED}{n:02}")) for n in range(min(count, MOST))]
            before = read_known(connection)
            known = replace(before, waiting=[*before.waiting, *ones])
            known = with_past(connection, known, rows, now)
        snapshot = Snapshot(inventory, known, QuotaTree(rows), self._settings)
        found = decide_by_name(snapshot, known, now)
        ours = {one.run_id for one in ones}
        given = {one.decision.run_id for one in found if isinstance(one.decision, Grant)}
        given |= {one.decision.for_run for one in found if isinstance(one.decision, Stop)}
        waits = [one.why for one in found if one.decision.run_id in ours - given]
        return Offer(len(ours & given), waits[0] if waits else None)
