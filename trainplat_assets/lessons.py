"""What a training is told of the ones before it: the data versions, the registry and the results joined."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np

from resources.continual import MethodName, can_go_on
from resources.data.errors import UnknownVersion
from resources.data.library import DataSet
from resources.data.model import ImageSet, Split
from resources.data.results.files import MEMORY
from resources.data.results.service import ResultService
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.data.storage.objects import DamagedObject
from resources.errors import Conflict, NotFound
from resources.learning.continual.lesson import Lesson, lesson_of
from resources.registry.model import ModelVersion
from resources.terms import Actor, VersionKey
from trainplat_assets.labels import answers_of, labels_of


@dataclass(frozen=True)
class Lessons:
    """Makes the lesson of a training of one data set."""

    spec: DatasetSpec
    data: DataService
    actor: Actor

    def of(self, labelled: ImageSet, start: ModelVersion | None, number: int) -> Lesson:
        """The lesson of a training on ``labelled`` that goes on from ``start``.

        ``number`` is how many versions came before. New is what the version that ``start`` was trained from
        did not train with, or not with this label. Where that version cannot be read any more, all is new.
        """
        if not can_go_on(self.spec.kind, self.spec.continual):  # boxes are learnt from all there is
            jointly = replace(self.spec.continual, method=MethodName.JOINT)
            return Lesson(jointly, labelled.ids, np.ones(len(labelled.ids), dtype=bool), takes_all=True)
        labels = labels_of(labelled).tolist() if self.spec.kind.has_one_class else answers_of(labelled)
        known = None if start is None else self.known_to(start)
        memory = None if start is None else self.memory_of(start)
        return lesson_of(self.spec.continual, labelled.ids, labels, known, memory, number)

    def number_of(self, version: VersionKey) -> int:
        """How many versions of its line came before a version of the pipeline."""
        parents = {one.version: one.parent for one in self.data.versions(self.spec.name)}
        number, at = 0, parents.get(version)
        while at is not None:
            number, at = number + 1, parents.get(at)
        return number

    def known_to(self, model: ModelVersion) -> Mapping[str, int | str] | None:
        """What a model was trained with: samples, and their labels then, as places among the classes now.

        Marks are told as they are.
        """
        try:
            samples = self.data.samples(self.spec.name, model.dataset_version)
        except (UnknownVersion, Conflict, DamagedObject):
            return None
        if not self.spec.kind.has_one_class:
            return {
                one.id: one.label for one in samples if one.split is Split.TRAIN and one.label is not None
            }
        places = {label: place for place, label in enumerate(self.spec.classes)}
        return {
            one.id: places[one.label]
            for one in samples
            if one.split is Split.TRAIN and one.label is not None and one.label in places
        }

    def memory_of(self, model: ModelVersion) -> bytes | None:
        """What the training of a model kept beside its weights; None where it kept nothing, or it is gone.

        Then what the model says of the labels of its version takes its place.
        """
        results = ResultService(self.data.home, self.data.database, self.data.clock)
        kept = results.find(self.spec.name, model.snapshot_id, model.weights_sha256)
        if kept is None:
            return None
        try:
            return DataSet(kept.results, self.data.home, actor=self.actor).read(MEMORY, kept.key)
        except (NotFound, Conflict, DamagedObject):
            return None


def method_of(lesson: Lesson) -> str:
    """By which method a training goes."""
    return "joint" if lesson.takes_all else lesson.settings.method.value


def configuration_of(lesson: Lesson, memory: bytes | None) -> dict[str, object]:
    """What of it decided how a training went, and what it left."""
    return {
        "method": lesson.settings.method.value,
        "trained_with": len(lesson.trained_with),
        "new": int(lesson.is_new.sum()),
        "memory_before_sha256": lesson.memory_sha256,
        "memory_sha256": "" if memory is None else sha256(memory).hexdigest(),
    }
