"""Models of large trainings, registered: one version for each training, whatever is killed."""

from filelock import FileLock, Timeout

from resources.clock import Clock, utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.errors import Conflict
from resources.home import Home
from resources.registry.training_runs import TrainedNetwork, TrainedVersion, TrainingRuns
from resources.terms import Actor

LOCK_TIMEOUT_S = 120.0


class TrainingRegistry:
    """What trainings became. Whatever asks MLflow raises Unavailable when it is down."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now) -> None:
        self.home, self.database, self.clock = home, database, clock
        self.runs = TrainingRuns(home)

    def find(self, name: str, source_id: str, actor: Actor) -> TrainedVersion | None:
        """What a training is registered as; takes back what a killed process registered twice."""
        versions = self.runs.trained_versions(name, source_id)
        if not versions:
            return None
        first, *others = versions
        for other in others:
            self.runs.take_back(other)
            self._audit(actor, "registry.take_back", other.uri, f"{first.uri} is of this training already")
        return first

    def register(self, trained: TrainedNetwork, actor: Actor) -> TrainedVersion:
        """Register it, once. MLflow has no "create unless it exists": the oldest of several counts."""
        name, source_id = trained.run.name, trained.run.source_id
        path = self.home.mlflow / "locks" / f"{name}.training.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(path, timeout=LOCK_TIMEOUT_S):
                found = self.find(name, source_id, actor)
                if found is not None:
                    return found
                self.runs.add(trained)
                made = self.find(name, source_id, actor)
        except Timeout as problem:
            raise Conflict(
                f"another process has been registering a model of {name} for {LOCK_TIMEOUT_S:.0f} s",
                f"See who holds {path} (for instance with lsof); when it is done, run the same thing again.",
            ) from problem
        if made is None:
            raise Conflict(
                f"the new model version of {name} is gone from MLflow",
                "Find out who deletes model versions there, then run the same thing again.",
            )
        self._audit(actor, "registry.register", made.uri, f"training {source_id}")
        return made

    def _audit(self, actor: Actor, action: str, subject: str, detail: str) -> None:
        with self.database.write() as connection:
            record(connection, AuditRow(self.clock(), actor, action, subject, detail))
