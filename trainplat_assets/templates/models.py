"""The models that pipelines made: found by what Dagster keeps of their assets."""

from dataclasses import dataclass
from pathlib import Path

from dagster import AssetKey, DagsterInstance, Failure

from resources.errors import BadInput, NotFound, TrainplatError
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
        raise _failure(
            NotFound(
                f"{key.to_user_string()} was never made, so there is no model to take",
                f"Run its pipeline first: `trainplat pipeline run {key.path[0]}`.",
            )
        )
    checkpoint, plan = made.metadata.get(CHECKPOINT), made.metadata.get(PLAN)
    if checkpoint is None or plan is None:
        raise _failure(
            BadInput(
                f"{key.to_user_string()} says nothing of a checkpoint; expected a pipeline of template "
                "pretrain or finetune",
                "Name such a pipeline.",
            )
        )
    found = PipelineModel(key, Path(str(checkpoint.value)), read_plan(_text(plan.value)))
    if not found.checkpoint.is_dir():
        raise _failure(
            NotFound(
                f"the checkpoint {found.checkpoint} of {key.to_user_string()} is gone",
                f"Run its pipeline again: `trainplat pipeline run {key.path[0]}`.",
            )
        )
    return found


def _failure(problem: TrainplatError) -> Failure:
    """The same to Dagster, which keeps its cause; tried again it would be no better."""
    failure = Failure(str(problem), allow_retries=False)
    failure.__cause__ = problem
    return failure


def _text(value: object) -> str:
    return str(value["plan"]) if isinstance(value, dict) else str(value)
