"""The labels of one version looked at again, with data, learning and labeling joined; an asset calls this."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from resources.data.model import ImageSet, Split
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.kinds import Kind
from resources.labeling.reviews.agreement import Agreement
from resources.labeling.reviews.model import Doubted, Reason, Review, ReviewCounts, ReviewState
from resources.labeling.service import LabelingService
from resources.learning.reviewing.answers import doubted_answers
from resources.learning.reviewing.doubting import LEAST_LABELS, doubts
from resources.learning.reviewing.folds import FOLDS, out_of_fold
from resources.terms import Actor, Label, SampleId, VersionKey
from trainplat_assets.labels import labels_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class LabelReview:
    """What is looked at again when a version has its champion. Run again, it sends no more back."""

    spec: DatasetSpec
    version: VersionKey
    data: DataService
    labeling: LabelingService
    actor: Actor

    def look_back(self, *, device: str, threads: int) -> int:
        """Send back what models that were trained on the other labels doubt; returns how many.

        All labels of the version are looked at, and only those that people gave in Label Studio can go back:
        at most the declared share of them, those that went back before counted.
        """
        self.labeling.reviews.follow(self.spec.name, self.spec.review)
        doubted = self._doubted(device, threads) if self.spec.review.doubts else []
        return self.labeling.reviews.look_again(self.spec.name, (), doubted, actor=self.actor)

    def ask_again(self) -> int:
        """Make a task for each answer that went back; returns how many were made."""
        return self.labeling.reviews.ask_again(self.spec.name, self.labeling.client, actor=self.actor)

    def counts(self) -> ReviewCounts:
        """How many labels stand where."""
        return self.labeling.reviews.counts(self.spec.name)

    def waiting(self) -> list[Review]:
        """What is with people again."""
        return self.labeling.reviews.of(self.spec.name, [ReviewState.RETURNED])

    def agreement(self) -> Agreement:
        """How far annotators agree with each other, and with what is known."""
        return self.labeling.reviews.agreement(self.spec.name, self.known())

    def known(self) -> Mapping[SampleId, Label]:
        """The test samples with their labels: what people are measured by, and no model is trained on."""
        samples = self.data.samples(self.spec.name, self.version)
        return {one.id: one.label for one in samples if one.split is Split.TEST and one.label is not None}

    def pictures(self, samples: list[SampleId]) -> "NDArray[np.uint8]":
        """The images of labelled samples in their order."""
        labelled = self._labelled()
        rows = {sample: row for row, sample in enumerate(labelled.ids)}
        return labelled.images[[rows[sample] for sample in samples if sample in rows]]

    def _labelled(self) -> ImageSet:
        return self.data.images(self.spec.name, self.version, Split.TRAIN)

    def _doubted(self, device: str, threads: int) -> list[Doubted]:
        labelled = self._labelled()
        states = self.labeling.reviews.states(self.spec.name)
        given = {answer.sample: answer.label for answer in self.labeling.confirmed(self.spec.name)}
        passed = (ReviewState.PASSED, None)
        if labelled.answers is None or len(labelled.ids) < max(FOLDS, LEAST_LABELS):
            return []
        returnable = [
            given.get(sample) == answer and states.get(sample) in passed
            for sample, answer in zip(labelled.ids, labelled.answers, strict=True)
        ]
        back = sum(1 for state in states.values() if state not in passed)
        most = round(self.spec.review.share * (sum(returnable) + back)) - back
        if most < 1:
            return []
        if self.spec.kind is Kind.IMAGE_CLASSES:
            return self._doubted_pictures(labelled, returnable, device, threads)[:most]
        found = doubted_answers(
            self.spec.kind,
            labelled.images,
            labelled.answers,
            self.spec.classes,
            self.spec.review.share,
            of=returnable,
            seed=self.spec.seed_in_use(),
            device=device,
            threads=threads,
        )
        return [
            Doubted(
                labelled.ids[one.row],
                labelled.answers[one.row],
                Reason.DOUBTED,
                one.other,
                one.given_probability,
                one.other_probability,
            )
            for one in found[:most]
        ]

    def _doubted_pictures(
        self, labelled: ImageSet, returnable: list[bool], device: str, threads: int
    ) -> list[Doubted]:
        labels = labels_of(labelled)
        probabilities = out_of_fold(
            labelled.images,
            labels,
            self.spec.classes,
            seed=self.spec.seed_in_use(),
            device=device,
            threads=threads,
        )
        return [
            Doubted(
                labelled.ids[one.row],
                self.spec.classes[one.given],
                Reason.DOUBTED,
                self.spec.classes[one.other],
                one.given_probability,
                one.other_probability,
            )
            for one in doubts(labels, probabilities, self.spec.review.share, of=returnable)
        ]
