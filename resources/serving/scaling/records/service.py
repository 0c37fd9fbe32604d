"""What was scaled, when and why, for everyone above; and the requests that a forecast is made from."""

from datetime import UTC, datetime, timedelta

from resources.clock import Clock, utc_now
from resources.database.engine import Database
from resources.home import Home
from resources.serving.scaling.model import Arrivals
from resources.serving.scaling.observer import BUCKET_S, KEPT, minute_of
from resources.serving.scaling.records import store
from resources.serving.scaling.scalers import Step, Taken

KEPT_DAYS = 30
"""How long steps are kept."""
SHOWN = 50


class ScalingRecords:
    """The steps and the counts in one home."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now) -> None:
        self.home, self.database, self.clock = home, database, clock

    def keep(self, taken: Taken) -> None:
        """Write what a server has done and counted. Nothing is written where there is nothing."""
        if not taken.steps and not any(taken.counts.values()):
            return
        now = self.clock()
        with self.database.write() as connection:
            store.add_steps(connection, taken.steps)
            store.put_counts(connection, taken.counts)
            store.forget(connection, now - timedelta(days=KEPT_DAYS), minute_of(now) - KEPT)

    def steps(self, endpoint: str, most: int = SHOWN) -> list[Step]:
        """The newest steps of an endpoint, the newest first."""
        with self.database.read() as connection:
            return store.steps_of(connection, endpoint, most)

    def arrivals(self, endpoint: str) -> Arrivals | None:
        """Requests by the minute from the first that is known until now; None where none is."""
        now = minute_of(self.clock())
        with self.database.read() as connection:
            counts = store.counts_of(connection, endpoint, now - KEPT)
        first = min(counts, default=now)
        if first >= now:
            return None
        begun = datetime.fromtimestamp(first * BUCKET_S, UTC)
        return Arrivals(begun, BUCKET_S, tuple(counts.get(minute, 0) for minute in range(first, now)))
