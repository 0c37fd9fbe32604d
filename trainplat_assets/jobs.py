"""The jobs of a data set: one run makes a version and its model, another asks people about the rest."""

from dagster import AssetSelection, define_asset_job, in_process_executor
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from resources.data.spec import DatasetSpec
from resources.gpu.plan_tags import tags_of_owner


def build_round_job(spec: DatasetSpec) -> UnresolvedAssetJobDefinition:
    """``<dataset>_round``: from collecting the samples of a version to deciding on its champion."""
    return define_asset_job(
        f"{spec.name}_round",
        selection=AssetSelection.groups(f"{spec.name}_data", f"{spec.name}_model"),
        # One process: a step in a process of its own would spend ten times what most steps take.
        executor_def=in_process_executor,
        tags=tags_of_owner(spec.runs),
        description=f"One round of {spec.title.lower()}: a version, its snapshot, a model, and the champion.",
    )


def build_ask_job(spec: DatasetSpec) -> UnresolvedAssetJobDefinition:
    """``<dataset>_ask``: the champion of a version chooses what people label next."""
    return define_asset_job(
        f"{spec.name}_ask",
        selection=AssetSelection.groups(f"{spec.name}_labeling"),
        executor_def=in_process_executor,
        tags=tags_of_owner(spec.runs),
        description=f"Predicts the unlabelled {spec.title.lower()}, chooses, and asks in Label Studio.",
    )
