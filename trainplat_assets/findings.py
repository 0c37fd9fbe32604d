"""What a check of a version found, as Dagster shows it: sentences, numbers, pictures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetKey,
    MetadataValue,
)

from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.terms import VersionKey
from trainplat_assets.partitioned_checks import partitioned_check

SHOWN_FINDINGS = 20


@dataclass(frozen=True)
class Findings:
    """What is wrong, a sentence each; a check without any has passed."""

    sentences: Sequence[str]
    shown: Mapping[str, MetadataValue[Any] | float | int | str] = field(default_factory=dict)
    """Numbers and pictures beside them."""
    stops: bool = True
    """Whether a version for which this was found must not go on; only a blocking check can stop one."""


Find = Callable[[DataService, VersionKey], Findings | Sequence[str]]


def version_check(
    spec: DatasetSpec, asset: str, name: str, description: str, find: Find, *, blocking: bool = True
) -> AssetChecksDefinition:
    """The check ``name`` of one asset of a data set, for each version."""

    @partitioned_check(
        AssetKey([spec.name, asset]),
        name=name,
        description=description,
        partitions=versions_partitions(spec.name),
        blocking=blocking,
    )
    def check(context: AssetCheckExecutionContext, data: DataResource) -> AssetCheckResult:
        told = find(data.service(), VersionKey(context.partition_key))
        found = told if isinstance(told, Findings) else Findings(told)
        sentences = found.sentences
        listed = [f"- {sentence}" for sentence in sentences[:SHOWN_FINDINGS]]
        if len(sentences) > SHOWN_FINDINGS:
            listed.append(f"- and {len(sentences) - SHOWN_FINDINGS} more")
        return AssetCheckResult(
            passed=not sentences,
            severity=AssetCheckSeverity.ERROR if blocking and found.stops else AssetCheckSeverity.WARN,
            description=sentences[0] if sentences else None,
            metadata={"found": len(sentences)}
            | ({"findings": MetadataValue.md("\n".join(listed))} if listed else {})
            | dict(found.shown),
        )

    return check
