"""The template ``evaluation``: each model measured in a step of its own."""

from dataclasses import replace
from typing import ClassVar

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    DagsterInstance,
    DataVersion,
    Failure,
    MaterializeResult,
    asset,
    asset_check,
)

from resources.errors import TrainplatError
from resources.gpu.resource import GpuResource
from resources.pipelines.model import Pipeline
from resources.pipelines.specs.evaluation import EvaluationSpec
from resources.pipelines.steps import step_names
from trainplat_assets.templates.component import RunComponent, model_key
from trainplat_assets.templates.models import model_of

SCORE = "score_"
"""What the name of a score begins with in metadata."""


class Evaluation(RunComponent[EvaluationSpec]):
    """Measures models of other pipelines."""

    template_name: ClassVar[str] = "evaluation"

    def assets(self, pipeline: Pipeline) -> list[AssetsDefinition]:
        """``NAME/MODEL`` for each model."""
        return [
            self._asset(pipeline, AssetKey([pipeline.name, step]), of)
            for step, of in zip(step_names(pipeline), self.spec.of, strict=True)
        ]

    def checks(self, pipeline: Pipeline) -> list[AssetChecksDefinition]:
        """``reaches`` of each, where the file sets bounds."""
        if not self.spec.at_least and not self.spec.at_most:
            return []
        return [self._check(AssetKey([pipeline.name, step])) for step in step_names(pipeline)]

    def _asset(self, pipeline: Pipeline, key: AssetKey, of: str) -> AssetsDefinition:
        measured = model_key(of)

        @asset(
            key=key,
            deps=[measured],
            description=f"What the model {of} is worth on samples that were held out.",
            **self.of_step(pipeline, {"torch"}),
        )
        def scores(context: AssetExecutionContext, gpu: GpuResource) -> MaterializeResult[None]:
            from resources.learning.distributed.applying import measure

            begun = self.begin(context, pipeline)
            model = model_of(context.instance, measured)
            task = model.plan.task
            asked = replace(task, settings={**task.settings, **begun.spec.settings})
            try:
                with gpu.lease(context) as lease:
                    found = measure(asked, model.checkpoint, lease.torch_device, lease.threads)
            except TrainplatError as problem:
                raise Failure(str(problem), allow_retries=False) from problem
            context.log.info("%s: %s", of, ", ".join(f"{name} {value:.4f}" for name, value in found.items()))
            return MaterializeResult(
                metadata={
                    **{SCORE + name: value for name, value in found.items()},
                    "checkpoint": str(model.checkpoint),
                    **begun.metadata,
                },
                data_version=DataVersion(
                    " ".join(f"{name}={value!r}" for name, value in sorted(found.items()))
                ),
            )

        return scores

    def _check(self, key: AssetKey) -> AssetChecksDefinition:
        @asset_check(
            asset=key,
            name="reaches",
            blocking=True,
            description="Whether each score is within the bounds that the pipeline's file sets.",
        )
        def reaches(context: AssetCheckExecutionContext) -> AssetCheckResult:
            found = _scores(context.instance, key)
            wrong = [
                f"{name} is {found.get(name)}, at least {bound} is asked"
                for name, bound in self.spec.at_least.items()
                if found.get(name, float("-inf")) < bound
            ] + [
                f"{name} is {found.get(name)}, at most {bound} is asked"
                for name, bound in self.spec.at_most.items()
                if found.get(name, float("inf")) > bound
            ]
            return AssetCheckResult(
                passed=not wrong, description="; ".join(wrong) or "All are within bounds."
            )

        return reaches


def _scores(instance: DagsterInstance, key: AssetKey) -> dict[str, float]:
    event = instance.get_latest_materialization_event(key)
    made = None if event is None else event.asset_materialization
    if made is None:
        return {}
    return {
        name.removeprefix(SCORE): float(str(value.value))
        for name, value in made.metadata.items()
        if name.startswith(SCORE)
    }
