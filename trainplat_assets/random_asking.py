"""What random asking would have reached by one version, with data, labeling, learning and registry joined."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby

from resources.asking import Why
from resources.data.model import ImageSet, Split, VersionRecord
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.kinds import Kind
from resources.labeling.model import AskedQuestion
from resources.labeling.service import LabelingService
from resources.learning.kinds.learner import learner_of
from resources.learning.kinds.others import Others
from resources.learning.querying.random_order import Batch, random_order
from resources.learning.training import train
from resources.registry.random_rounds import RandomRound, Reached, reached_in
from resources.registry.service import RegistryService
from resources.terms import Actor, SampleId, VersionKey
from trainplat_assets.labels import answers_of, labels_of
from trainplat_assets.model_round import identity_of

GROWTH_PERCENT = 10
"""A model is trained with so many percent more labels than the one before, and not for fewer: all of them
together cost about ten times the last one."""


@dataclass(frozen=True)
class RandomAsking:
    """Random asking as of one version. Each step can be run again: it ends as if it had run once."""

    spec: DatasetSpec
    version: VersionKey
    data: DataService
    registry: RegistryService
    labeling: LabelingService
    actor: Actor

    def order(self) -> tuple[SampleId, ...]:
        """The labelled samples of the version that random asking would have had, in its order."""
        there = set(self._train.ids)
        first = [one for one in self._first_labels() if one in there]
        return random_order(first, self.batches(), self.spec.seed_in_use())

    def batches(self) -> list[Batch]:
        """What was asked at once, and what people labelled without a question, by time; then what waits."""
        labelled = set(self._train.ids).difference(self._first_labels())
        asked = [one for one in self.labeling.questions(self.spec.name) if one.why is not Why.KNOWN]
        asked.sort(key=lambda one: one.asked_at)
        by_time = [*self._asked(asked, labelled), *self._given(labelled - {one.sample for one in asked})]
        by_time.sort(key=lambda one: one[0])
        waits = Batch((), (), self._line[-1].pool or 0)
        return [*(batch for _, batch in by_time), waits]

    def is_due(self, labels: int) -> bool:
        """Whether so many labels are enough more than those that a model was trained with before."""
        known = [one.labels for one in self._known() if one.test_set == identity_of(self._test)]
        most = max(known, default=0)
        return labels > most and 100 * (labels - most) >= GROWTH_PERCENT * most

    def begin(self) -> None:
        """Keep what both began with: the first labels are random ones, so their model is one of each."""
        first = self._line[0]
        measured = self.registry.evaluation(self.spec.name, first.version)
        if measured is not None and not any(one.version == first.version for one in self._known()):
            self._keep(reached_in(measured, first.labelled or 0))

    def reach(self, order: tuple[SampleId, ...], *, device: str, threads: int) -> Reached:
        """Train a model from nothing on these samples, by the settings of the data set, and measure it on the
        test set of the version.
        """
        chosen, test = set(order), self._test
        rows = [row for row, sample in enumerate(self._train.ids) if sample in chosen]
        measured = learner_of(self.spec.kind).evaluate(
            self._weights(rows, device, threads), test.images, answers_of(test), self.spec.classes
        )
        right = sum(row[k] for k, row in enumerate(measured.confusion))
        reached = Reached(
            self.version,
            len(rows),
            measured.value,
            measured.measure,
            None if measured.measure.is_of_marks else right,
            identity_of(test),
            len(test.ids),
        )
        self._keep(reached)
        return reached

    def _weights(self, rows: list[int], device: str, threads: int) -> bytes:
        images, seed, settings = self._train.images[rows], self.spec.seed_in_use(), self.spec.training
        if self.spec.kind is Kind.IMAGE_CLASSES:
            labels, classes = labels_of(self._train)[rows], self.spec.classes
            return train(images, labels, classes, settings, seed=seed, device=device, threads=threads).weights
        answers = answers_of(self._train)
        chosen, learner = [answers[row] for row in rows], Others(self.spec.kind)
        return learner.train(
            images, chosen, self.spec.classes, settings, seed=seed, device=device, threads=threads
        ).weights

    def _asked(
        self, asked: Sequence[AskedQuestion], labelled: set[SampleId]
    ) -> Iterator[tuple[datetime, Batch]]:
        place_of = {one.version: place for place, one in enumerate(self._line)}
        taken_up = self._taken_up()
        before: Counter[int] = Counter()  # by the place of the version that took their labels up
        for at, group in groupby(asked, key=lambda one: one.asked_at):
            batch = list(group)
            found = [one for one in batch if one.sample in labelled]
            place = place_of.get(batch[0].version, -1)
            pool = (self._line[place].pool or 0) if place >= 0 else 0
            # Of what was asked before, all that had no label in this version lies in its pool still.
            gone = sum(count for taken, count in before.items() if taken > place)
            random = tuple(one.sample for one in found if one.why is Why.RANDOM)
            others = tuple(one.sample for one in found if one.why is not Why.RANDOM)
            yield at, Batch(random, others, max(pool - gone, len(found)))
            before.update(taken_up.get(one.sample, len(self._line)) for one in batch)

    def _taken_up(self) -> dict[SampleId, int]:
        """By sample the place in the line of the first version that has a label of it beyond the first."""
        return {
            label.sample: place
            for place, one in reversed(list(enumerate(self._line)))
            for label in self.data.confirmed_labels(self.spec.name, one.version)
        }

    def _given(self, samples: set[SampleId]) -> Iterator[tuple[datetime, Batch]]:
        for one in self._line[1:]:
            given = [label.sample for label in self.data.confirmed_labels(self.spec.name, one.version)]
            others = tuple(sorted(samples.intersection(given)))
            yield one.planned_at, Batch((), others, len(others))

    def _first_labels(self) -> tuple[SampleId, ...]:
        return self.data.images(self.spec.name, self._line[0].version, Split.TRAIN).ids

    @cached_property
    def _line(self) -> list[VersionRecord]:
        """The version and those that it came from, the first one first."""
        records = {one.version: one for one in self.data.versions(self.spec.name)}
        line = [records[self.version]]
        while (parent := line[0].parent) is not None:
            line.insert(0, records[parent])
        return line

    def _known(self) -> list[Reached]:
        return list(self.registry.against_random(self.spec.name).random)

    def _keep(self, reached: Reached) -> None:
        self.registry.record_random(RandomRound(self.spec.name, reached), self.actor)

    @cached_property
    def _train(self) -> ImageSet:
        return self.data.images(self.spec.name, self.version, Split.TRAIN)

    @cached_property
    def _test(self) -> ImageSet:
        return self.data.images(self.spec.name, self.version, Split.TEST)
