"""What must hold of a version before it goes on: each check says which samples break it."""

from collections.abc import Callable, Sequence

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetKey,
    MetadataValue,
)

from resources.data.making.soundness import changed_test_set, in_two_splits, labels_lost, outside_classes
from resources.data.model import Sample
from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.terms import VersionKey
from trainplat_assets.partitioned_checks import partitioned_check

SHOWN_FINDINGS = 20

Finding = Callable[[DataService, VersionKey], Sequence[str]]


def build_data_checks(spec: DatasetSpec) -> list[AssetChecksDefinition]:
    """The checks of a data set's versions. All but the one on the quarantine stop a version that fails."""
    return [
        _check(
            spec,
            "validated",
            "images_are_readable",
            "Every image is there, holds what its hash says, and can be decoded.",
            lambda data, version: data.unreadable_images(spec, version),
        ),
        _check(
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
        _check(
            spec,
            "split",
            "no_sample_in_two_splits",
            "No sample stands in two splits, nor changed sides with the test set since the parent.",
            lambda data, version: in_two_splits(*_with_parent(data, spec, version)),
        ),
        _check(
            spec,
            "split",
            "test_set_is_the_parents",
            "The test set is the parent's, sample by sample and label by label.",
            lambda data, version: changed_test_set(*_with_parent(data, spec, version)),
        ),
        _check(
            spec,
            "split",
            "labels_are_classes",
            "Every label is one of the classes, and the pool shows none.",
            lambda data, version: outside_classes(data.candidate(spec.name, version), spec.classes),
        ),
        _check(
            spec,
            "split",
            "labels_grew",
            "Every label of the parent is kept, and every label confirmed since is taken up.",
            lambda data, version: labels_lost(
                *_with_parent(data, spec, version), data.confirmed_labels(spec.name, version)
            ),
        ),
        _check(
            spec,
            "dataset",
            "tree_is_whole",
            "Every file of the sealed version is there and holds what its name says.",
            lambda data, version: data.damage(spec.name, version),
        ),
    ]


def _check(
    spec: DatasetSpec, asset: str, name: str, description: str, find: Finding, *, blocking: bool = True
) -> AssetChecksDefinition:
    @partitioned_check(
        AssetKey([spec.name, asset]),
        name=name,
        description=description,
        partitions=versions_partitions(spec.name),
        blocking=blocking,
    )
    def check(context: AssetCheckExecutionContext, data: DataResource) -> AssetCheckResult:
        findings = find(data.service(), VersionKey(context.partition_key))
        listed = [f"- {finding}" for finding in findings[:SHOWN_FINDINGS]]
        if len(findings) > SHOWN_FINDINGS:
            listed.append(f"- and {len(findings) - SHOWN_FINDINGS} more")
        return AssetCheckResult(
            passed=not findings,
            severity=AssetCheckSeverity.ERROR if blocking else AssetCheckSeverity.WARN,
            description=findings[0] if findings else None,
            metadata={"found": len(findings)}
            | ({"findings": MetadataValue.md("\n".join(listed))} if listed else {}),
        )

    return check


def _with_parent(
    data: DataService, spec: DatasetSpec, version: VersionKey
) -> tuple[list[Sample], list[Sample]]:
    parent = data.version(spec.name, version).parent
    return data.candidate(spec.name, version), [] if parent is None else data.samples(spec.name, parent)
