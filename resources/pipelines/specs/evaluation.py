"""The template ``evaluation``."""

from typing import Any

from pydantic import Field

from resources.pipelines.specs.common import RunSpec
from resources.pipelines.specs.finetune import Model
from resources.texts import mark


class EvaluationSpec(RunSpec):
    """Measures models on the samples that their task holds out, each in a step of its own."""

    of: list[Model] = Field(
        min_length=1, max_length=64, description=mark("Pipelines whose models are measured.")
    )
    settings: dict[str, Any] = Field(
        default_factory=dict,
        description=mark(
            "What of the task's settings is different while it is measured, such as another text."
        ),
    )
    at_least: dict[str, float] = Field(
        default_factory=dict, description=mark("Scores that each model must reach, or the check fails.")
    )
    at_most: dict[str, float] = Field(
        default_factory=dict, description=mark("Scores that no model may exceed, such as a loss.")
    )
