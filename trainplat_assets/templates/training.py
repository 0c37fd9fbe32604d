"""The templates ``pretrain`` and ``finetune``: a model for each seed."""

from typing import ClassVar, TypeVar

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, MaterializeResult, asset

from resources.gpu.resource import GpuResource
from resources.learning.distributed.plan import Plan
from resources.pipelines.model import Pipeline
from resources.pipelines.specs.finetune import FinetuneSpec
from resources.pipelines.specs.pretrain import PretrainSpec
from resources.pipelines.specs.training import TrainingSpec
from resources.pipelines.steps import step_names
from trainplat_assets.large_training import LargeTraining, run_training
from trainplat_assets.templates.component import RunComponent, model_key
from trainplat_assets.templates.models import model_of

T = TypeVar("T", bound=TrainingSpec)


class TrainingComponent(RunComponent[T]):
    """What the two share."""

    def assets(self, pipeline: Pipeline) -> list[AssetsDefinition]:
        """``NAME/model``; with several seeds ``NAME/seed_N`` each."""
        return [
            self._asset(pipeline, key, seed)
            for key, seed in zip(step_names(pipeline), self.spec.seeds, strict=True)
        ]

    def starts_from(self) -> AssetKey | None:
        """The asset whose checkpoint it starts from."""
        return None

    def plan(self, context: AssetExecutionContext, spec: T, seed: int) -> Plan:
        """What is trained, now that the run has begun."""
        start = self.starts_from()
        checkpoint = None if start is None else str(model_of(context.instance, start).checkpoint)
        return spec.plan(seed, checkpoint)

    def _asset(self, pipeline: Pipeline, key: str, seed: int) -> AssetsDefinition:
        start = self.starts_from()

        @asset(
            key=AssetKey([pipeline.name, key]),
            deps=[] if start is None else [start],
            description=self._description(pipeline, seed),
            **self.of_step(pipeline, {"torch"}),
        )
        def model(context: AssetExecutionContext, gpu: GpuResource) -> MaterializeResult[None]:
            name = pipeline.name if key == "model" else f"{pipeline.name}_{key}"
            begun = self.begin(context, pipeline)
            plan = self.plan(context, begun.spec, seed)
            asked = LargeTraining(name, plan, is_registered=begun.spec.registered)
            trained = run_training(context, gpu, asked)
            return MaterializeResult(
                metadata=trained.metadata() | begun.metadata, data_version=trained.data_version
            )

        return model

    def _description(self, pipeline: Pipeline, seed: int) -> str:
        said = self.spec.title or f"A model of {pipeline.name}"
        of = f" {len(self.spec.seeds)} seeds; this one's is {seed}." if len(self.spec.seeds) > 1 else ""
        return f"{said}: {self.spec.steps} steps on the task {self.spec.task}.{of}"


class Pretrain(TrainingComponent[PretrainSpec]):
    """Trains a model from nothing."""

    template_name: ClassVar[str] = "pretrain"


class Finetune(TrainingComponent[FinetuneSpec]):
    """Goes on with the model of another pipeline."""

    template_name: ClassVar[str] = "finetune"

    def starts_from(self) -> AssetKey | None:
        """The other pipeline's model."""
        return model_key(self.spec.start_from)
