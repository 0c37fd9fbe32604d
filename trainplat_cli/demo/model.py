"""What the demo sees of the loop at one moment."""

from dataclasses import dataclass
from enum import StrEnum

from resources.registry.model import Decision
from resources.terms import DatasetName, VersionKey
from resources.texts import mark
from trainplat_cli.texts import _

DATASET = DatasetName("digits")
ROUND_JOB = f"{DATASET}_round"
ASK_JOB = f"{DATASET}_ask"


class RunState(StrEnum):
    """How a run stands, as far as the demo goes."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"

    def shown(self) -> str:
        """In the language of whoever asks now."""
        return _(_STATES_IN_WORDS[self])


_STATES_IN_WORDS = {
    RunState.WAITING: mark("waiting"),
    RunState.RUNNING: mark("running"),
    RunState.DONE: mark("done"),
    RunState.FAILED: mark("failed"),
    RunState.CANCELED: mark("canceled"),
}


@dataclass(frozen=True)
class RunView:
    """One run, as Dagster's web server tells it."""

    run_id: str
    job: str
    version: VersionKey
    state: RunState
    created_s: float
    """When it was created, in seconds since the epoch."""
    ended_s: float | None
    step: str | None = None
    """The step that runs now."""
    reason: str = ""
    """Why it waits, from the arbiter."""


@dataclass(frozen=True)
class Scene:
    """The loop at one moment."""

    decisions: tuple[Decision, ...]
    """In the order of their versions."""
    runs: tuple[RunView, ...]
    """Those of the loop's jobs, oldest first."""
    open_questions: int
    """Questions of the rounds to come that nobody has answered."""

    def rounds_under_way(self) -> bool:
        """Whether the run of a round is queued or runs."""
        active = (RunState.WAITING, RunState.RUNNING)
        return any(run.job == ROUND_JOB and run.state in active for run in self.runs)

    def newest_run(self, job: str, version: VersionKey) -> RunView | None:
        """The newest run of a job for a version."""
        found = [run for run in self.runs if run.job == job and run.version == version]
        return found[-1] if found else None
