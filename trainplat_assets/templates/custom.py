"""The template ``custom``: a function of the user's."""

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    Failure,
    MaterializeResult,
    asset,
)

from resources.gpu.resource import GpuResource
from resources.pipelines.model import Pipeline
from resources.pipelines.specs.custom import CustomSpec
from trainplat_assets.templates.component import RunComponent

LEASE = "lease"
"""A function that takes a parameter of this name gets the devices of the run by it."""


class Custom(RunComponent[CustomSpec]):
    """Calls a function of yours."""

    template_name: ClassVar[str] = "custom"

    def assets(self, pipeline: Pipeline) -> list[AssetsDefinition]:
        """``NAME/result``."""

        @asset(
            key=AssetKey([pipeline.name, "result"]),
            deps=[AssetKey(one.split("/")) for one in self.spec.after],
            description=self.spec.title or f"What {self.spec.call} returns.",
            **self.of_step(pipeline, {"python"}),
        )
        def result(context: AssetExecutionContext, gpu: GpuResource) -> MaterializeResult[None]:
            begun = self.begin(context, pipeline)
            function = _function(self.spec.call)
            parameters = dict(begun.spec.parameters)
            with gpu.lease(context) as lease:
                signature = _signature(function)
                if signature is not None and LEASE in signature.parameters:
                    parameters[LEASE] = lease
                if signature is not None:
                    _refuse_others(signature, self.spec.call, parameters)
                returned = function(**parameters)
            metadata = returned if isinstance(returned, Mapping) else {"returned": returned}
            shown = {str(name): _shown(value) for name, value in metadata.items()}
            return MaterializeResult(metadata=begun.metadata | shown)

        return [result]


def _function(call: str) -> Callable[..., Any]:
    module, _, name = call.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as problem:
        raise Failure(
            f"{call} cannot be called: {problem}.\n"
            "Next: install its package into the environment of the platform, and check both names.",
            allow_retries=False,
        ) from problem
    if not callable(found):
        raise Failure(f"{call} is a {type(found).__name__}; expected a function.", allow_retries=False)
    return found  # type: ignore[no-any-return]


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except ValueError:  # written in C, and says nothing
        return None


def _refuse_others(signature: inspect.Signature, call: str, parameters: Mapping[str, Any]) -> None:
    try:
        signature.bind(**parameters)
    except TypeError as problem:
        raise Failure(
            f"{call} cannot be called with {', '.join(parameters) or 'no parameter'}: {problem}.\n"
            f"Next: give it what it takes under parameters: {signature}.",
            allow_retries=False,
        ) from problem


def _shown(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str) else repr(value)
