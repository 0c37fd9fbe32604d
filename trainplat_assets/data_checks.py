"""What must hold of a version before it goes on: each check says which samples break it."""

from dagster import AssetChecksDefinition

from resources.data.making.soundness import changed_test_set, in_two_splits, labels_lost, outside_classes
from resources.data.model import Sample
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.terms import VersionKey
from trainplat_assets.findings import version_check
from trainplat_assets.review_checks import build_review_checks


def build_data_checks(spec: DatasetSpec) -> list[AssetChecksDefinition]:
    """The checks of a data set's versions. These stop one that fails, but for the quarantine's; see also
    :mod:`trainplat_assets.review_checks`.
    """
    return [
        version_check(
            spec,
            "validated",
            "images_are_readable",
            "Every image is there; each new one holds what its hash says, and can be decoded.",
            lambda data, version: data.unreadable_images(spec, version),
        ),
        version_check(
            spec,
            "validated",
            "nothing_is_quarantined",
            "No file of the source folder had to be left out. The version goes on without those that were.",
            lambda data, version: [
                f"{one.file}: {one.problem}. {one.next_step}"
                for one in data.validate(spec, version).quarantined
            ],
            blocking=False,
        ),
        version_check(
            spec,
            "split",
            "no_sample_in_two_splits",
            "No sample stands in two splits, nor changed sides with the test set since the parent.",
            lambda data, version: in_two_splits(*_with_parent(data, spec, version), spec.kind),
        ),
        version_check(
            spec,
            "split",
            "test_set_is_the_parents",
            "The test set is the parent's, sample by sample and label by label.",
            lambda data, version: changed_test_set(*_with_parent(data, spec, version), spec.kind),
        ),
        version_check(
            spec,
            "split",
            "labels_are_classes",
            "Every label is one of the classes, and the pool shows none.",
            lambda data, version: outside_classes(
                data.candidate(spec.name, version), spec.classes, spec.kind
            ),
        ),
        version_check(
            spec,
            "split",
            "labels_grew",
            "Every label of the parent is kept, and every label confirmed since is taken up. In a version "
            "that people committed or merged, the labels are those that they gave.",
            lambda data, version: _labels_lost(data, spec, version),
        ),
        version_check(
            spec,
            "dataset",
            "tree_is_whole",
            "Every file of the sealed version is there and holds what its name says.",
            lambda data, version: data.damage(spec.name, version),
        ),
        *build_review_checks(spec),
    ]


def _labels_lost(data: DataService, spec: DatasetSpec, version: VersionKey) -> list[str]:
    if data.version(spec.name, version).adopted:
        return []
    confirmed = data.confirmed_labels(spec.name, version)
    return labels_lost(*_with_parent(data, spec, version), confirmed, spec.kind)


def _with_parent(
    data: DataService, spec: DatasetSpec, version: VersionKey
) -> tuple[list[Sample], list[Sample]]:
    parent = data.version(spec.name, version).parent
    return data.candidate(spec.name, version), [] if parent is None else data.samples(spec.name, parent)
