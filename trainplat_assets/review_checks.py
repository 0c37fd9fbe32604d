"""What a person should look at in a version: its pictures and its numbers, compared with each other."""

from typing import Any

from dagster import AssetChecksDefinition, MetadataValue

from resources.data.model import NearDuplicate
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.terms import VersionKey
from trainplat_assets.findings import Findings, version_check
from trainplat_assets.pictures import embedded, sample_grid

SHOWN_PAIRS = 15


def build_review_checks(spec: DatasetSpec) -> list[AssetChecksDefinition]:
    """The checks that compare the samples of a version with each other and with the parent."""
    return [
        version_check(
            spec,
            "validated",
            "no_near_duplicates",
            "No two samples are nearly the same picture: encoded again, resized, brighter, slightly cropped.",
            lambda data, version: _near_duplicates(data, spec, version),
            blocking=False,
        ),
    ]


def _near_duplicates(data: DataService, spec: DatasetSpec, version: VersionKey) -> Findings:
    pairs = data.near_duplicates(spec, version)
    sentences = [
        f"samples {pair.one} and {pair.other} are nearly the same: {pair.distance_bits} of 64 bits differ, "
        f"resemblance {pair.resemblance:.3f}"
        for pair in pairs
    ]
    return Findings(sentences, _shown(data, spec, version, pairs))


def _shown(
    data: DataService, spec: DatasetSpec, version: VersionKey, pairs: list[NearDuplicate]
) -> dict[str, MetadataValue[Any] | float | int | str]:
    if not pairs:
        return {}
    chosen = [sample for pair in pairs[:SHOWN_PAIRS] for sample in (pair.one, pair.other)]
    grid = sample_grid(data.pictures(spec.name, version, chosen), [one[:6] for one in chosen])
    return {"pairs": embedded(grid, f"pairs of samples of {version} that are nearly the same, side by side")}
