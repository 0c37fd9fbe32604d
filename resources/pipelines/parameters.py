"""Parameters that one run has otherwise than the file."""

import json
from collections.abc import Mapping
from typing import Any

from resources.errors import BadInput
from resources.gpu import tags
from resources.pipelines.model import Pipeline
from resources.pipelines.reading import checked
from resources.pipelines.specs.common import RunSpec, Spec
from resources.pipelines.steps import step_names

_TAGS = {
    "gpu": tags.GPU,
    "project": tags.PROJECT,
    "priority": tags.PRIORITY,
    "preemptible": tags.PREEMPTIBLE,
    "max_runtime_s": tags.MAX_RUNTIME_S,
    "cpus": tags.CPUS,
    "memory": tags.MEMORY,
}
"""What a run says as a tag: a tag of the run wins over that of its steps."""
_FIXED = frozenset(
    {"title", "owner", "retries", "retry_delay_s", "parallel_steps", "seeds", "start_from", "of", "parts"}
    | {"call", "after"}
)
"""What makes the graph: another value is another file."""


def run_fields(pipeline: Pipeline) -> tuple[str, ...]:
    """The parameters that a run may have otherwise."""
    if not isinstance(pipeline.spec, RunSpec):
        return ()
    return tuple(name for name in pipeline.template.spec.model_fields if name not in _FIXED)


def with_parameters(pipeline: Pipeline, given: Mapping[str, Any]) -> Spec:
    """The parameters of a run. Raises BadInput, which names each that cannot be."""
    allowed = run_fields(pipeline)
    fixed = [name for name in given if name in pipeline.template.spec.model_fields and name not in allowed]
    if fixed:
        raise BadInput(
            f"{', '.join(fixed)} of {pipeline.name} cannot be changed for one run; these can: "
            f"{', '.join(allowed) or 'none'}",
            f"Change the file of {pipeline.name}, or make a pipeline of its own.",
        )
    values = {**pipeline.spec.model_dump(mode="json", exclude_unset=True), **given}
    spec, problems = checked(pipeline.template, values)
    if spec is None:
        raise BadInput(
            f"the run of {pipeline.name} cannot be: {'; '.join(one.message for one in problems)}",
            f"Correct these; `trainplat pipeline schema {pipeline.template.name}` tells what can be said.",
        )
    return spec


def run_config(pipeline: Pipeline, given: Mapping[str, Any]) -> dict[str, Any]:
    """What Dagster is told of a run's parameters: those that are no tags, for each step."""
    said = {name: value for name, value in given.items() if name not in _TAGS}
    if not said:
        return {}
    config = {"config": {"parameters": json.dumps(said, sort_keys=True)}}
    return {"ops": {f"{pipeline.name}__{step}": config for step in step_names(pipeline)}}


def run_tags(pipeline: Pipeline, given: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a run: what of its request differs from the file's."""
    spec = with_parameters(pipeline, given)
    if not isinstance(spec, RunSpec):
        return {}
    without = [name for name in given if name in _TAGS and getattr(spec, name) is None]
    if without:
        raise BadInput(
            f"{', '.join(without)} of {pipeline.name} cannot be taken away for one run; expected a value",
            f"Change the file of {pipeline.name}, or leave it out.",
        )
    return {_TAGS[name]: _text(getattr(spec, name)) for name in given if name in _TAGS}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
