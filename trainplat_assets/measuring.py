"""What a model says about each sample of a test set, kept with all that comparisons of models read."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from resources.data.model import ImageSet
from resources.data.results.service import ResultService
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.errors import TrainplatError
from resources.gpu.model import RunId
from resources.gpu.policy.price import BadPrices
from resources.gpu.service import GpuService
from resources.gpu.usage.service import UsageService
from resources.learning.appearances import NAMES, appearances
from resources.learning.kinds.answering import Answered, answered
from resources.learning.kinds.learner import learner_of
from resources.learning.latency import size_up
from resources.marks import classes_in
from resources.registry.evaluations.calibration import brier_score, calibration_error
from resources.registry.evaluations.model import BoolArray, Measurement, SliceName, TestAnswers
from resources.registry.evaluations.service import EvaluationService
from resources.registry.evaluations.slices import by_class, by_source, score_slices, thirds
from resources.registry.model import ModelVersion, Scores
from resources.registry.service import RegistryService
from resources.terms import Actor, Label, VersionKey
from trainplat_assets.labels import answers_of


@dataclass(frozen=True)
class Measuring:
    """The measurements of the models of one data set. Each can be made again, in place of the earlier."""

    spec: DatasetSpec
    version: VersionKey
    """The data version whose test set it is."""
    data: DataService
    registry: RegistryService
    actor: Actor

    def keep(
        self, model: ModelVersion, test: ImageSet, test_set: str, scores: Scores, forgetting: float | None
    ) -> Measurement:
        """Ask a model about each sample of a test set, time it, and keep what came of it."""
        weights = self.registry.weights(model)
        answers, classes = answers_of(test), self.spec.classes
        said = answered(self.spec.kind, weights, test.images, answers, classes)
        size = size_up(learner_of(self.spec.kind).network(weights), test.images)
        kept = self._answers(model, test, test_set, said, answers)
        measured = Measurement(
            dataset=self.spec.name,
            number=model.number,
            dataset_version=model.dataset_version,
            test_set=test_set,
            test_count=len(test.ids),
            measure=scores.measure,
            value=scores.accuracy,
            recalls={label: scores.recalls[label] for label in classes},
            slices=score_slices(said.scores, self._parts(test, answers)),
            calibration_error=calibration_error(said.sure, said.hit),
            brier=None
            if kept.probabilities is None or kept.truth is None
            else brier_score(kept.probabilities, kept.truth),
            latency_p50_ms=size.latency.p50_ms,
            latency_p99_ms=size.latency.p99_ms,
            size_bytes=len(weights),
            parameters=size.parameters,
            forgetting=forgetting,
            params=self._params(model, weights),
            lease_s=GpuService(self.data.database).lease_seconds(RunId(model.run_id)),
            cost=self._cost(model),
            measured_at=self.data.clock(),
            confusion=scores.confusion,
        )
        self._kept.keep(kept, measured, self.actor)
        return measured

    def has(self, model: ModelVersion, test_set: str) -> bool:
        """Whether it was measured on this test set before."""
        return self._kept.has(self.spec.name, model.number, test_set)

    @property
    def _kept(self) -> EvaluationService:
        return EvaluationService(self.data.home, self.data.database, self.data.clock)

    def _answers(
        self, model: ModelVersion, test: ImageSet, test_set: str, said: Answered, true: tuple[Label, ...]
    ) -> TestAnswers:
        of_marks = said.probabilities is None
        places = {label: place for place, label in enumerate(self.spec.classes)}
        return TestAnswers(
            dataset=self.spec.name,
            number=model.number,
            test_set=test_set,
            classes=self.spec.classes,
            sample_ids=test.ids,
            truth=None if of_marks else np.array([places[label] for label in true], dtype=np.int64),
            probabilities=said.probabilities,
            scores=said.scores,
            said=said.said if of_marks else (),
            true=true if of_marks else (),
            sure=said.sure if of_marks else None,
            hit=said.hit if of_marks else None,
        )

    def _parts(self, test: ImageSet, answers: tuple[Label, ...]) -> dict[SliceName, BoolArray]:
        named = [frozenset(classes_in(self.spec.kind, answer)) for answer in answers]
        parts = by_class(named, self.spec.classes)
        for what, values in appearances(self.spec.kind, test.images).items():
            parts |= thirds(what, values, NAMES[what])
        origins = self.data.origins(self.spec, self.version)
        return parts | by_source([origins[sample] for sample in test.ids])

    def _params(self, model: ModelVersion, weights: bytes) -> dict[str, str]:
        """How it was trained, from its result snapshot: what the data set declares may be another by now."""
        results = ResultService(self.data.home, self.data.database, self.data.clock)
        found = results.find(self.spec.name, model.snapshot_id, sha256(weights).hexdigest())
        try:
            told = {} if found is None else results.configuration(found)
        except TrainplatError:  # its files are damaged or erased: a model is measured all the same
            told = {}
        return params_of(told)

    def _cost(self, model: ModelVersion) -> str | None:
        try:
            cost = UsageService(self.data.database).cost_of_run(RunId(model.run_id))
        except BadPrices:
            return None
        return None if cost is None else cost.text


def params_of(configuration: Mapping[str, object]) -> dict[str, str]:
    """What a comparison tells apart of the configuration of a result snapshot."""
    settings, lesson = configuration.get("settings"), configuration.get("lesson")
    params = {str(name): str(value) for name, value in settings.items()} if isinstance(settings, dict) else {}
    if params.get("goes_on_from") == "nothing":
        params["method"] = "joint"
    elif isinstance(lesson, dict):
        params["method"] = str(lesson["method"])
    if isinstance(lesson, dict):
        params["trained_with"] = str(lesson["trained_with"])
    for name in ("code_version", "transform", "split_rule"):
        if configuration.get(name):
            params[name] = str(configuration[name])
    return params
