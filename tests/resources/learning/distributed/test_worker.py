"""One process of a training, started by hand."""

import json
import os
import subprocess
import sys
from pathlib import Path

from resources.errors import BadInput
from resources.learning.distributed.plan import write_plan
from resources.learning.distributed.refusals import REFUSED, forget_refusal, refusal
from tests.resources.learning.distributed.plans import is_done, tiny

COMMAND = [sys.executable, "-m", "resources.learning.distributed.worker"]


def test_a_worker_trains_by_itself_too(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(write_plan(tiny()))
    subprocess.run([*COMMAND, str(tmp_path / "plan.json"), str(tmp_path / "training")], check=True)
    assert is_done(tmp_path / "training")


def test_a_device_that_is_not_there_is_told_and_not_tried_again(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(write_plan(tiny()))
    done = subprocess.run(
        [*COMMAND, str(tmp_path / "plan.json"), str(tmp_path), "cuda"],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    problem = refusal(tmp_path)
    assert isinstance(problem, BadInput)
    assert problem.problem.startswith("device is cuda, and process 0 of this machine sees 0 GPUs")


def test_a_plan_that_cannot_be_ends_it_with_the_code_of_bad_input_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps({"task": {"name": "text"}, "steps": 0, "batch_size": 8}))
    done = subprocess.run(
        [*COMMAND, str(tmp_path / "plan.json"), str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("steps of the training is 0")
    problem = refusal(tmp_path)
    assert isinstance(problem, BadInput)
    assert problem.next_step == "Correct steps."
    forget_refusal(tmp_path)
    assert refusal(tmp_path) is None
    assert not (tmp_path / REFUSED).exists()
