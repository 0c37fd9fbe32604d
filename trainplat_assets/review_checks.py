"""What a person should look at in a version: its pictures and its numbers, compared with each other."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dagster import AssetChecksDefinition, MetadataValue

from resources.data.making.soundness import leaks
from resources.data.model import DriftMeasure, NearDuplicate, Sample, Split
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.terms import SampleId, VersionKey
from trainplat_assets.findings import Findings, version_check
from trainplat_assets.pictures import bar_chart, embedded, sample_grid
from trainplat_assets.tables import table

SHOWN_PAIRS = 15
SHOWN_SAMPLES = 30

Shown = dict[str, MetadataValue[Any] | float | int | str]


def build_review_checks(spec: DatasetSpec) -> list[AssetChecksDefinition]:
    """The checks that compare the samples of a version with each other and with the parent."""
    return [
        version_check(
            spec,
            "validated",
            "no_near_duplicates",
            "No two samples are nearly the same: a picture encoded again, resized, brighter or slightly "
            "cropped; a text with other blanks or case.",
            lambda data, version: _near_duplicates(data, spec, version),
            blocking=False,
        ),
        version_check(
            spec,
            "split",
            "no_leak_into_the_test_set",
            "No sample that is trained on or asked about is nearly the same as a test sample. A new "
            "one stops the version; one that the parent has already is only told of.",
            lambda data, version: _leaks(data, spec, version),
        ),
        version_check(
            spec,
            "split",
            "no_drift_from_the_parent",
            "What is new resembles the parent: the shares of the classes, and brightness, contrast and size "
            "of the pictures, within the limits that the data set declares.",
            lambda data, version: _drift(data, spec, version),
            blocking=False,
        ),
    ]


def _near_duplicates(data: DataService, spec: DatasetSpec, version: VersionKey) -> Findings:
    pairs = data.near_duplicates(spec, version)
    sentences = [f"samples {pair.one} and {pair.other} are nearly the same: {pair.how}" for pair in pairs]
    return Findings(sentences, _pairs_shown(data, spec, version, pairs))


def _leaks(data: DataService, spec: DatasetSpec, version: VersionKey) -> Findings:
    samples, parent = data.candidate(spec.name, version), _parent(data, spec, version)
    pairs = data.near_duplicates(spec, version)
    new, old = leaks(samples, parent, pairs)
    split_of = {one.id: one.split for one in samples}
    crossing = [
        pair
        for pair in pairs
        if {pair.one, pair.other} <= split_of.keys()
        and (split_of[pair.one] is Split.TEST) != (split_of[pair.other] is Split.TEST)
    ]
    sentences = [*new, *(f"{told}; the parent has both already" for told in old)]
    return Findings(sentences, _pairs_shown(data, spec, version, crossing), stops=bool(new))


def _drift(data: DataService, spec: DatasetSpec, version: VersionKey) -> Findings:
    measures = data.drift(spec, version)
    drifted = [one for one in measures if one.drifted]
    sentences = [
        f"{one.what}: {one.statistic} {one.value:.3f} (limit {one.limit:g}), by chance with probability "
        f"{one.p_value:.2g}; {one.new} new against {one.before} of the parent"
        for one in drifted
    ]
    shown: Shown = {}
    if measures:
        shown["measures"] = table([_row(one) for one in measures])
    samples, parent = data.candidate(spec.name, version), _parent(data, spec, version)
    if any(one.what == "classes" for one in drifted):
        shown["classes"] = embedded(_class_picture(samples, parent), f"classes of {version} and its parent")
    if any(one.what != "classes" for one in drifted):
        known = {one.id for one in parent}
        new = [one.id for one in samples if one.id not in known][:SHOWN_SAMPLES]
        shown["new_samples"] = embedded(_grid(data, spec, version, new), f"new samples of {version}")
    return Findings(sentences, shown)


def _parent(data: DataService, spec: DatasetSpec, version: VersionKey) -> Sequence[Sample]:
    parent = data.version(spec.name, version).parent
    return [] if parent is None else data.samples(spec.name, parent)


def _row(measure: DriftMeasure) -> dict[str, str | int | float]:
    return {
        "what": measure.what,
        "statistic": measure.statistic,
        "value": measure.value,
        "limit": measure.limit,
        "p value": measure.p_value,
        "parent": measure.before,
        "new": measure.new,
        "drifted": "yes" if measure.drifted else "no",
    }


def _class_picture(samples: Sequence[Sample], parent: Sequence[Sample]) -> bytes:
    shares = {}
    for name, side in (("parent", parent), ("this version", samples)):
        counted = Counter(str(one.label) for one in side if one.split is Split.TRAIN)
        shares[name] = {label: count / counted.total() for label, count in sorted(counted.items())}
    return bar_chart(shares, title="Share of each class in the training split", what="share")


def _pairs_shown(
    data: DataService, spec: DatasetSpec, version: VersionKey, pairs: Sequence[NearDuplicate]
) -> Shown:
    if not pairs or spec.kind.is_text:
        return {}
    chosen = [sample for pair in pairs[:SHOWN_PAIRS] for sample in (pair.one, pair.other)]
    what = f"pairs of samples of {version} that are nearly the same, side by side"
    return {"pairs": embedded(_grid(data, spec, version, chosen), what)}


def _grid(data: DataService, spec: DatasetSpec, version: VersionKey, samples: Sequence[SampleId]) -> bytes:
    return sample_grid(data.pictures(spec.name, version, samples), [one[:6] for one in samples])
