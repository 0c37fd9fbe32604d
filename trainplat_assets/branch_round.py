"""A training on a branch: the work of a round's model for a version that is no partition."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property

from resources.data.branched import BranchVersion, branch_version, freeze
from resources.data.locks.service import Holding
from resources.data.model import Snapshot, Split
from resources.data.results.model import ResultSnapshot
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.learning.kinds.learner import learner_of
from resources.learning.model import Progress
from resources.registry.model import ModelVersion
from resources.registry.service import RegistryService
from resources.terms import Actor, VersionKey
from resources.train_settings import TrainSettings
from trainplat_assets.following import Follower
from trainplat_assets.labels import answers_of
from trainplat_assets.lessons import Lessons
from trainplat_assets.training_work import Device, TrainedModel, TrainingWork, locked


@dataclass(frozen=True)
class BranchRound:
    """The training of one version on a branch. Each step can be run again."""

    spec: DatasetSpec
    ref: str
    data: DataService
    registry: RegistryService
    actor: Actor
    settings: TrainSettings | None = None
    """How it trains; None for what the data set declares."""

    @cached_property
    def taken(self) -> BranchVersion:
        """What is trained on. Raises what :func:`branch_version` does."""
        return branch_version(self.data, self.spec, self.ref)

    @property
    def version(self) -> VersionKey:
        """The version's key: what the branch's newest one was when this began."""
        return self.taken.version.key

    @cached_property
    def snapshot(self) -> Snapshot:
        """What the training starts from, frozen."""
        return freeze(self.data, self.taken, self.actor)

    def locked(self, priority: int = 0) -> AbstractContextManager[Holding]:
        """Hold the version while it is trained on, until the result is kept."""
        return locked(self.data, self.spec, self.version, self.actor, priority)

    def registered(self) -> ModelVersion | None:
        """The model of this version's snapshot, if it is registered already. Asks MLflow."""
        return self._work().registered()

    def result_of(self, model: ModelVersion) -> ResultSnapshot:
        """The result snapshot of the model of this version."""
        return self._work().result_of(model)

    def start(self) -> ModelVersion | None:
        """The champion that the branch came from; None where no round of its line is decided yet."""
        version: VersionKey | None = self.taken.base.version
        while version is not None:
            champion = self.registry.champion_after(self.spec.name, version)
            if champion is not None:
                return champion
            version = self.data.version(self.spec.name, version).parent
        return None

    def train(
        self,
        device: Device,
        run_id: str,
        progress: Progress | None = None,
        follower: Follower | None = None,
    ) -> TrainedModel:
        """Train, measure on the test set, keep the result, register the model; nobody is promoted."""
        start, test = self.start(), self.taken.images(Split.TEST)
        before = None if start is None else self.registry.weights(start)
        learner, measure = learner_of(self.spec.kind), self.spec.kind.measure

        def score(weights: bytes) -> dict[str, float]:
            def value(of: bytes) -> float:
                return learner.evaluate(of, test.images, answers_of(test), self.spec.classes).value

            of_champion = {} if before is None else {f"champion_test_{measure}": value(before)}
            return {f"test_{measure}": value(weights)} | of_champion

        labelled = self.taken.images(Split.TRAIN)
        return self._work().train(labelled, start, device, run_id, progress, score, follower=follower)

    def _work(self) -> TrainingWork:
        return TrainingWork(
            self.spec,
            self.snapshot,
            self.taken.branch,
            Lessons(self.spec, self.data, self.actor).number_of(self.taken.base.version) + 1,
            self.data,
            self.registry,
            self.actor,
            self.settings or self.spec.training,
        )
