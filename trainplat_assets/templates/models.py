"""The models that pipelines made: found by what Dagster keeps of their assets."""

from dataclasses import dataclass
from pathlib import Path

from dagster import AssetKey, DagsterInstance, Failure

from resources.learning.distributed.plan import Plan, read_plan

CHECKPOINT, PLAN = "checkpoint", "plan"
"""Metadata of the asset of a model."""


@dataclass(frozen=True)
class PipelineModel:
    """One model, as its asset was last made."""

    key: AssetKey
    checkpoint: Path
    plan: Plan


def model_of(instance: DagsterInstance, key: AssetKey) -> PipelineModel:
    """The newest. Raises Failure, with what to do, where there is none or its checkpoint is gone."""
    event = instance.get_latest_materialization_event(key)
    made = None if event is None else event.asset_materialization
    if made is None:
        raise Failure(
            f"{key.to_user_string()} was never made, so there is no model to take.\n"
            f"Next: run its pipeline first: `trainplat pipeline run {key.path[0]}`.",
            allow_retries=False,
        )
    checkpoint, plan = made.metadata.get(CHECKPOINT), made.metadata.get(PLAN)
    if checkpoint is None or plan is None:
        raise Failure(
            f"{key.to_user_string()} says nothing of a checkpoint; expected a pipeline of template pretrain "
            "or finetune.\nNext: name such a pipeline.",
            allow_retries=False,
        )
    found = PipelineModel(key, Path(str(checkpoint.value)), read_plan(_text(plan.value)))
    if not found.checkpoint.is_dir():
        raise Failure(
            f"the checkpoint {found.checkpoint} of {key.to_user_string()} is gone.\n"
            f"Next: run its pipeline again: `trainplat pipeline run {key.path[0]}`.",
            allow_retries=False,
        )
    return found


def _text(value: object) -> str:
    return str(value["plan"]) if isinstance(value, dict) else str(value)
