"""The template ``inference``: a model answers lines, in as many parts as the file asks for."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    Failure,
    MaterializeResult,
    MetadataValue,
    asset,
)

from resources.errors import BadInput, NotFound, TrainplatError
from resources.files import write_atomically
from resources.gpu.resource import GpuResource
from resources.home import Home
from resources.pipelines.model import Pipeline
from resources.pipelines.specs.inference import InferenceSpec
from resources.pipelines.steps import step_names
from trainplat_assets.templates.component import RunComponent, model_key
from trainplat_assets.templates.models import model_of

SHOWN = 5
"""Answers that the asset shows."""


class Inference(RunComponent[InferenceSpec]):
    """Lets a model answer each line of a file."""

    template_name: ClassVar[str] = "inference"

    def assets(self, pipeline: Pipeline) -> list[AssetsDefinition]:
        """``NAME/answers``; in several parts ``NAME/part_N`` each."""
        return [self._asset(pipeline, key, part) for part, key in enumerate(step_names(pipeline))]

    def _asset(self, pipeline: Pipeline, key: str, part: int) -> AssetsDefinition:
        model = model_key(self.spec.of)
        of = f" Part {part + 1} of {self.spec.parts}." if self.spec.parts > 1 else ""

        @asset(
            key=AssetKey([pipeline.name, key]),
            deps=[model],
            description=f"What the model {self.spec.of} answers to each line of {self.spec.inputs}.{of}",
            **self.of_step(pipeline, {"torch", "json"}),
        )
        def answers(context: AssetExecutionContext, gpu: GpuResource) -> MaterializeResult[None]:
            from resources.learning.distributed.applying import Answerer

            begun = self.begin(context, pipeline)
            taken = model_of(context.instance, model)
            folder = Home.from_environment().answers / pipeline.name / context.run.run_id
            try:
                lines = list(_lines(begun.spec, part))
                with gpu.lease(context) as lease:
                    answerer = Answerer(
                        taken.plan.task,
                        taken.checkpoint,
                        lease.torch_device,
                        lease.threads,
                        begun.spec.longest,
                    )
                    found = list(answerer.answers(lines))
            except TrainplatError as problem:
                hopeless = isinstance(problem, BadInput | NotFound)
                raise Failure(str(problem), allow_retries=not hopeless) from problem
            path = folder / f"{key}.jsonl"
            write_atomically(path, "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in found))
            context.log.info("%d lines are answered in %s.", len(found), path)
            first = "\n".join(f"- `{one['input']}` → `{one['answer']}`" for one in found[:SHOWN])
            return MaterializeResult(
                metadata={
                    "answers": len(found),
                    "file": MetadataValue.path(str(path)),
                    "first": MetadataValue.md(first),
                    "checkpoint": str(taken.checkpoint),
                    **begun.metadata,
                }
            )

        return answers


def _lines(spec: InferenceSpec, part: int) -> Iterator[tuple[int, str]]:
    path = Path(spec.inputs).expanduser()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadInput(
            f"the inputs {path} cannot be read: {problem}", "Name a text file with an input in each line."
        ) from problem
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and (number - 1) % spec.parts == part:
            yield number, line
