"""What a declared run asks for, as the tags of a run or of its steps."""

from dataclasses import replace
from typing import Any

from resources.gpu import tags
from resources.run_plan import RunPlan


def tags_of(plan: RunPlan) -> dict[str, str]:
    """What it says; what it leaves open has no tag."""
    stated: dict[str, Any] = {
        tags.GPU: plan.gpu,
        tags.PROJECT: plan.project,
        tags.PRIORITY: plan.priority or None,
        tags.PREEMPTIBLE: "true" if plan.preemptible else None,
        tags.MAX_RUNTIME_S: plan.max_runtime_s,
        tags.CPUS: plan.cpus,
        tags.MEMORY: plan.memory,
    }
    return {
        key: f"{value:g}" if isinstance(value, float) else str(value)
        for key, value in stated.items()
        if value is not None
    }


def tags_without_checkpoints(plan: RunPlan) -> dict[str, str]:
    """Of a step that could not go on later: it makes no room for others."""
    return tags_of(replace(plan, preemptible=False))


def tags_of_owner(plan: RunPlan) -> dict[str, str]:
    """Of a job: whose its runs are. What they ask for is said by their steps."""
    return {} if plan.project is None else {tags.PROJECT: plan.project}
