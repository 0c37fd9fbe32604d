"""What the parts of the stack are, and what is known of them while they run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from pathlib import Path

from resources.process import ProcessIdentity
from resources.texts import mark
from trainplat_cli.supervisor.detail import Detail
from trainplat_cli.texts import _


class PartName(StrEnum):
    """The parts, by the names that people type and that their log files have."""

    CODE_SERVER = "code-server"
    DAGSTER = "dagster"
    DAEMON = "daemon"
    MLFLOW = "mlflow"
    LABEL_STUDIO = "label-studio"
    STREAMLIT = "streamlit"
    WEBHOOK = "webhook"
    SERVING = "serving"


class PartState(StrEnum):
    """Where a part stands."""

    WAITING = "waiting"
    """For another part to be ready, before it is started."""
    STARTING = "starting"
    READY = "ready"
    NOT_ANSWERING = "not answering"
    """Its process lives, and does not answer at its address."""
    RESTARTING = "restarting"
    """It died; it is started again after a pause."""
    STOPPED = "stopped"

    def shown(self) -> str:
        """In the language of whoever asks now."""
        return _(_STATES_IN_WORDS[self])


_STATES_IN_WORDS = {
    PartState.WAITING: mark("waiting"),
    PartState.STARTING: mark("starting"),
    PartState.READY: mark("ready"),
    PartState.NOT_ANSWERING: mark("not answering"),
    PartState.RESTARTING: mark("restarting"),
    PartState.STOPPED: mark("stopped"),
}


class StackPhase(StrEnum):
    """Where the whole stack stands."""

    STARTING = "starting"
    RUNNING = "running"
    """Every part has been ready once."""
    STOPPING = "stopping"


class Answer(StrEnum):
    """What a probe found."""

    OK = "ok"
    REFUSED = "refused"
    """Nobody listens, or what listens says that it is broken."""
    SILENT = "silent"
    """No answer in time: it may be busy."""


@dataclass(frozen=True)
class ProbeResult:
    """What a probe found, in words where it is not well."""

    answer: Answer
    detail: Detail | str = ""


Probe = Callable[[], ProbeResult]
"""Asks a part whether it is well. Blocks for a few seconds at most, and raises nothing."""


class StopOrder(IntEnum):
    """Parts with a lower number are stopped first; running trainings are put back after the first ones."""

    BEFORE_RUNS = 0
    AFTER_RUNS = 1


@dataclass(frozen=True)
class Part:
    """How one part is started and asked. ``port`` and ``address`` are None where it does not listen."""

    name: PartName
    command: tuple[str, ...]
    environment: Mapping[str, str]
    """All of it, not only what is added."""
    folder: Path
    """The working directory."""
    probe: Probe
    port: int | None = None
    address: str | None = None
    after: PartName | None = None
    """The part that must be ready before this one is started."""
    stop_order: StopOrder = StopOrder.AFTER_RUNS
    probed_when_ready: bool = True
    """Whether the probe also tells that a part which was ready is still well."""


@dataclass(frozen=True)
class PartStatus:
    """One part at one moment."""

    name: PartName
    state: PartState
    since: datetime
    """When it entered this state."""
    log: Path
    address: str | None = None
    process: ProcessIdentity | None = None
    restarts: int = 0
    detail: Detail = field(default_factory=Detail)
    """Why it is not ready, or what became of it last."""


@dataclass(frozen=True)
class StackStatus:
    """The stack of one home at one moment, as its supervisor wrote it down."""

    supervisor: ProcessIdentity
    generation: str
    """Marks the processes of this supervisor; another one of the same home has another."""
    phase: StackPhase
    started_at: datetime
    parts: tuple[PartStatus, ...] = field(default=())

    def part(self, name: PartName) -> PartStatus:
        """The status of one part. Raises KeyError for one that this stack does not have."""
        for part in self.parts:
            if part.name is name:
                return part
        raise KeyError(name)
