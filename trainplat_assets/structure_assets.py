"""The asset ``structure`` of a data set: a search under a GPU lease, its front as a picture and a table."""

from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetObservation,
    AssetsDefinition,
    AssetSelection,
    Config,
    Failure,
    MaterializeResult,
    asset,
    define_asset_job,
    in_process_executor,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from pydantic import Field

from resources.data.partitions import versions_partitions
from resources.data.resource import DataResource
from resources.data.spec import DatasetSpec
from resources.errors import BadInput, Conflict, NotFound
from resources.gpu.plan_tags import tags_of, tags_of_owner
from resources.gpu.resource import GpuResource
from resources.learning.structure.model import Measured, Outcome, Told, better_on
from resources.learning.structure.search import MOST_TRIALS, Limits
from resources.registry.resource import MlflowResource
from resources.terms import Actor
from trainplat_assets.model_assets import OWNERS, Metadata
from trainplat_assets.model_pictures import front_picture
from trainplat_assets.pictures import embedded
from trainplat_assets.step_retries import retry_policy
from trainplat_assets.structure_round import StructureRound
from trainplat_assets.tables import table


class StructureSearch(Config):
    """How long it may search."""

    budget_gpu_h: float = Field(
        default=1.0, description="GPU-hours at most: lease time × devices, over all runs of this search."
    )
    trials: int = Field(
        default=MOST_TRIALS, description="Structures at most, those that were pruned among them."
    )


def build_structure_assets(spec: DatasetSpec) -> list[AssetsDefinition]:
    """One asset without partitions: it searches around the champion that there is."""

    @asset(
        key=AssetKey([spec.name, "structure"]),
        group_name=f"{spec.name}_structure",
        kinds={"torch", "optuna"},
        owners=OWNERS,
        op_tags=tags_of(spec.runs),
        retry_policy=retry_policy(spec.runs),
        description=(
            f"A search for a better structure of the champion of {spec.title.lower()}: width, depth and "
            "training settings, measured on parts of the training labels. A run that is killed goes on where "
            "it was. What it chooses becomes the next version, which is trained in full and measured as any."
        ),
    )
    def structure(
        context: AssetExecutionContext,
        config: StructureSearch,
        data: DataResource,
        registry: MlflowResource,
        gpu: GpuResource,
    ) -> MaterializeResult[None]:
        actor = Actor(f"run:{context.run.run_id}")
        round_ = StructureRound(spec, data.service(), registry.service(), actor)

        def tell(told: Told) -> None:
            context.log.info(told.last)
            context.log_event(AssetObservation(context.asset_key, metadata=_progress(told)))

        try:
            with gpu.lease(context) as lease:
                limits = Limits(config.budget_gpu_h, max(1, len(lease.devices)), config.trials)
                outcome = round_.search(limits, device=lease.torch_device, threads=lease.threads, tell=tell)
            version = None if outcome.chosen is None else round_.plan().version
        except (BadInput, Conflict, NotFound) as refusal:
            raise Failure(str(refusal), allow_retries=False) from refusal
        if version is not None:
            versions_partitions(spec.name).register(context.instance, version)
        return MaterializeResult(metadata=_metadata(outcome) | {"planned_version": version or "none"})

    return [structure]


def build_structure_job(spec: DatasetSpec) -> UnresolvedAssetJobDefinition:
    """``<dataset>_structure_search``."""
    return define_asset_job(
        f"{spec.name}_structure_search",
        selection=AssetSelection.groups(f"{spec.name}_structure"),
        executor_def=in_process_executor,
        tags=tags_of_owner(spec.runs),
        description=(
            f"Searches for a better structure of the model of {spec.title.lower()}. "
            f"`trainplat structure search {spec.name}` starts it too."
        ),
    )


def _progress(told: Told) -> Metadata:
    return {
        "trials": told.trials,
        "pruned": told.pruned,
        "spent_gpu_hours": told.spent_gpu_h,
        "last": told.last,
    }


def _metadata(outcome: Outcome) -> Metadata:
    chosen, reference = outcome.chosen, outcome.reference
    told: Metadata = {
        "search": outcome.name,
        "trials": len(outcome.measured) + outcome.pruned,
        "pruned": outcome.pruned,
        "spent_gpu_hours": outcome.spent_gpu_h,
        "ended_because": outcome.ended_because,
        "reference_accuracy": reference.accuracy,
        "reference_loss": reference.loss,
        "front": embedded(front_picture(outcome), "accuracy and latency of what was measured"),
        "measured": table([_row(one, outcome) for one in outcome.measured]),
        "chosen": "none is better than the champion's structure" if chosen is None else str(chosen.candidate),
    }
    if chosen is not None:
        told |= {
            "chosen_accuracy": chosen.accuracy,
            "chosen_loss": chosen.loss,
            "chosen_latency_ratio": chosen.latency_ratio,
            "chosen_weights": chosen.parameters,
            "better_on": ", ".join(better_on(chosen, reference)) or "loss",
        }
    return told


def _row(one: Measured, outcome: Outcome) -> dict[str, Any]:
    marks = [
        name
        for name, is_so in (
            ("champion's", one == outcome.reference),
            ("front", one in outcome.front),
            ("chosen", one == outcome.chosen),
        )
        if is_so
    ]
    return {
        "structure": str(one.candidate),
        "accuracy": f"{one.accuracy:.1%}",
        "loss": f"{one.loss:.4f}",
        "latency ÷ champion": f"{one.latency_ratio:.2f}",
        "weights": one.parameters,
        "is": ", ".join(marks),
    }
