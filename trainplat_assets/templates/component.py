"""What all templates share: from the parameters in a file to definitions."""

import json
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypedDict, TypeVar

from dagster import (
    AssetChecksDefinition,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSelection,
    Component,
    ComponentLoadContext,
    Definitions,
    Failure,
    Field,
    MetadataValue,
    RetryPolicy,
    define_asset_job,
    in_process_executor,
    multiprocess_executor,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from pydantic import BaseModel

from resources.errors import BadInput, TrainplatError
from resources.gpu.plan_tags import tags_of_owner
from resources.home import Home
from resources.pipelines.catalogue import template
from resources.pipelines.folder import FILE, Folder
from resources.pipelines.model import Pipeline
from resources.pipelines.parameters import with_parameters
from resources.pipelines.service import PipelineService
from resources.pipelines.specs.common import RunSpec, Spec
from resources.pipelines.tags import PIPELINE
from resources.terms import Actor
from trainplat_assets.step_retries import retry_policy

PARAMETERS = "parameters"
_PARAMETERS_ARE = 'What this run has otherwise than the file, as JSON: {"steps": 100}.'
S = TypeVar("S", bound=Spec)
R = TypeVar("R", bound=RunSpec)


@dataclass(frozen=True)
class Begun(Generic[R]):
    """A step that began."""

    spec: R
    """With the parameters of this run."""
    metadata: dict[str, Any]
    """Which version it is, and which parameters the run has otherwise."""


class OfStep(TypedDict):
    """Arguments of ``@asset``."""

    group_name: str
    kinds: set[str]
    owners: list[str]
    op_tags: dict[str, str]
    code_version: str
    retry_policy: RetryPolicy | None
    metadata: dict[str, MetadataValue[Any] | str]
    config_schema: dict[str, Field]


class TemplateComponent(Component, Generic[S]):
    """One pipeline. Its folder's name is its own name."""

    template_name: ClassVar[str]

    def __init__(self, spec: S) -> None:
        self.spec = spec

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """The parameters, strictly: no expressions in place of values."""
        return template(cls.template_name).spec

    @classmethod
    def load(cls, attributes: BaseModel | None, context: ComponentLoadContext) -> Self:  # noqa: ARG003
        """From what Dagster read; none at all means every default."""
        spec: Any = cls.get_model_cls()() if attributes is None else attributes
        return cls(spec)

    def build_defs(self, context: ComponentLoadContext) -> Definitions:
        """All that the file declares. Nothing is read or imported here."""
        return self.definitions(
            Pipeline(context.path.name, template(self.template_name), self.spec, "", context.path / FILE)
        )

    @abstractmethod
    def definitions(self, pipeline: Pipeline) -> Definitions:
        """Of the pipeline with this name."""


class RunComponent(TemplateComponent[R]):
    """A pipeline that is one job on devices."""

    def definitions(self, pipeline: Pipeline) -> Definitions:
        """Its assets, their checks, and the job that runs them."""
        assets = self.assets(pipeline)
        return Definitions(
            assets=assets, asset_checks=self.checks(pipeline), jobs=[self.job(pipeline, assets)]
        )

    @abstractmethod
    def assets(self, pipeline: Pipeline) -> list[AssetsDefinition]:
        """Its steps."""

    def checks(self, pipeline: Pipeline) -> list[AssetChecksDefinition]:  # noqa: ARG002
        """What its assets must pass; none where the template asks nothing."""
        return []

    def job(self, pipeline: Pipeline, assets: Sequence[AssetsDefinition]) -> UnresolvedAssetJobDefinition:
        """The job of all its steps. One process where they run one after the other: decision 0005."""
        keys = [key for one in assets for key in one.keys]
        steps = self.spec.parallel_steps
        return define_asset_job(
            pipeline.job,
            selection=AssetSelection.assets(*keys),
            executor_def=in_process_executor
            if steps == 1
            else multiprocess_executor.configured({"max_concurrent": steps}, name=f"{steps}_at_a_time"),
            tags={PIPELINE: pipeline.name} | tags_of_owner(self.spec.run_plan()),
            description=self.spec.title or f"The pipeline {pipeline.name}, of template {self.template_name}.",
        )

    def of_step(self, pipeline: Pipeline, kinds: set[str]) -> OfStep:
        """What every step of it has, as arguments of ``@asset``."""
        return {
            "group_name": pipeline.name,
            "kinds": kinds,
            "owners": [self.spec.owner],
            "op_tags": self.spec.tags(),
            "code_version": pipeline.content_hash,
            "retry_policy": retry_policy(self.spec.run_plan()),
            "metadata": {
                "template": self.template_name,
                "pipeline_version": pipeline.content_hash,
                "file": MetadataValue.path(str(pipeline.path)),
            },
            "config_schema": {PARAMETERS: Field(str, default_value="{}", description=_PARAMETERS_ARE)},
        }

    def begin(self, context: AssetExecutionContext, pipeline: Pipeline) -> Begun[R]:
        """What every step does first: take the run's parameters, and have its version numbered.

        Raises Failure for parameters that cannot be.
        """
        try:
            given = json.loads(context.op_execution_context.op_config[PARAMETERS])
            spec: Any = with_parameters(pipeline, given)
        except (ValueError, BadInput) as problem:
            raise Failure(f"the parameters of the run cannot be: {problem}", allow_retries=False) from problem
        service = PipelineService(Folder(_folder_of(pipeline)), Home.from_environment().database())
        version = service.seen(_with_text(pipeline), Actor(f"run:{context.run.run_id}"))
        told: dict[str, Any] = {"pipeline_version": version.number, "pipeline_content": version.content_hash}
        return Begun(spec, told | {f"run_{name}": str(value) for name, value in given.items()})


def _folder_of(pipeline: Pipeline) -> Path:
    return Path() if pipeline.path is None else pipeline.path.parents[1]


def _with_text(pipeline: Pipeline) -> Pipeline:
    """With what its file says, unless that was changed since it was loaded."""
    try:
        now = Folder(_folder_of(pipeline)).read(pipeline.name)
    except TrainplatError:
        return pipeline
    return now if now.content_hash == pipeline.content_hash else pipeline


def model_key(of: str) -> AssetKey:
    """The asset of a pipeline's model, as files name it: ``stories``, or ``stories/1`` for a seed."""
    name, _, seed = of.partition("/")
    return AssetKey([name, f"seed_{seed}"] if seed else [name, "model"])
