"""A ledger with two V100s, one A100 and a clock, on which tests grant and release."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from resources.database.engine import Database
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.model import Device, DeviceId
from resources.gpu.model import Attempt, Origin, Owner, RunId, Terms
from resources.gpu.service import GpuService
from resources.gpu.usage.service import UsageService
from resources.process import ProcessIdentity
from resources.terms import Actor

ANN = Actor("user:ann")
VISION_ANN = Owner("vision", "ann")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
CARDS = tuple(
    Device(DeviceId(f"cuda:{index}"), model=model, memory_mib=32768)
    for index, model in enumerate(("Tesla V100-SXM2-32GB", "Tesla V100-SXM2-32GB", "A100-SXM4-80GB"))
)


@dataclass
class Ledger:
    """The services of one database, at a time that the test sets."""

    database: Database
    devices: tuple[Device, ...] = CARDS
    now: datetime = NOON
    _seen: int = field(default=0)

    def __post_init__(self) -> None:
        self.gpus = GpuService(
            self.database, inventory=lambda: one_node(self.devices), clock=lambda: self.now
        )
        self.usage = UsageService(self.database, clock=lambda: self.now)

    def forward(self, hours: float) -> None:
        """Let time pass."""
        self.now += timedelta(hours=hours)

    def ask(self, run: str, text: str = "1", owner: Owner = VISION_ANN, **terms: object) -> None:
        """Put a run in the line."""
        self.gpus.submit(
            RunId(run),
            text,
            owner=owner,
            origin=Origin.QUEUE,
            instance="x",
            actor=ANN,
            terms=Terms(**terms),  # type: ignore[arg-type]
        )

    def start(self, run: str, text: str = "1", owner: Owner = VISION_ANN, **terms: object) -> None:
        """Grant a run its devices, and let it take them up."""
        self.ask(run, text, owner, **terms)
        self.gpus.decide_now(ANN)
        assert self.gpus.claim(RunId(run), ProcessIdentity.current()) is not None, run

    def end(self, run: str, attempt: int = 1) -> None:
        """Let a run give its devices back."""
        assert self.gpus.release(RunId(run), Attempt(attempt), reason="the run ended", actor=ANN)
