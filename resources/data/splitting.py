"""Who trains, who waits in the pool, who tests: pure, and the same on every machine.

1. In the first version the labelled samples with the lowest content hashes are the test set. The highest hash
   among them is the threshold, frozen from then on.
2. Of the rest, those with the lowest SHA-256 of ``seed:id`` are labelled; all others are the pool.
3. Later versions keep every sample where it is. A confirmed label moves its sample from the pool to training,
   or corrects the one it has.
4. A sample that comes later goes to the pool, unless its hash is at or below the threshold: then it is held
   back. So no sample can ever be on both sides, whatever comes in and in whichever order.
5. A sample that is nearly the same picture as a test sample is held back too, unless the parent has it: a
   model that has seen the one knows the answer to the other.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from resources.data.model import ConfirmedLabel, Split
from resources.data.spec import DatasetSpec
from resources.errors import BadInput
from resources.terms import Label, SampleId


@dataclass(frozen=True)
class SplitRule:
    """What decides the side of a sample, frozen in the first version."""

    test_threshold: SampleId
    """The highest content hash on the test side."""
    test_count: int
    first_labelled: int
    seed: int

    def __str__(self) -> str:
        return (
            f"test: content hash up to {self.test_threshold} ({self.test_count} samples); "
            f"first labelled: the {self.first_labelled} lowest SHA-256 of '{self.seed}:<id>' of the rest"
        )


@dataclass(frozen=True)
class Place:
    """Where one sample stands, and with which label."""

    split: Split
    label: Label | None


@dataclass(frozen=True)
class Division:
    """The outcome of a split."""

    places: Mapping[SampleId, Place]
    held_back: frozenset[SampleId]
    like_test: frozenset[SampleId]
    """Of those held back the ones that rule 5 holds back."""
    newly_labelled: int
    corrected: int
    rule: SplitRule


Twins = Iterable[tuple[SampleId, SampleId]]
"""Pairs of samples that are nearly the same, in any order."""


def first_division(
    spec: DatasetSpec, source_labels: Mapping[SampleId, Label | None], twins: Twins = ()
) -> Division:
    """Divide the samples of a first version. Raises :class:`BadInput` when too few of them are labelled."""
    labelled = sorted(sample for sample, label in source_labels.items() if label is not None)
    needed = spec.test_count + spec.first_labelled
    if len(labelled) < needed:
        raise BadInput(
            f"the source of {spec.name} has {len(labelled)} usable samples with a label; the first version "
            f"needs {needed}: {spec.test_count} to test, {spec.first_labelled} to train",
            "Add files and their labels to the source folder, or ask for less in the data set's declaration.",
        )
    seed = spec.seed_in_use()
    test = set(labelled[: spec.test_count])
    rule = SplitRule(labelled[spec.test_count - 1], spec.test_count, spec.first_labelled, seed)
    like_test = _like(test, twins)
    free = [sample for sample in labelled[spec.test_count :] if sample not in like_test]
    if len(free) < spec.first_labelled:
        raise BadInput(
            f"of the labelled samples of {spec.name} {len(like_test)} are nearly the same as a test sample; "
            f"{len(free)} are left to train, and the first version needs {spec.first_labelled}",
            "Add files of other pictures and their labels to the source folder, or ask for less in the data "
            "set's declaration.",
        )
    train = set(sorted(free, key=lambda sample: _draw(seed, sample))[: spec.first_labelled])
    places, held_back = {}, set()
    for sample, label in source_labels.items():
        if sample in test:
            places[sample] = Place(Split.TEST, label)
        elif sample <= rule.test_threshold or sample in like_test:
            held_back.add(sample)
        elif sample in train:
            places[sample] = Place(Split.TRAIN, label)
        else:
            places[sample] = Place(Split.POOL, None)
    return Division(places, frozenset(held_back), frozenset(held_back & like_test), len(train), 0, rule)


def next_division(
    parent: Mapping[SampleId, Place],
    rule: SplitRule,
    arrivals: Iterable[SampleId],
    labels: Sequence[ConfirmedLabel],
    twins: Twins = (),
) -> Division:
    """Divide the samples of a later version. Of two labels for one sample the later in ``labels`` counts.

    The labels are of samples in the parent's pool or training split.
    """
    places = dict(parent)
    held_back = set()
    like_test = _like({sample for sample, place in parent.items() if place.split is Split.TEST}, twins)
    for sample in arrivals:
        if sample in places:
            continue
        if sample <= rule.test_threshold or sample in like_test:
            held_back.add(sample)
        else:
            places[sample] = Place(Split.POOL, None)
    for confirmed in labels:
        if places[confirmed.sample].split is Split.TEST:
            raise ValueError(f"sample {confirmed.sample} is in the test set and takes no label")
        places[confirmed.sample] = Place(Split.TRAIN, confirmed.label)
    changed = {sample for sample, before in parent.items() if places[sample] != before}
    corrected = sum(parent[sample].split is Split.TRAIN for sample in changed)
    return Division(
        places,
        frozenset(held_back),
        frozenset(held_back & like_test),
        len(changed) - corrected,
        corrected,
        rule,
    )


def _like(test: Collection[SampleId], twins: Twins) -> set[SampleId]:
    found = set()
    for one, other in twins:
        if (one in test) != (other in test):
            found.add(other if one in test else one)
    return found


def _draw(seed: int, sample: SampleId) -> str:
    return hashlib.sha256(f"{seed}:{sample}".encode()).hexdigest()
