"""The template ``loop``: a data set with all seven steps, from its samples to what people are asked."""

from typing import ClassVar

from dagster import Definitions

from resources.pipelines.model import Pipeline
from resources.pipelines.specs.loop import LoopSpec
from trainplat_assets.dataset_loop import build_dataset_definitions
from trainplat_assets.templates.component import TemplateComponent


class Loop(TemplateComponent[LoopSpec]):
    """A data set with its loop."""

    template_name: ClassVar[str] = "loop"

    def definitions(self, pipeline: Pipeline) -> Definitions:
        """Its assets, checks, jobs and sensors."""
        return build_dataset_definitions(self.spec.dataset(pipeline.name))
