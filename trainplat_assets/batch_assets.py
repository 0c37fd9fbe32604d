"""What the live model answers about every sample of a data version, as an asset."""

from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSelection,
    DataVersion,
    MaterializeResult,
    MetadataValue,
    asset,
    define_asset_job,
    in_process_executor,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.spec import DatasetSpec
from resources.gpu.plan_tags import tags_of_owner, tags_without_checkpoints
from resources.gpu.resource import GpuResource
from resources.marks import told
from resources.registry.resource import MlflowResource
from resources.serving.batch import Batch
from resources.terms import VersionKey
from trainplat_assets.batch_round import BatchRound
from trainplat_assets.step_retries import retry_policy
from trainplat_assets.tables import table

OWNERS = ["team:ml"]
LEAST_SURE = 20
ASSET = "batch_predictions"

Metadata = dict[str, MetadataValue[Any] | float | int | str | bool]


def build_batch_asset(spec: DatasetSpec) -> AssetsDefinition:
    """The asset ``batch_predictions`` of a data set, partitioned by its versions."""

    @asset(
        key=AssetKey([spec.name, ASSET]),
        deps=[AssetKey([spec.name, "split"]), AssetKey([spec.name, "champion"])],
        partitions_def=versions_partitions(spec.name),
        group_name=f"{spec.name}_serving",
        kinds={"torch"},
        owners=OWNERS,
        retry_policy=retry_policy(spec.runs),
        op_tags=tags_without_checkpoints(spec.runs),
        description=(
            f"What the live model, or where none is the champion, answers about every sample of a version of "
            f"{spec.title.lower()}: one file for each version and model, written once."
        ),
    )
    def batch_predictions(
        context: AssetExecutionContext, data: DataResource, registry: MlflowResource, gpu: GpuResource
    ) -> MaterializeResult[None]:
        round_ = BatchRound(spec, VersionKey(context.partition_key), data.service(), registry.service())
        model = round_.model()
        batch = round_.known(model)
        is_new = batch is None
        by: Metadata = {}
        if batch is None:
            with gpu.lease(context) as lease:
                done = round_.answer(model, device=lease.torch_device, threads=lease.threads)
            batch, by = done.result, {"predicted_by": done.by, "predicted_how": done.why}
            context.log.info("Predicted by the %s: %s.", done.by, done.why)
        else:
            context.log.info("%s answered this version already, in %s.", model.uri, batch.path)
        metadata = _metadata(spec, batch) | {"model": model.uri, "asked_now": is_new} | by
        return MaterializeResult(metadata=metadata, data_version=DataVersion(model.weights_sha256))

    return batch_predictions


def build_batch_job(spec: DatasetSpec) -> UnresolvedAssetJobDefinition:
    """``<dataset>_batch``: the live model answers all samples of a version."""
    return define_asset_job(
        f"{spec.name}_batch",
        selection=AssetSelection.assets(AssetKey([spec.name, ASSET])),
        executor_def=in_process_executor,
        tags=tags_of_owner(spec.runs),
        description=f"What the live model answers about every sample of a version of {spec.title.lower()}.",
    )


def _metadata(spec: DatasetSpec, batch: Batch) -> Metadata:
    metadata: Metadata = {"samples": len(batch.answers), "file": MetadataValue.path(batch.path)}
    if not batch.answers:
        return metadata
    metadata["mean_confidence"] = batch.mean_confidence or 0.0
    metadata["answers"] = table(
        [
            {"answer": told(spec.kind, answer), "samples": count, "share": count / len(batch.answers)}
            for answer, count in batch.by_answer.items()
        ]
    )
    metadata["least_sure"] = table(
        [
            {
                "sample": one.sample[:12],
                "split": one.split,
                "answer": told(spec.kind, one.answer),
                "confidence": one.confidence,
                "known": "" if one.known is None else told(spec.kind, one.known),
            }
            for one in batch.least_sure(LEAST_SURE)
        ]
    )
    if batch.agreement is not None:
        metadata["agrees_with_people"] = batch.agreement
    return metadata
