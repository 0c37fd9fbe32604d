"""The template ``custom``."""

from typing import Annotated, Any

from pydantic import Field

from resources.pipelines.specs.common import RunSpec
from resources.texts import mark

CALL_PATTERN = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$"

ASSET_PATTERN = r"^[a-z][a-z0-9_]*(/[a-z0-9_]+)+$"
Asset = Annotated[str, Field(pattern=ASSET_PATTERN)]


class CustomSpec(RunSpec):
    """Calls a function of yours with parameters; what it returns is kept as metadata."""

    call: str = Field(
        pattern=CALL_PATTERN,
        description=mark("The function, as package.module:function; it is imported when the run begins."),
    )
    parameters: dict[str, Any] = Field(
        default_factory=dict, description=mark("What it is called with, by name.")
    )
    after: list[Asset] = Field(
        default_factory=list, description=mark("Assets that must be there before it, such as stories/model.")
    )
