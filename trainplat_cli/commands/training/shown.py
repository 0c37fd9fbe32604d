"""What the commands on trainings have in common."""

from dataclasses import asdict, dataclass
from typing import Any

from resources.gpu.model import RunId, WaitingRequest
from resources.gpu.service import GpuService
from resources.home import Home
from resources.learning.trainings.model import Training
from resources.learning.trainings.service import TrainingService
from resources.learning.trainings.standing import Resumption, Standing, State, seconds_left
from resources.pipelines.coming import Coming, coming_trainings
from resources.pipelines.folder import Folder


@dataclass(frozen=True)
class Known:
    """The trainings of the home of the environment, and the line of its runs."""

    service: TrainingService
    waiting: tuple[WaitingRequest, ...]
    dagster: str | None

    def coming(self) -> tuple[Coming, ...]:
        """Those of pipelines that wait for their first devices."""
        begun = {one.last.run_id for one in self.service.all()}
        return coming_trainings(Folder.from_environment(), self.dagster, self.waiting, begun)

    def waits(self, training: Training, stands: Standing) -> WaitingRequest | None:
        """What its run asks for, where it waits for devices."""
        if stands.state not in (State.WAITING, State.KILLED):
            return None
        run_id = RunId(training.last.run_id)
        return next((one for one in self.waiting if one.run_id == run_id), None)


def known() -> Known:
    """Look at them."""
    home = Home.from_environment()
    database = home.database()
    return Known(
        TrainingService(home, database), tuple(GpuService(database).waiting()), home.addresses().dagster
    )


def coming_document(one: Coming) -> dict[str, Any]:
    """One that has not begun, for machines."""
    return {
        "pipeline": one.pipeline,
        "steps": one.steps,
        "run": one.request.run_id,
        "asks_for": one.request.request.text,
        "waits_because": one.request.reason,
        "submitted_at": one.request.submitted_at,
    }


def document(training: Training, stands: Standing, waits: WaitingRequest | None) -> dict[str, Any]:
    """A training for machines."""
    taken, point, end = training.last, stands.point, training.end
    return {
        "training": str(training.id),
        "state": stands.state.value,
        "step": stands.step,
        "steps": training.plan.steps,
        "loss": None if point is None else point.loss,
        "learning_rate": None if point is None else point.learning_rate,
        "samples_per_s": None if point is None else point.samples_per_s,
        "memory_mib": None if point is None else point.memory_mib,
        "seconds_left": seconds_left(training, stands),
        "quiet_s": stands.quiet_s,
        "scores": stands.scores,
        "parameters": stands.parameters,
        "task": training.plan.task.name,
        "parallel": training.plan.parallel.value,
        "run": taken.run_id,
        "attempt": taken.attempt,
        "devices": list(taken.devices),
        "processes": taken.processes,
        "taken_up_at": taken.at,
        "waits_because": None if waits is None else waits.reason,
        "outcome": None if end is None else end.outcome.value,
        "problem": None if end is None else end.problem,
        "next_step": None if end is None else end.next_step,
        "model": training.model,
        "asset": training.asset,
    }


def resumption_document(one: Resumption) -> dict[str, Any]:
    """One taking up for machines."""
    return {**asdict(one), "cause": one.cause.value}
