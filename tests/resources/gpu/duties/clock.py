"""A service over two CPU slots, and a clock that a test sets."""

from datetime import UTC, datetime, timedelta

from resources.database.engine import Database
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.slots import cpu_slots
from resources.gpu.model import Attempt, Decision, Origin, Owner, RunId, Terms
from resources.gpu.service import GpuService
from resources.process import ProcessIdentity
from resources.terms import Actor

ANN = Actor("user:ann")
VISION = Owner("vision", "ann")
DEAD = ProcessIdentity(2**22 + 1, 1.0)
ME = ProcessIdentity.current()


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


def two_slots(database: Database, clock: Clock) -> GpuService:
    """A service over the slots ``cpu:0`` and ``cpu:1``."""
    return GpuService(database, inventory=lambda: one_node(cpu_slots()), clock=clock)


def submit(
    service: GpuService, run: str, text: str = "1", terms: Terms | None = None, owner: Owner = VISION
) -> None:
    """Put a run of the queue in the line."""
    service.submit(
        RunId(run), text, owner=owner, origin=Origin.QUEUE, instance="x", actor=ANN, terms=terms or Terms()
    )


def end(service: GpuService, run: str) -> None:
    """Its first attempt is over."""
    service.release(RunId(run), Attempt(1), reason="the run ended", actor=ANN)


def told(decisions: list[Decision]) -> dict[str, str]:
    """The rule of each decision, by its run."""
    return {one.run_id: one.rule for one in decisions}
