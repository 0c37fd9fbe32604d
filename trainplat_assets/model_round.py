"""One round of learning, with data, learning, registry and the GPU ledger joined; the assets call this."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from hashlib import sha256

from resources.data.locks.service import Holding
from resources.data.model import ImageSet, Split
from resources.data.results.model import ResultSnapshot
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.errors import NotFound
from resources.gpu.model import RunId
from resources.gpu.policy.price import BadPrices, Cost
from resources.gpu.service import GpuService
from resources.gpu.usage.service import UsageService
from resources.kinds import Kind
from resources.learning.continual.forgetting import VersionMatrix
from resources.learning.kinds.learner import learner_of
from resources.learning.kinds.model import Measured
from resources.learning.model import Progress
from resources.learning.structure.kept import PREFIX, Found, Searches
from resources.learning.structure.scoring import own_settings
from resources.learning.structure.siblings import Siblings
from resources.marks import classes_in
from resources.registry.model import (
    Decision,
    ModelVersion,
    RoundEvaluation,
    Scores,
)
from resources.registry.service import RegistryService
from resources.serving.deployments.model import EndpointState
from resources.serving.deployments.service import DeploymentService
from resources.serving.references import ModelReference
from resources.terms import Actor, Label, VersionKey
from resources.train_settings import TrainSettings
from trainplat_assets.following import Follower
from trainplat_assets.forgetting import matrix_up_to
from trainplat_assets.labels import answers_of, labels_of
from trainplat_assets.lessons import Lessons
from trainplat_assets.measuring import Measuring
from trainplat_assets.training_work import Device, TrainedModel, TrainingWork, locked


@dataclass(frozen=True)
class Round:
    """The round of one version. Each step can be run again: it ends as if it had run once."""

    spec: DatasetSpec
    version: VersionKey
    data: DataService
    registry: RegistryService
    actor: Actor
    settings: TrainSettings | None = None
    """How it trains; None for what the data set declares."""

    def locked(self, priority: int = 0) -> AbstractContextManager[Holding]:
        """Hold the version while it is trained on, until the result is kept."""
        return locked(self.data, self.spec, self.version, self.actor, priority)

    def registered(self) -> ModelVersion | None:
        """The model of this version's snapshot, if it is registered already. Asks MLflow."""
        return self._work().registered()

    def result_of(self, model: ModelVersion) -> ResultSnapshot:
        """The result snapshot of the model of this version."""
        return self._work().result_of(model)

    def train(
        self,
        *,
        device: str,
        threads: int,
        run_id: str,
        progress: Progress | None = None,
        follower: Follower | None = None,
    ) -> TrainedModel:
        """Train from the snapshot, keep the result, register the model.

        A killed training goes on from its checkpoint. Raises :class:`NotFound` when the version before this
        one has no champion yet.
        """
        work, start, found = self._work(), self.start(), self._found()
        labelled = self.data.images(self.spec.name, self.version, Split.TRAIN)
        on = Device(device, threads)
        if found is None:
            return work.train(labelled, start, on, run_id, progress, follower=follower)
        work = replace(work, settings=found.candidate.settings)
        candidate, siblings = found.candidate, self._siblings(found, labelled, on)
        pool = self.data.images(self.spec.name, self.version, Split.POOL).images
        teaching = siblings.teaching(pool) if candidate.taught else None
        return work.train(
            labelled,
            start if candidate.grows else None,
            on,
            run_id,
            progress,
            reshape=lambda _: siblings.start_of(candidate, teaching) or siblings.champion,
            teaching=teaching,
            follower=follower,
        )

    def evaluate(self) -> RoundEvaluation:
        """Measure the new model and the champion before it on the same test set, and keep the result."""
        snapshot = self.data.snapshot(self.spec.name, self.version)
        challenger = self.registry.model_of(self.spec.name, snapshot.id)
        if challenger is None:
            raise NotFound(
                f"the snapshot of {self.spec.name} {self.version} has no model",
                f"Materialize {self.spec.name}/model for partition {self.version} first.",
            )
        champion = self.champion_before()
        test = self.data.images(self.spec.name, self.version, Split.TEST)
        new = self._measure(challenger, test)
        evaluation = RoundEvaluation(
            dataset=self.spec.name,
            version=self.version,
            challenger=challenger.number,
            champion=champion.number if champion else None,
            test_set=identity_of(test),
            test_count=len(test.ids),
            classes=new.classes,
            challenger_scores=_scores(new),
            champion_scores=_scores(self._measure(champion, test)) if champion else None,
        )
        self.registry.record_evaluation(evaluation, self.actor)
        self._keep_measurements(evaluation, challenger, champion, test)
        return evaluation

    def matrix(self) -> VersionMatrix | None:
        """What the models of this version and of those before it know of each task; None before one is
        measured.
        """
        return matrix_up_to(self.spec, self.version, self.data, self.registry)

    def decide(self, barred: Sequence[str] = ()) -> Decision:
        """Promote the new model if it is strictly better and nothing bars it."""
        record = self.data.version(self.spec.name, self.version)
        self.measure_against_champion()
        evaluation = self.registry.evaluation(self.spec.name, self.version)
        model = self.registry.model(self.spec.name, evaluation.challenger) if evaluation else None
        lease_s = 0.0 if model is None else self.lease_s(model)
        decision = self.registry.decide(
            self.spec.name,
            self.version,
            labels=record.labelled or 0,
            lease_s=lease_s,
            actor=self.actor,
            barred=barred,
        )
        self._tell_spent(decision)
        return decision

    def lease_s(self, model: ModelVersion) -> float:
        """How long the training of a model has held its devices so far, in seconds."""
        return GpuService(self.data.database).lease_seconds(RunId(model.run_id))

    def measure_against_champion(self) -> None:
        """Measure again where somebody else became champion, by hand, since this version was measured."""
        if self._is_measured_against_another():
            self.evaluate()

    def _tell_spent(self, decision: Decision) -> None:
        """Let the model of the round say what its training took, which is known by now."""
        model = self.registry.model(self.spec.name, decision.model_number)
        if model is not None and not decision.carried:
            cost = self.cost()
            text = None if cost is None else cost.text
            self.registry.spent(model, decision.lease_s, text, self.actor)

    def deploy(self, decision: Decision) -> EndpointState | None:
        """Let the model that this round promoted go live, as the data set declares it.

        None where the round promoted nobody, and where it is not champion any more: a round that is run
        again brings back nothing that a later one, or a person, has replaced.
        """
        champion = self.registry.champion(self.spec.name)
        if not decision.promoted or champion is None or champion.number != decision.model_number:
            return None
        service = DeploymentService(self.data.home, self.data.database, self.registry.clock)
        reference = ModelReference(self.spec.name, str(champion.number))
        return service.promote(reference, self.actor, sentence(decision), declared=self.spec.deploy)

    def cost(self) -> Cost | None:
        """What the devices cost under which this version's challenger was trained.

        None without prices, and where they cannot be read: a decision is not lost for a list of prices.
        """
        evaluation = self.registry.evaluation(self.spec.name, self.version)
        model = self.registry.model(self.spec.name, evaluation.challenger) if evaluation else None
        try:
            return UsageService(self.data.database).cost_of_run(RunId(model.run_id)) if model else None
        except BadPrices:
            return None

    def champion_before(self) -> ModelVersion | None:
        """The champion after the parent version's round; None for a first version.

        Raises :class:`NotFound` when that round is not decided: versions are decided in their order.
        """
        parent = self.data.version(self.spec.name, self.version).parent
        if parent is None:
            return None
        champion = self.registry.champion_after(self.spec.name, parent)
        if champion is None:
            raise NotFound(
                f"{self.spec.name} {parent} has no champion, which {self.version} is to be measured against",
                f"Run {self.spec.name}_round for partition {parent} first.",
            )
        return champion

    def start(self) -> ModelVersion | None:
        """What the training goes on from: the champion before, or the model that the version names."""
        champion = self.champion_before()
        base = self.data.version(self.spec.name, self.version).starts_from
        if base is None:
            return champion
        found = self._found()
        if found is not None:
            model = self.registry.model(self.spec.name, found.champion)
        else:
            model = self.registry.model_from(self.spec.name, VersionKey(base))
        if model is None:
            raise NotFound(
                f"{self.spec.name} {base} has no model any more; {self.version} is to be trained on from it",
                f"Run {self.spec.name}_round for partition {base} again.",
            )
        return model

    def _is_measured_against_another(self) -> bool:
        """Whether somebody else became champion, by hand, since this version was measured."""
        evaluation = self.registry.evaluation(self.spec.name, self.version)
        if evaluation is None or self.registry.decision(self.spec.name, self.version) is not None:
            return False
        champion = self.champion_before()
        return champion is not None and champion.number != evaluation.champion

    def _siblings(self, found: Found, labelled: ImageSet, on: Device) -> Siblings:
        """Of the champion that was searched around; none is trained before it is needed."""
        champion = self.registry.model(self.spec.name, found.champion)
        if champion is None:
            raise NotFound(
                f"model {found.champion} of {self.spec.name} is not registered any more; {self.version} is "
                "to be trained around it",
                f"Search again: trainplat structure search {self.spec.name}.",
            )
        weights = self.registry.weights(champion)
        return Siblings(
            weights,
            labelled.images,
            labels_of(labelled),
            self.spec.classes,
            own_settings(self.settings or self.spec.training, weights),
            self.spec.seed_in_use(),
            on.name,
            on.threads,
        )

    def _found(self) -> Found | None:
        """What a structure search chose for this version; None where none was asked."""
        base = self.data.version(self.spec.name, self.version).starts_from
        if base is None or not base.startswith(PREFIX):
            return None
        return Searches(self.data.home).found(base.removeprefix(PREFIX))

    def champion_link(self, decision: Decision) -> str | None:
        """The page of the champion in MLflow, or None when no MLflow server is known."""
        champion = self.registry.champion_after(self.spec.name, decision.version)
        return self.registry.link(champion) if champion else None

    def _measure(self, model: ModelVersion, test: ImageSet) -> Measured:
        weights, learner = self.registry.weights(model), learner_of(self.spec.kind)
        return learner.evaluate(weights, test.images, answers_of(test), self.spec.classes)

    def _keep_measurements(
        self,
        evaluation: RoundEvaluation,
        challenger: ModelVersion,
        champion: ModelVersion | None,
        test: ImageSet,
    ) -> None:
        """What each said of each sample, for comparisons. What a champion said before stays as it is."""
        measuring = Measuring(self.spec, self.version, self.data, self.registry, self.actor)
        matrix, test_set = self.matrix(), evaluation.test_set
        forgetting = None if matrix is None else matrix.forgetting
        measuring.keep(challenger, test, test_set, evaluation.challenger_scores, forgetting)
        old = evaluation.champion_scores
        if champion is not None and old is not None and not measuring.has(champion, test_set):
            measuring.keep(champion, test, test_set, old, None)

    def _work(self) -> TrainingWork:
        snapshot = self.data.snapshot(self.spec.name, self.version)
        number = Lessons(self.spec, self.data, self.actor).number_of(self.version)
        return TrainingWork(
            self.spec,
            snapshot,
            None,
            number,
            self.data,
            self.registry,
            self.actor,
            self.settings or self.spec.training,
        )


def identity_of(
    test: ImageSet, classes: frozenset[Label] | None = None, kind: Kind = Kind.IMAGE_CLASSES
) -> str:
    """SHA-256 of a test set: which samples, and what they are; if any are given, without those that name
    other classes.
    """
    told = answers_of(test) if test.labels is None else test.labels.tolist()
    pairs = list(zip(test.ids, told, strict=True))
    if classes is not None:
        names = [classes_in(kind, answer) for answer in answers_of(test)]
        pairs = [pair for pair, named in zip(pairs, names, strict=True) if classes.issuperset(named)]
    return sha256(repr(sorted(pairs)).encode()).hexdigest()


def sentence(decision: Decision) -> str:
    """What was decided, for a person."""
    reached = f"{decision.accuracy_new:.1%} {decision.measure.words}"
    new = f"Model {decision.model_number} from {decision.version} reaches {reached}"
    if decision.accuracy_old is None:
        return f"{new} and is the first champion."
    if decision.promoted:
        return f"{new}, the champion before it {decision.accuracy_old:.1%}: it is the new champion."
    stays = (
        f"{new}, the champion from {decision.champion_version} {decision.accuracy_old:.1%}: "
        "the champion stays"
    )
    return f"{stays}, as its gates bar the new one: {decision.barred}." if decision.barred else f"{stays}."


def _scores(measured: Measured) -> Scores:
    return Scores(measured.value, measured.recalls, measured.confusion, measured.measure)
