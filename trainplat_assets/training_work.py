"""One training, from its lock to its result snapshot; rounds and branches share it."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from resources.data.locks.service import Asked, Holding, LockService
from resources.data.model import ImageSet, Snapshot
from resources.data.results.model import TAG, ResultSnapshot, TrainingResult
from resources.data.results.service import ResultService
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.kinds import Kind
from resources.learning.continual.lesson import Lesson
from resources.learning.kinds.learner import learner_of
from resources.learning.kinds.others import Others
from resources.learning.model import Progress, TrainedWeights
from resources.learning.rounds.plan import plan_of, training_id
from resources.learning.rounds.telling import Telling
from resources.learning.teaching import Teaching
from resources.learning.training import train
from resources.learning.trainings.service import TrainingService
from resources.registry.facts import ModelFacts
from resources.registry.model import Candidate, CurvePoint, ModelVersion
from resources.registry.service import RegistryService
from resources.terms import Actor, VersionKey
from resources.train_settings import TrainSettings
from resources.users import current_user
from trainplat_assets.following import AskedTraining, Follower, Unfollowed
from trainplat_assets.labels import answers_of, labels_of
from trainplat_assets.lessons import Lessons, configuration_of, method_of

BRANCH_TAG = "trainplat.branch"
"""The tag of a model in MLflow that names the branch that it was trained on."""

Scorer = Callable[[bytes], Mapping[str, float]]
"""Measures weights: name of the score to its value."""


@dataclass(frozen=True)
class TrainedModel:
    """A training that is over, registered and kept."""

    model: ModelVersion
    created: bool
    """False when another process had registered a model of this snapshot in the meantime."""
    weights: TrainedWeights
    start: ModelVersion | None
    """What it went on from; None for fresh weights."""
    lesson: Lesson
    labelled: int
    seconds: float
    result: ResultSnapshot
    scores: Mapping[str, float]
    """What it was measured by, if anything."""


@dataclass(frozen=True)
class Device:
    """What a training runs on."""

    name: str
    """By torch's name."""
    threads: int


@dataclass(frozen=True)
class TrainingWork:
    """The training of one snapshot. Each step can be run again: it ends as if it had run once."""

    spec: DatasetSpec
    snapshot: Snapshot
    branch: str | None
    number: int
    """How many versions of its line came before the one that is trained on."""
    data: DataService
    registry: RegistryService
    actor: Actor
    settings: TrainSettings

    @property
    def results(self) -> ResultService:
        """Where the result is kept."""
        return ResultService(self.data.home, self.data.database, self.data.clock)

    def registered(self) -> ModelVersion | None:
        """The model of this snapshot, if it is registered already. Asks MLflow."""
        found = self.registry.find(self.spec.name, self.snapshot.id, self.actor)
        training = None if found is None else self.registry.training_of(found)
        if found is not None and training is not None:
            service = TrainingService(self.data.home, self.data.database, self.data.clock)
            service.settle(training, found.uri, self.actor)
        return found

    def train(
        self,
        images: ImageSet,
        start: ModelVersion | None,
        device: Device,
        run_id: str,
        progress: Progress | None = None,
        score: Scorer | None = None,
        reshape: Callable[[bytes], bytes] | None = None,
        teaching: Teaching | None = None,
        follower: Follower | None = None,
    ) -> TrainedModel:
        """Train by the data set's method, keep the result, register the model with the result's id on it.

        A training that was killed goes on from its checkpoint, which stays until all of this is done: then
        the same weights have the same result and the same model. ``reshape`` makes of the weights of
        ``start`` what the training goes on from; ``teaching`` is learnt beside the labels.
        ``follower`` follows it while it runs.
        """
        lesson = Lessons(self.spec, self.data, self.actor).of(images, start, self.number)
        start = None if lesson.starts_anew else start
        before = self._start_weights(start, reshape)
        params = self._params(start, device, len(images.ids))
        params |= {} if teaching is None else {"teaching_sha256": teaching.fingerprint()}
        asked = self._asked(images, before, lesson, teaching, params)
        with (follower or Unfollowed(self._checkpoint())).following(asked) as followed:
            began, began_s = self.data.clock(), time.monotonic()

            def learn(telling: Telling | None) -> TrainedWeights:
                return self._weights(
                    images, before, lesson, teaching, device, progress, followed.checkpoint, telling
                )

            weights = followed.train(learn)
            seconds = time.monotonic() - began_s
            scored = [] if score is None else _points(score(weights.weights), weights)
            metrics = (*_curve(weights), *scored)
            log = _log(self.snapshot, device, began, weights, scored, seconds)
            told = configuration_of(lesson, weights.memory)
            result = self._keep(weights.weights, weights.memory, metrics, params, told, log, run_id)
            network: Any = learner_of(self.spec.kind).network(weights.weights)
            candidate = Candidate(
                dataset=self.spec.name,
                version=self.snapshot.dataset_version,
                snapshot_id=self.snapshot.id,
                weights=weights.weights,
                network=network,
                outputs=None if self.spec.kind is Kind.IMAGE_CLASSES else (-1, network.head.out_features),
                image_size_px=self.spec.image_size_px,
                classes=self.spec.classes,
                metrics=metrics,
                params=params,
                run_id=run_id,
                tags=self._facts(start, lesson).tags
                | {TAG: result.id}
                | ({} if self.branch is None else {BRANCH_TAG: self.branch}),
                mlflow_run_id=followed.curves(),
            )
            done = self.registry.register(candidate, self.actor)
            result = self.result_of(done.model)
            followed.became(done.model.uri)
            followed.checkpoint.unlink(missing_ok=True)
        return TrainedModel(
            model=done.model,
            created=done.created,
            weights=weights,
            start=start,
            lesson=lesson,
            labelled=len(images.ids),
            seconds=seconds,
            result=result,
            scores={one.name: one.value for one in scored},
        )

    def _start_weights(
        self, start: ModelVersion | None, reshape: Callable[[bytes], bytes] | None
    ) -> bytes | None:
        if start is None:
            return None
        weights = self.registry.weights(start)
        return weights if reshape is None else reshape(weights)

    def _weights(
        self,
        images: ImageSet,
        before: bytes | None,
        lesson: Lesson,
        teaching: Teaching | None,
        device: Device,
        progress: Progress | None,
        checkpoint: Path,
        telling: Telling | None,
    ) -> TrainedWeights:
        seed = self.spec.seed_in_use()
        if self.spec.kind is not Kind.IMAGE_CLASSES:
            return Others(self.spec.kind).train(
                images.images,
                answers_of(images),
                self.spec.classes,
                self.settings,
                seed=seed,
                start=before,
                lesson=lesson,
                checkpoint=checkpoint,
                device=device.name,
                threads=device.threads,
                progress=progress,
                telling=telling,
            )
        return train(
            images.images,
            labels_of(images),
            self.spec.classes,
            self.settings,
            seed=seed,
            start=before,
            lesson=lesson,
            teaching=teaching,
            checkpoint=checkpoint,
            device=device.name,
            threads=device.threads,
            progress=progress,
            telling=telling,
        )

    def _asked(
        self,
        images: ImageSet,
        before: bytes | None,
        lesson: Lesson,
        teaching: Teaching | None,
        params: Mapping[str, str],
    ) -> AskedTraining:
        learnt = images.ids if before is None else lesson.trained_with
        plan = plan_of(
            self.settings,
            self.spec.kind,
            seed=self.spec.seed_in_use(),
            count=len(learnt),
            goes_on=before is not None,
        )
        deciding = (
            self.snapshot.id,
            self.settings.deciding(),
            self.spec.seed_in_use(),
            None if before is None else sha256(before).hexdigest(),
            lesson.fingerprint(),
            None if teaching is None else teaching.fingerprint(),
        )
        version = self.snapshot.dataset_version
        training = training_id(self.spec.name, version, deciding)

        def write(folder: Path) -> None:
            from resources.learning.loop import Task
            from resources.learning.rounds.work import write_task

            given = (images.images, labels_of(images), self.spec.classes, self.settings)
            write_task(folder, Task(*given, self.spec.seed_in_use(), before, lesson, teaching))

        return AskedTraining(
            training,
            plan,
            self.snapshot.id,
            version,
            params,
            self.settings.hang_s,
            write,
        )

    def result_of(self, model: ModelVersion) -> ResultSnapshot:
        """The result snapshot of a registered model; one that was trained without it gets it now."""
        results = self.results
        found = results.find(self.spec.name, self.snapshot.id, model.weights_sha256)
        if found is None:
            log = f"{model.uri} was registered without a result snapshot; its log is not known.\n"
            found = self._keep(self.registry.weights(model), None, (), {}, {}, log, model.run_id)
            self.registry.tag(model, TAG, found.id)
        return results.bind(found, model.uri, self.actor)

    def _keep(
        self,
        weights: bytes,
        memory: bytes | None,
        metrics: tuple[CurvePoint, ...],
        params: Mapping[str, str],
        lesson: Mapping[str, object],
        log: str,
        run_id: str,
    ) -> ResultSnapshot:
        configuration: dict[str, object] = {
            "settings": dict(params),
            "tree": self.snapshot.tree_md5,
            "split_rule": self.snapshot.split_rule,
            "transform": self.snapshot.transform,
            "code_version": self.snapshot.code_version,
            "classes": list(self.spec.classes),
            "image_size_px": list(self.spec.image_size_px),
            "weights_sha256": sha256(weights).hexdigest(),
            **({"lesson": dict(lesson)} if lesson else {}),
        }
        result = TrainingResult(
            dataset=self.spec.name,
            version=self.snapshot.dataset_version,
            branch=self.branch,
            snapshot_id=self.snapshot.id,
            weights=weights,
            memory=memory,
            metrics=tuple((one.name, one.step, one.value) for one in metrics),
            configuration=configuration,
            log=log,
            run_id=run_id,
        )
        return self.results.keep(result, self.actor)

    def _params(self, start: ModelVersion | None, device: Device, labelled: int) -> dict[str, str]:
        params = {name: str(value) for name, value in asdict(self.settings).items()}
        params |= {f"continual_{name}": str(value) for name, value in asdict(self.spec.continual).items()}
        return params | {
            "dataset_version": self.snapshot.dataset_version,
            "labelled_samples": str(labelled),
            "seed": str(self.spec.seed_in_use()),
            "goes_on_from": start.uri if start else "nothing",
            "device": device.name,
        }

    def _facts(self, start: ModelVersion | None, lesson: Lesson) -> ModelFacts:
        return ModelFacts(
            parent="" if start is None else start.uri,
            code_version=self.snapshot.code_version,
            method=method_of(lesson),
            seed=str(self.spec.seed_in_use()),
            asset=f"{self.spec.name}/{'model' if self.branch is None else 'branch_model'}",
            partition=self.snapshot.dataset_version if self.branch is None else self.branch,
        )

    def _checkpoint(self) -> Path:
        return self.data.home.checkpoints / self.spec.name / f"{self.snapshot.id}.pt"


@contextmanager
def locked(
    data: DataService, spec: DatasetSpec, version: VersionKey, actor: Actor, priority: int = 0
) -> Iterator[Holding]:
    """Hold a version from before a training until its result is kept.

    A training that goes on in another process, after a kill or because it made room, holds it again.
    """
    asked = Asked(actor, current_user(), "training", priority)
    locks = LockService(data.database, data.clock)
    data.publish(spec.name, version, actor)
    with locks.reading(spec.name, version, asked) as holding:
        yield holding


def _curve(trained: TrainedWeights) -> tuple[CurvePoint, ...]:
    return tuple(
        CurvePoint(name, value, point.epoch)
        for point in trained.curve
        for name, value in (("train_loss", point.loss), ("train_accuracy", point.accuracy))
    )


def _points(scores: Mapping[str, float], trained: TrainedWeights) -> list[CurvePoint]:
    """Scores of the weights, which are those of the last epoch."""
    return [CurvePoint(name, value, trained.curve[-1].epoch) for name, value in scores.items()]


def _log(
    snapshot: Snapshot,
    device: Device,
    began: datetime,
    trained: TrainedWeights,
    scored: Sequence[CurvePoint],
    seconds: float,
) -> str:
    what = f"{snapshot.dataset} {snapshot.dataset_version}"
    lines = [
        f"{began:%Y-%m-%dT%H:%M:%SZ} {what} trains on {device.name} with {device.threads} threads",
        f"{trained.resumed_from_epoch} epochs came from a checkpoint",
    ]
    lines += [f"epoch {one.epoch}: loss {one.loss:.6f}, accuracy {one.accuracy:.4f}" for one in trained.curve]
    lines += [f"{one.name}: {one.value:.4f}" for one in scored]
    return "\n".join([*lines, f"done after {seconds:.1f} s"]) + "\n"
