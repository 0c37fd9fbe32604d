"""Training on a branch: an asset that is told which version, since branches are no partition keys."""

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSelection,
    Config,
    DataVersion,
    Failure,
    MaterializeResult,
    MetadataValue,
    asset,
    define_asset_job,
    in_process_executor,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from pydantic import Field

from resources.data.resource import DataResource
from resources.data.results.model import ResultSnapshot
from resources.data.spec import DatasetSpec
from resources.errors import BadInput, Conflict, NotFound
from resources.gpu.plan_tags import tags_of, tags_of_owner
from resources.gpu.resource import GpuResource
from resources.learning.model import EpochPoint
from resources.registry.model import ModelVersion
from resources.registry.resource import MlflowResource
from resources.terms import Actor
from trainplat_assets.branch_round import BranchRound
from trainplat_assets.model_assets import (
    LOG_EVERY_EPOCHS,
    OWNERS,
    Metadata,
    lesson_metadata,
    priority_of,
    show_result,
)
from trainplat_assets.model_pictures import curve_picture
from trainplat_assets.pictures import embedded
from trainplat_assets.round_following import RunFollower
from trainplat_assets.step_retries import retry_policy
from trainplat_assets.training_work import Device

RUN_BRANCH_TAG = "trainplat/branch"
"""The tag of a run that names the branch that it trains on."""


class BranchTraining(Config):
    """Which version is trained on."""

    ref: str = Field(
        description="A branch, whose newest version is trained on, or one of its versions, such as BRANCH@2."
    )


def build_branch_assets(spec: DatasetSpec) -> list[AssetsDefinition]:
    """The asset ``branch_model`` of a data set: no partition, the configuration names the branch."""

    @asset(
        key=AssetKey([spec.name, "branch_model"]),
        group_name=f"{spec.name}_branches",
        kinds={"torch", "mlflow"},
        owners=OWNERS,
        op_tags=tags_of(spec.runs),
        retry_policy=retry_policy(spec.runs),
        description=(
            f"A model of {spec.title.lower()} that was trained on a version of a branch, under a GPU lease. "
            "It goes on from the champion that the branch came from, and is measured beside it. It is "
            "registered with its branch as a tag, and promotes nobody; when it is done, the branch is merged "
            "if it can be."
        ),
    )
    def branch_model(
        context: AssetExecutionContext,
        config: BranchTraining,
        data: DataResource,
        registry: MlflowResource,
        gpu: GpuResource,
    ) -> MaterializeResult[None]:
        run_id = context.run.run_id
        round_ = BranchRound(spec, config.ref, data.service(), registry.service(), Actor(f"run:{run_id}"))

        def progress(point: EpochPoint) -> None:
            holding.touch()
            if point.epoch % LOG_EVERY_EPOCHS == 0:
                said = f"epoch {point.epoch}: loss {point.loss:.4f}, training accuracy {point.accuracy:.1%}"
                context.log.info(said)

        try:
            taken = round_.taken
        except (BadInput, Conflict, NotFound) as refusal:
            raise Failure(str(refusal), allow_retries=False) from refusal
        context.instance.add_run_tags(run_id, {RUN_BRANCH_TAG: taken.branch})
        with round_.locked(priority_of(context)) as holding:
            found = round_.registered()
            if found is not None:
                context.log.info("%s was trained from this very snapshot: not again.", found.uri)
                kept = round_.result_of(found)
                show_result(context, kept)
                metadata = _metadata(round_, found, kept) | {"trained": False}
                return MaterializeResult(metadata=metadata, data_version=DataVersion(found.weights_sha256))
            with gpu.lease(context) as lease:
                context.log.info("Trains on %s with %d CPU threads.", ", ".join(lease.devices), lease.threads)
                follower = RunFollower(context, data.service(), lease, holding.touch)
                trained = round_.train(Device(lease.torch_device, lease.threads), run_id, progress, follower)
            show_result(context, trained.result)
        context.log.info("%s is registered, its result is %s.", trained.model.uri, trained.result.id)
        metadata = _metadata(round_, trained.model, trained.result) | {
            "trained": trained.created,
            "curve": embedded(curve_picture(trained.weights.curve), "loss and accuracy by epoch"),
            "train_seconds": trained.seconds,
            "epochs_from_checkpoint": trained.weights.resumed_from_epoch,
            "labelled_samples": trained.labelled,
            "goes_on_from": trained.start.uri if trained.start else "nothing: a base model",
            **lesson_metadata(trained),
            **trained.scores,
        }
        return MaterializeResult(metadata=metadata, data_version=DataVersion(trained.model.weights_sha256))

    return [branch_model]


def build_branch_job(spec: DatasetSpec) -> UnresolvedAssetJobDefinition:
    """``<dataset>_branch_training``: a training on the version that its configuration names."""
    return define_asset_job(
        f"{spec.name}_branch_training",
        selection=AssetSelection.groups(f"{spec.name}_branches"),
        executor_def=in_process_executor,
        tags=tags_of_owner(spec.runs),
        description=(
            f"Trains a model of {spec.title.lower()} on a branch; `ref` in its configuration names it. "
            f"`trainplat data train {spec.name} BRANCH` starts it too."
        ),
    )


def _metadata(round_: BranchRound, model: ModelVersion, kept: ResultSnapshot) -> Metadata:
    metadata: Metadata = {
        "branch": MetadataValue.text(round_.taken.branch),
        "dataset_version": MetadataValue.text(round_.version),
        "base": MetadataValue.text(round_.taken.base.version),
        "registered_as": MetadataValue.text(model.uri),
        "model_version": MetadataValue.int(model.number),
        "snapshot": MetadataValue.text(model.snapshot_id),
        "result": MetadataValue.text(kept.id),
    }
    link = round_.registry.link(model)
    if link is not None:
        metadata["mlflow"] = MetadataValue.url(link)
    return metadata
