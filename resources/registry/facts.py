"""What a model version says of where it came from: the same in MLflow, in our row and in Dagster."""

from collections.abc import Mapping
from dataclasses import dataclass

PARENT_TAG = "trainplat_parent_model"
CODE_TAG = "trainplat_code_version"
METHOD_TAG = "trainplat_method"
SEED_TAG = "trainplat_seed"
ASSET_TAG = "trainplat_asset"
PARTITION_TAG = "trainplat_partition"
LEASE_TAG = "trainplat_lease_s"
COST_TAG = "trainplat_cost"

NO_PARENT = "none"
"""What the tag says of a model that goes on from no other: MLflow keeps no empty tag."""


@dataclass(frozen=True)
class ModelFacts:
    """How a model came about. What is not known is empty; models of before these were kept know nothing."""

    parent: str = ""
    """The model that it goes on from, by MLflow's name such as ``models:/digits/3``."""
    code_version: str = ""
    method: str = ""
    """By which it went on from its parent, such as ``derpp``."""
    seed: str = ""
    asset: str = ""
    """The asset in Dagster that made it, such as ``digits/model``."""
    partition: str = ""
    """Of that asset."""
    lease_s: float | None = None
    """How long its training held its devices; None until it has let go of them."""
    cost: str | None = None
    """What that cost, with its currency; None where there are no prices."""

    @property
    def tags(self) -> dict[str, str]:
        """As MLflow keeps them on a version and on its run."""
        told = {
            CODE_TAG: self.code_version,
            METHOD_TAG: self.method,
            SEED_TAG: self.seed,
            ASSET_TAG: self.asset,
            PARTITION_TAG: self.partition,
            LEASE_TAG: "" if self.lease_s is None else f"{self.lease_s:.1f}",
            COST_TAG: self.cost or "",
        }
        known = {tag: value for tag, value in told.items() if value}
        return known | ({PARENT_TAG: self.parent or NO_PARENT} if known else {})


def facts_of(tags: Mapping[str, str]) -> ModelFacts:
    """What the tags of a version say; a lease time that is no number is not known."""
    parent = tags.get(PARENT_TAG, "")
    return ModelFacts(
        parent="" if parent == NO_PARENT else parent,
        code_version=tags.get(CODE_TAG, ""),
        method=tags.get(METHOD_TAG, ""),
        seed=tags.get(SEED_TAG, ""),
        asset=tags.get(ASSET_TAG, ""),
        partition=tags.get(PARTITION_TAG, ""),
        lease_s=_number(tags.get(LEASE_TAG, "")),
        cost=tags.get(COST_TAG) or None,
    )


def _number(text: str) -> float | None:
    try:
        return round(float(text), 1)
    except ValueError:
        return None
