"""The template ``inference``."""

from pydantic import Field

from resources.pipelines.specs.common import RunSpec
from resources.pipelines.specs.finetune import Model
from resources.texts import mark


class InferenceSpec(RunSpec):
    """Lets a model answer each line of a file, in a file of JSON lines."""

    of: Model = Field(description=mark("The pipeline whose model answers."))
    inputs: str = Field(
        min_length=1,
        description=mark("A file with an input in each line: text, or JSON where the task reads numbers."),
    )
    parts: int = Field(
        1, ge=1, le=64, description=mark("Into how many parts the lines are split, a step of the run each.")
    )
    longest: int = Field(
        100, ge=1, le=100_000, description=mark("How many bytes a text is gone on with, at most.")
    )
