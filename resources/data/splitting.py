"""Who trains, who waits in the pool, who tests: pure, and the same on every machine.

1. In the first version the test set is drawn among the labelled samples. Each class gives its share of it, to
   the nearest sample: those of the class with the lowest content hashes. The highest hash among them is the
   threshold of the class; all are frozen from then on.
2. Of the rest, those with the lowest SHA-256 of ``seed:id`` are labelled; all others are the pool.
3. Later versions keep every sample where it is. A confirmed label moves its sample from the pool to training,
   or corrects the one it has.
4. A sample that comes later, or without a label, goes to the pool, unless its hash is at or below the highest
   of the thresholds: then it is held back, for it might belong to the test set. So that a class of a few
   samples does not keep most of what comes away from the pool, this is at most twice the test set's share.
5. A sample that is nearly the same picture as a test sample is held back too, unless the parent has it: a
   model that has seen the one knows the answer to the other.
6. What a source says about a sample's split is followed: one that is to train or to wait is never drawn for
   the test set, nor held back for its hash. Where samples are to test, the test set is drawn among these
   alone, and those that are left over, or come later, are held back.
7. Classes may be declared later. As long as one of these has no test sample, a version holds out some of the
   samples that people label with it now: as many as the other classes have on average, at most half, those
   with the lowest content hashes and like no other sample. They test from then on; all others stay as they
   are. Where answers are marks, these are samples in which it is marked, whatever else is.

A data set whose first version was sealed before each class gave its share, or that declares it so, has one
threshold for all classes together; everything else is the same.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from resources.data.model import ConfirmedLabel, Split
from resources.data.spec import DatasetSpec
from resources.errors import BadInput
from resources.kinds import Kind
from resources.marks import classes_in
from resources.terms import Label, SampleId


@dataclass(frozen=True)
class SplitRule:
    """What decides the side of a sample, frozen in the first version."""

    test_threshold: SampleId
    """Up to this content hash a sample is held back that comes later, or without a label; empty for none."""
    test_count: int
    first_labelled: int
    seed: int
    by_class: Mapping[Label, SampleId] = field(default_factory=dict)
    """For each class in the test set the highest content hash there; empty for one threshold for all."""
    first_classes: tuple[Label, ...] = ()
    """The classes of the first version; empty where none were declared since."""

    def __str__(self) -> str:
        """The rule in words that change whenever the rule does."""
        labelled = (
            f"first labelled: the {self.first_labelled} lowest SHA-256 of '{self.seed}:<id>' of the rest"
        )
        if not self.by_class:
            return f"test: content hash up to {self.test_threshold} ({self.test_count} samples); {labelled}"
        told = "\n".join(f"{label} {threshold}" for label, threshold in sorted(self.by_class.items()))
        thresholds = hashlib.sha256(told.encode()).hexdigest()[:12]
        return (
            f"test: the lowest content hashes of each class ({self.test_count} samples, thresholds "
            f"{thresholds}); held back: content hash up to {self.test_threshold or 'none'}; {labelled}"
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


Wanted = Mapping[SampleId, str]
"""Where their sources want samples: train, pool or test."""


def first_division(
    spec: DatasetSpec,
    source_labels: Mapping[SampleId, Label | None],
    twins: Twins = (),
    wanted: Wanted = MappingProxyType({}),
) -> Division:
    """Divide the samples of a first version. Raises :class:`BadInput` when too few of them are labelled."""
    labelled = {sample: label for sample, label in source_labels.items() if label is not None}
    needed = spec.test_count + spec.first_labelled
    if len(labelled) < needed:
        raise BadInput(
            f"the source of {spec.name} has {len(labelled)} usable samples with a label; the first version "
            f"needs {needed}: {spec.test_count} to test, {spec.first_labelled} to train",
            "Add files and their labels to the source folder, or ask for less in the data set's declaration.",
        )
    to_test = {one: label for one, label in labelled.items() if wanted.get(one) == Split.TEST}
    candidates = to_test or {one: label for one, label in labelled.items() if one not in wanted}
    if len(candidates) < spec.test_count:
        raise BadInput(
            f"the sources of {spec.name} leave {len(candidates)} labelled samples to draw the test set from; "
            f"the first version needs {spec.test_count}",
            "Name more samples for the test split, or none, or ask for less in the data set's declaration.",
        )
    seed = spec.seed_in_use()
    by_each = spec.stratified and spec.kind.has_one_class
    by_class = _lowest_of_each_class(candidates, spec.test_count) if by_each else {}
    test = set(sorted(candidates)[: spec.test_count])
    if by_each:
        test = {sample for samples in by_class.values() for sample in samples}
    rule = SplitRule(
        SampleId("") if to_test else _held_back_up_to(test, len(candidates), stratified=by_each),
        spec.test_count,
        spec.first_labelled,
        seed,
        {label: max(samples) for label, samples in by_class.items() if samples},
    )
    like_test = _like(test, twins)
    left_over = to_test.keys() - test
    free = [
        sample
        for sample in labelled
        if sample not in test
        and sample not in like_test
        and sample not in left_over
        and wanted.get(sample) != Split.POOL
    ]
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
        elif (
            sample in like_test
            or (label is None and _is_held_back(sample, rule, wanted))
            or sample in left_over
        ):
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
    wanted: Wanted = MappingProxyType({}),
    later_classes: Collection[Label] = (),
    kind: Kind = Kind.IMAGE_CLASSES,
) -> Division:
    """Divide the samples of a later version. Of two labels for one sample the later in ``labels`` counts.

    The labels are of samples in the parent's pool or training split. ``later_classes`` are those that the
    first version did not have.
    """
    twins = list(twins)
    places = dict(parent)
    held_back = set()
    like_test = _like({sample for sample, place in parent.items() if place.split is Split.TEST}, twins)
    for sample in arrivals:
        if sample in places:
            continue
        if _is_held_back(sample, rule, wanted) or sample in like_test:
            held_back.add(sample)
        else:
            places[sample] = Place(Split.POOL, None)
    for confirmed in labels:
        if places[confirmed.sample].split is Split.TEST:
            raise ValueError(f"sample {confirmed.sample} is in the test set and takes no label")
        places[confirmed.sample] = Place(Split.TRAIN, confirmed.label)
    held_out = _held_out(parent, places, rule, later_classes, twins, kind)
    for samples in held_out.values():
        places |= {sample: replace(places[sample], split=Split.TEST) for sample in samples}
    if held_out:
        highest = {label: max(samples) for label, samples in held_out.items()} if kind.has_one_class else {}
        more = sum(map(len, held_out.values()))
        rule = replace(rule, test_count=rule.test_count + more, by_class={**rule.by_class, **highest})
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


def _held_out(
    parent: Mapping[SampleId, Place],
    places: Mapping[SampleId, Place],
    rule: SplitRule,
    later_classes: Collection[Label],
    twins: Twins,
    kind: Kind,
) -> dict[Label, list[SampleId]]:
    """Rule 7: for each class that is not tested yet what is to test it; none of them was trained on."""
    answers = [place.label for place in parent.values() if place.split is Split.TEST and place.label]
    tested = {label for answer in answers for label in classes_in(kind, answer)}
    alike = {sample for pair in twins for sample in pair}
    most = rule.test_count // max(1, len(tested))
    named = {
        sample: {*classes_in(kind, place.label)} - tested
        for sample, place in sorted(places.items())
        if place.split is Split.TRAIN
        and place.label is not None
        and (sample not in parent or parent[sample].split is Split.POOL)
    }
    left = Counter(label for labels in named.values() for label in labels)
    left = Counter({label: count // 2 for label, count in left.items()})
    found: dict[Label, list[SampleId]] = {}
    for label in later_classes:
        for sample, labels in named.items():
            is_free = sample not in alike and not any(sample in samples for samples in found.values())
            wanted = label in labels and len(found.get(label, ())) < most
            if is_free and wanted and all(left[one] for one in labels):
                found.setdefault(label, []).append(sample)
                left.subtract(labels)
    return found


def _lowest_of_each_class(candidates: Mapping[SampleId, Label], count: int) -> dict[Label, list[SampleId]]:
    """``count`` samples, each class to the nearest sample of its share: the method of largest remainders."""
    of_class: dict[Label, list[SampleId]] = {}
    for sample in sorted(candidates):
        of_class.setdefault(candidates[sample], []).append(sample)
    whole = {label: divmod(len(samples) * count, len(candidates)) for label, samples in of_class.items()}
    missing = count - sum(quotient for quotient, _ in whole.values())
    by_remainder = sorted(whole, key=lambda label: (-whole[label][1], label))
    more = set(by_remainder[:missing])
    return {label: samples[: whole[label][0] + (label in more)] for label, samples in of_class.items()}


def _held_back_up_to(test: Collection[SampleId], candidates: int, *, stratified: bool) -> SampleId:
    highest = max(test)
    if not stratified:
        return highest
    most = min(2 * len(test) * 16**64 // candidates, 16**64 - 1)
    return min(highest, SampleId(f"{most:064x}"))


def _is_held_back(sample: SampleId, rule: SplitRule, wanted: Wanted) -> bool:
    side = wanted.get(sample)
    return side == Split.TEST or (side is None and sample <= rule.test_threshold)


def _like(test: Collection[SampleId], twins: Twins) -> set[SampleId]:
    found = set()
    for one, other in twins:
        if (one in test) != (other in test):
            found.add(other if one in test else one)
    return found


def _draw(seed: int, sample: SampleId) -> str:
    return hashlib.sha256(f"{seed}:{sample}".encode()).hexdigest()
