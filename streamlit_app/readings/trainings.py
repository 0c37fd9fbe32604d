"""The large trainings of a home: how each stands, and all that one of them told."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from resources.clock import Clock, utc_now
from resources.database.engine import Database
from resources.gpu.model import RunId, WaitingRequest
from resources.gpu.service import GpuService
from resources.home import Home
from resources.learning.distributed.logs import LogLine, tail
from resources.learning.distributed.progress import Point
from resources.learning.trainings.looking import (
    KeptCheckpoint,
    all_told,
    kept_checkpoints,
    stands_now,
    thinned,
)
from resources.learning.trainings.model import Training
from resources.learning.trainings.service import TrainingService
from resources.learning.trainings.standing import LIVE, Standing, State
from resources.learning.trainings.use import Use, newest_use
from resources.pipelines.coming import Coming, coming_trainings
from resources.pipelines.folder import Folder

MOST_POINTS = 400
MOST_LOOKS = 300
MOST_LINES = 12
STACKS_CHARACTERS = 6_000
MAY_WAIT = (State.WAITING, State.KILLED)


@dataclass(frozen=True)
class Row:
    """One training."""

    training: Training
    standing: Standing
    waiting: WaitingRequest | None
    """What its run asks for, where it waits for devices."""

    @property
    def name(self) -> str:
        """As the address of the page names it."""
        return str(self.training.id)


@dataclass(frozen=True)
class Trainings:
    """All of them, as they stood at ``read_at``; what runs comes first, then what was taken up last."""

    rows: tuple[Row, ...]
    dagster: str | None
    """The address of the Dagster UI, for links to runs."""
    read_at: datetime
    coming: tuple[Coming, ...] = ()
    """Those of pipelines that wait for their first devices."""

    @property
    def waiting(self) -> int:
        """How many wait for devices."""
        return self.count(*MAY_WAIT) + len(self.coming)

    def count(self, *states: State) -> int:
        """How many stand so."""
        return sum(row.standing.state in states for row in self.rows)

    @property
    def running(self) -> int:
        """How many train now."""
        return self.count(*LIVE)


@dataclass(frozen=True)
class Followed:
    """One training with its curves."""

    row: Row
    points: tuple[Point, ...]
    uses: tuple[Use, ...]
    checkpoints: tuple[KeptCheckpoint, ...]
    log: tuple[LogLine, ...]
    stacks: tuple[tuple[str, str], ...]
    """What the processes wrote when it hung the last time: file and text."""


def read_trainings(home: Home, database: Database, clock: Clock = utc_now) -> Trainings:
    """Read how they stand."""
    service, gpu = TrainingService(home, database), GpuService(database)
    rows = []
    for training in service.all():
        stands = stands_now(training, service.folder(training.id))
        rows.append(Row(training, stands, _waiting(gpu, training, stands)))
    rows.sort(key=lambda row: row.standing.place)
    dagster, begun = home.addresses().dagster, {row.training.last.run_id for row in rows}
    coming = coming_trainings(Folder.from_environment(), dagster, gpu.waiting(), begun)
    return Trainings(tuple(rows), dagster, clock(), coming)


def read_followed(home: Home, database: Database, name: str) -> Followed:
    """Read all of one. Raises :class:`NotFound` where there is none of that name."""
    service, gpu = TrainingService(home, database), GpuService(database)
    training = service.named(name)
    folder = service.folder(training.id)
    stands, told = all_told(training, folder)
    uses = newest_use(folder)
    names = () if stands.hang is None else getattr(stands.hang.event, "stacks", ())
    return Followed(
        row=Row(training, stands, _waiting(gpu, training, stands)),
        points=tuple(thinned(told, MOST_POINTS)),
        uses=tuple(uses[-MOST_LOOKS:]),
        checkpoints=tuple(kept_checkpoints(folder)),
        log=tuple(tail(folder, MOST_LINES)),
        stacks=tuple((one, _text(folder / one)) for one in names),
    )


def _waiting(gpu: GpuService, training: Training, stands: Standing) -> WaitingRequest | None:
    if stands.state not in MAY_WAIT:
        return None
    run_id = RunId(training.last.run_id)
    return next((one for one in gpu.waiting() if one.run_id == run_id), None)


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")[-STACKS_CHARACTERS:]
    except OSError:
        return ""
