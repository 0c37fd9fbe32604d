"""One request for all steps of a run."""

import pytest

from resources.errors import BadInput
from resources.gpu.step_tags import over_steps


def ours(**stated: str) -> dict[str, str]:
    return {f"trainplat/{key}": value for key, value in stated.items()}


@pytest.mark.parametrize(
    ("steps", "run"),
    [
        pytest.param([], {}, id="no steps"),
        pytest.param([{"kind": "python"}], {}, id="steps that say nothing"),
        pytest.param([ours(gpu="1"), ours(gpu="2"), {}], ours(gpu="2"), id="the most devices"),
        pytest.param(
            [ours(gpu="1"), ours(gpu="nvidia:8G:1")], ours(gpu="nvidia:8G:1"), id="then the most memory"
        ),
        pytest.param(
            [ours(gpu="1", project="vision"), ours(gpu="2", project="speech"), ours(gpu="1")],
            ours(gpu="2", project="speech"),
            id="the project of the largest",
        ),
        pytest.param(
            [ours(gpu="1", nodes="zone=a"), ours(gpu="2", nodes="zone=b")],
            ours(gpu="2", nodes="zone=b"),
            id="where the largest has to be",
        ),
        pytest.param(
            [
                ours(gpu="2", priority="-3", cpus="4"),
                ours(gpu="1", priority="10"),
                ours(memory="16G", cpus="12"),
            ],
            ours(gpu="2", priority="10", cpus="12", memory="16G"),
            id="the highest of each, by value and not by letters",
        ),
        pytest.param(
            [ours(memory="2G"), ours(memory="1025M")], ours(memory="2G"), id="memory in different units"
        ),
        pytest.param(
            [ours(gpu="1", preemptible="true"), ours(cpus="2")],
            ours(gpu="1", preemptible="true", cpus="2"),
            id="stopped where each that asks for devices can be",
        ),
        pytest.param(
            [ours(gpu="1", preemptible="true"), ours(gpu="1")],
            ours(gpu="1", preemptible="false"),
            id="not stopped where one of them cannot be",
        ),
        pytest.param(
            [ours(gpu="1", max_runtime_s="3600"), ours(gpu="2", max_runtime_s="1800.5")],
            ours(gpu="2", max_runtime_s="5400.5"),
            id="one step after the other",
        ),
        pytest.param(
            [ours(gpu="2", max_runtime_s="3600"), ours(gpu="1")],
            ours(gpu="2"),
            id="no end where one has none",
        ),
    ],
)
def test_the_tags_of_a_run_follow_from_those_of_its_steps(
    steps: list[dict[str, str]], run: dict[str, str]
) -> None:
    assert over_steps(steps) == run


def test_a_step_whose_tag_does_not_parse_is_named() -> None:
    with pytest.raises(BadInput, match="trainplat/priority is 'high'"):
        over_steps([ours(gpu="1"), ours(priority="high")])
