"""The template ``finetune``."""

from typing import Annotated

from pydantic import Field

from resources.pipelines.specs.training import TrainingSpec
from resources.texts import mark

MODEL_PATTERN = r"^[a-z][a-z0-9_]*(/[0-9]+)?$"
Model = Annotated[str, Field(pattern=MODEL_PATTERN, max_length=60)]
"""The model of a pipeline, and of which seed where it has several: ``stories`` or ``stories/1``."""


class FinetuneSpec(TrainingSpec):
    """Goes on with the model of another pipeline, on another task or with other settings."""

    start_from: Model = Field(
        description=mark("The pipeline whose model it starts from; NAME/SEED where that has several seeds.")
    )
