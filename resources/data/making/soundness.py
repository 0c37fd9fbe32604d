"""What must hold of a version before a model is trained on it: pure, each finding a sentence."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from resources.data.model import ConfirmedLabel, NearDuplicate, Sample, Split
from resources.kinds import Kind
from resources.marks import classes_in, flaw
from resources.terms import Label


def unsound(
    samples: Sequence[Sample],
    parent: Sequence[Sample],
    classes: Sequence[Label],
    confirmed: Sequence[ConfirmedLabel],
    kind: Kind = Kind.IMAGE_CLASSES,
) -> list[str]:
    """All that is wrong with a version, by the rules below; its ``parent`` is empty for a first one."""
    return [
        *in_two_splits(samples, parent, kind),
        *changed_test_set(samples, parent, kind),
        *outside_classes(samples, classes, kind),
        *labels_lost(samples, parent, confirmed, kind),
    ]


def in_two_splits(
    samples: Sequence[Sample], parent: Sequence[Sample], kind: Kind = Kind.IMAGE_CLASSES
) -> list[str]:
    """Samples that stand twice in a version, or on the other side of the test set than in its parent."""
    found = [
        f"sample {sample} stands {count} times in the version"
        for sample, count in sorted(Counter(one.id for one in samples).items())
        if count > 1
    ]
    before = {one.id: one.split for one in parent}
    tests_more = _what_tests_more(parent, kind)
    for one in samples:
        was = before.get(one.id, one.split)
        if (was is Split.TEST) != (one.split is Split.TEST):
            if was is Split.POOL and tests_more(one.label):
                continue
            told = "tested with" if was is Split.TEST else "trained on or asked about"
            found.append(f"sample {one.id} is in the {one.split} split, and was {told} in the parent")
    return found


def changed_test_set(
    samples: Sequence[Sample], parent: Sequence[Sample], kind: Kind = Kind.IMAGE_CLASSES
) -> list[str]:
    """Where the test set is not the parent's, in samples or in labels. A first version may have any.

    Samples of a class that the parent has no test sample of may come: it was declared later.
    """
    if not parent:
        return [] if any(one.split is Split.TEST for one in samples) else ["the test set is empty"]
    now = {one.id: one.label for one in samples if one.split is Split.TEST}
    before = {one.id: one.label for one in parent if one.split is Split.TEST}
    found = [f"test sample {one} is missing; the parent has it" for one in sorted(before.keys() - now.keys())]
    tests_more = _what_tests_more(parent, kind)
    found += [
        f"test sample {one} is new; the parent does not have it"
        for one in sorted(now.keys() - before)
        if not tests_more(now[one])
    ]
    return found + [
        f"test sample {one} is labelled {now[one]}; in the parent it is {before[one]}"
        for one in sorted(now.keys() & before.keys())
        if now[one] != before[one]
    ]


def leaks(
    samples: Sequence[Sample], parent: Sequence[Sample], pairs: Iterable[NearDuplicate]
) -> tuple[list[str], list[str]]:
    """Samples that are trained on or asked about and nearly the same as a test sample.

    Those that this version brings in, and those that stood so in the parent already.
    """
    splits = {one.id: one.split for one in samples}
    known = {one.id for one in parent}
    new: list[str] = []
    old: list[str] = []
    for pair in pairs:
        for one, other in ((pair.one, pair.other), (pair.other, pair.one)):
            if splits.get(one) is not Split.TEST and splits.get(other) is Split.TEST and one in splits:
                told = f"{splits[one]} sample {one} is nearly the same as test sample {other}: {pair.how}"
                (old if one in known else new).append(told)
    return new, old


def outside_classes(
    samples: Sequence[Sample], classes: Sequence[Label], kind: Kind = Kind.IMAGE_CLASSES
) -> list[str]:
    """Samples whose label names what is no class, that lack one they need, or that show one in the pool."""
    found = []
    for one in samples:
        if one.split is Split.POOL:
            if one.label is not None:
                found.append(f"pool sample {one.id} has the label {one.label!r}; the pool has none")
        elif one.label is None or flaw(kind, one.label, classes) is not None:
            found.append(
                f"{one.split} sample {one.id} has the label {one.label!r}: none of {', '.join(classes)}"
            )
    return found


def labels_lost(
    samples: Sequence[Sample],
    parent: Sequence[Sample],
    confirmed: Sequence[ConfirmedLabel],
    kind: Kind = Kind.IMAGE_CLASSES,
) -> list[str]:
    """Where the version has fewer labels than its parent and the labels confirmed since give together."""
    tests_more = _what_tests_more(parent, kind)
    labels = {
        one.id: one.label
        for one in samples
        if one.split is Split.TRAIN or (one.split is Split.TEST and tests_more(one.label))
    }
    expected = {one.id: one.label for one in parent if one.split is Split.TRAIN}
    expected |= {one.sample: one.label for one in confirmed}
    return [
        f"sample {one} should be labelled {expected[one]}, and is "
        + (f"labelled {labels[one]}" if one in labels else "not in training")
        for one in sorted(expected)
        if labels.get(one) != expected[one]
    ]


def _what_tests_more(parent: Sequence[Sample], kind: Kind) -> Callable[[Label | None], bool]:
    """Whether a test sample with this answer may come: it names a class that the parent does not test."""
    tested = {name for one in parent if one.split is Split.TEST for name in _names(kind, one.label)}
    return lambda answer: not _names(kind, answer) <= tested


def _names(kind: Kind, answer: Label | None) -> set[Label]:
    try:
        return set() if answer is None else {*classes_in(kind, answer)}
    except ValueError:
        return set()  # told as what is no answer at all
