"""What an autoscaler remembers: what was wanted lately, and what was added."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Moment:
    """A number of replicas at a time."""

    at: datetime
    replicas: int


@dataclass(frozen=True)
class Memory:
    """Never changed; what is remembered besides is another one."""

    wanted: tuple[Moment, ...] = ()
    """Ever fewer replicas: one that was followed by as many or more says nothing any more."""
    added: tuple[Moment, ...] = ()

    def highest(self, now: datetime, within_s: float) -> int:
        """The most that was wanted at ``now`` or within so many seconds before; 0 where nothing was."""
        since = now - timedelta(seconds=within_s)
        return max((one.replicas for one in self.wanted if since <= one.at <= now), default=0)

    def added_before(self, now: datetime, within_s: float) -> int:
        """How many were added within so many seconds before ``now``, without what is decided now."""
        since = now - timedelta(seconds=within_s)
        return sum(one.replicas for one in self.added if since < one.at < now)

    def with_wanted(self, now: datetime, replicas: int, keep_s: float) -> "Memory":
        """And that so many were wanted at ``now``. What is older than ``keep_s`` is forgotten."""
        since = now - timedelta(seconds=keep_s)
        kept = tuple(one for one in self.wanted if since <= one.at and one.replicas > replicas)
        return Memory((*kept, Moment(now, replicas)), self.added)

    def with_added(self, now: datetime, replicas: int, keep_s: float) -> "Memory":
        """And that so many were added at ``now``."""
        since = now - timedelta(seconds=keep_s)
        kept = tuple(one for one in self.added if since <= one.at < now)
        return Memory(self.wanted, (*kept, Moment(now, replicas)) if replicas > 0 else kept)
