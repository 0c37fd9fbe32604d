"""A tick: what a sensor reads with, and acts with, once for one data set."""

from dataclasses import dataclass

from dagster import DagsterInstance

from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.labeling.service import LabelingService
from resources.learning.triggering.service import TriggerService
from resources.registry.service import RegistryService
from resources.terms import Actor, VersionKey
from sensors.attempts import Attempt, read_attempts, run_key


@dataclass(frozen=True)
class Tick:
    """Of the sensor that requests the rounds of ``spec``."""

    spec: DatasetSpec
    data: DataService
    people: LabelingService
    registry: RegistryService
    instance: DagsterInstance
    round_job: str
    actor: Actor

    @property
    def triggers(self) -> TriggerService:
        """What its policy found before, and what people asked of it."""
        return TriggerService(self.data.database, self.data.clock)

    def keys(self, version: VersionKey) -> str:
        """How the run keys of a version's round begin."""
        return run_key(self.spec.name, version)

    def attempts_at(self, version: VersionKey) -> tuple[Attempt, ...]:
        """Runs of a version's round, newest first."""
        return tuple(read_attempts(self.instance, self.round_job, version, self.keys(version)))
