"""The field ``gpu`` of a component's YAML: what its asset needs, as the tags of the asset's step.

In a component::

    class Pretrain(Component, Model, Resolvable):
        gpu: GpuField = Field(default_factory=dict)

        def build_defs(self, context):
            @asset(op_tags=self.gpu)
            def model(...): ...

and in its YAML either ``gpu: 2(V100)``, or with terms::

    gpu: {request: 2(V100), priority: 5, preemptible: true, max_runtime_s: 7200}
"""

from collections.abc import Mapping
from typing import Annotated

from dagster import Model, ResolutionContext, Resolvable, Resolver
from pydantic import Field

from resources.gpu import tags
from resources.gpu.terms import terms_of


class GpuWish(Model, Resolvable):
    """A request with its terms."""

    request: str | int | float = Field(description="The request string, such as 1, 2(V100) or 0.5.")
    priority: int = Field(0, description="The higher goes first in its project.")
    preemptible: bool = Field(False, description="Whether it may be stopped at a checkpoint for others.")
    max_runtime_s: float | None = Field(None, description="How long it runs at most, in seconds.")
    cpus: float | None = Field(None, description="Cores that it needs for itself.")
    memory: str | None = Field(None, description="Main memory that it needs, such as 64G.")


def op_tags_of(_: ResolutionContext, wish: object) -> dict[str, str]:
    """The tags of a step. Raises BadTerm for a value that says nothing; the request is read at submission."""
    if isinstance(wish, str | int | float):
        return {tags.GPU: str(wish)}
    stated = {
        tags.GPU: getattr(wish, "request", "0"),
        tags.PRIORITY: getattr(wish, "priority", 0) or None,
        tags.PREEMPTIBLE: "true" if getattr(wish, "preemptible", False) else None,
        tags.MAX_RUNTIME_S: getattr(wish, "max_runtime_s", None),
        tags.CPUS: getattr(wish, "cpus", None),
        tags.MEMORY: getattr(wish, "memory", None),
    }
    found = {key: _text(value) for key, value in stated.items() if value is not None}
    terms_of(found)
    return found


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


GpuField = Annotated[
    Mapping[str, str],
    Resolver(
        op_tags_of,
        model_field_type=str | int | float | GpuWish.model(),
        description="The devices that the asset needs, with or without terms.",
    ),
]
