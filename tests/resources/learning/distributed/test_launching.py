"""Starts that are refused before any process is started."""

from pathlib import Path
from typing import Any

import pytest

from resources.errors import BadInput, NotFound
from resources.learning.distributed.launching import Group, Launch
from resources.learning.distributed.plan import Parallel, TaskChoice
from resources.learning.distributed.progress import STOP
from resources.learning.distributed.refusals import refusal, refuse
from tests.resources.learning.distributed.plans import tiny


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"processes": 0}, "a training of 0 processes"),
        ({"threads": 0}, "0 threads"),
        ({"restarts": -1}, "-1 restarts"),
        ({"device": "tpu"}, "device is 'tpu'; expected cpu or cuda"),
        ({"processes": 2}, "parallel is single, which is one process; 2 were asked for"),
        ({"plan": tiny(task=TaskChoice("poems"))}, "there is no task 'poems'"),
        (
            {"plan": tiny(task=TaskChoice("text", {"dropout": 2}))},
            "dropout of the task is 2.0; expected 0 or",
        ),
        ({"processes": 3, "plan": tiny(parallel=Parallel.DDP)}, "batch_size 8 cannot be divided among 3"),
    ],
)
def test_what_cannot_be_started_is_refused_with_what_to_do(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises((BadInput, NotFound)) as problem:
        Launch(**{"plan": tiny(), "folder": tmp_path, **changes})
    assert told in problem.value.problem
    assert problem.value.next_step


def test_what_was_left_for_the_start_before_is_taken_away(tmp_path: Path) -> None:
    refuse(tmp_path, BadInput("the plan of yesterday", "Correct it."))
    (tmp_path / STOP).touch()
    group = Group(Launch(tiny(), tmp_path))
    try:
        assert refusal(tmp_path) is None
        assert not (tmp_path / STOP).exists()
    finally:
        group.kill()


def test_starting_and_watching_need_no_torch() -> None:
    import subprocess
    import sys

    code = (
        "import sys, resources.learning.distributed.watching, resources.learning.distributed.__main__; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
