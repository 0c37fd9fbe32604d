"""What a data set declares of its runs is what its steps and jobs ask for."""

from collections.abc import Mapping
from dataclasses import replace

from dagster import AssetsDefinition, JobDefinition

from resources.run_plan import RunPlan
from tests.resources.data.shapes import SHAPES
from trainplat_assets.dataset_loop import build_dataset_definitions

PLAN = RunPlan(gpu="8G,0.5", priority=3, project="vision", retries=2, retry_delay_s=5)
STEADY = {"trainplat/gpu": "8G,0.5", "trainplat/priority": "3", "trainplat/project": "vision"}
STOPPABLE = STEADY | {"trainplat/preemptible": "true"}
NOTHING: dict[str, str] = {}
ASKED = {
    **dict.fromkeys(("model", "branch_model", "structure"), STOPPABLE),
    **dict.fromkeys(("pool_predictions", "review", "random_asking"), STEADY),
    **dict.fromkeys(("collected", "evaluation", "champion", "query", "label_tasks"), NOTHING),
}


def ours(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key.startswith("trainplat/")}


def test_each_step_that_computes_asks_for_the_devices_and_each_is_tried_again() -> None:
    defs = build_dataset_definitions(replace(SHAPES, runs=PLAN))
    made = {one.key.path[-1]: one for one in defs.assets or () if isinstance(one, AssetsDefinition)}
    for name, asked in ASKED.items():
        assert ours(made[name].op.tags) == asked, name
        policy = made[name].op.retry_policy
        assert policy is not None
        assert (policy.max_retries, policy.delay) == (2, 5)


def test_its_jobs_are_on_the_quota_of_its_project() -> None:
    defs = build_dataset_definitions(replace(SHAPES, runs=PLAN))
    jobs = [one for one in defs.jobs or () if not isinstance(one, JobDefinition)]
    assert [one.name.removeprefix(SHAPES.name) for one in jobs] == [
        "_round",
        "_ask",
        "_batch",
        "_branch_training",
        "_structure_search",
    ]
    assert [dict(one.tags or {}) for one in jobs] == len(jobs) * [{"trainplat/project": "vision"}]
