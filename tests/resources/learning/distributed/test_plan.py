"""Plans: what they refuse, and that they come back from JSON as they were."""

import json
import re
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.errors import BadInput
from resources.learning.distributed.plan import (
    SEEDS,
    Parallel,
    Plan,
    Precision,
    TaskChoice,
    read_plan,
    write_plan,
)
from resources.learning.distributed.tasks.catalogue import TASKS
from tests.house.modules import CHECKOUT
from tests.resources.learning.distributed.plans import tiny

LEAST = {"task": {"name": "text"}, "steps": 5, "batch_size": 4}


@given(
    steps=st.integers(1, 10**6),
    rate=st.floats(1e-9, 0.5),
    clip=st.none() | st.floats(1e-3, 10),
    parallel=st.sampled_from(Parallel),
    precision=st.sampled_from([Precision.FP32, Precision.BF16]),
    settings=st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3),
)
def test_a_plan_comes_back_from_json_as_it_was(
    steps: int, rate: float, clip: float | None, parallel: Parallel, precision: Precision, settings: Any
) -> None:
    plan = Plan(
        TaskChoice("text", settings),
        steps,
        8,
        learning_rate=rate,
        clip_norm=clip,
        parallel=parallel,
        precision=precision,
    )
    assert read_plan(write_plan(plan)) == plan
    assert write_plan(read_plan(write_plan(plan))) == write_plan(plan)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("steps", 0, "steps of the training is 0; expected a whole number of at least 1"),
        ("batch_size", -1, "batch_size of the training is -1"),
        ("accumulation", 0, "accumulation of the training is 0"),
        ("log_every_steps", 0, "log_every_steps"),
        ("keep_checkpoints", 0, "keep_checkpoints"),
        ("warmup_steps", -1, "warmup_steps of the training is -1"),
        ("warmup_steps", 6, "at most the 5 steps"),
        ("seed", -1, "seed of the training is -1"),
        ("seed", SEEDS, f"below {SEEDS}"),
        ("learning_rate", 0, "learning_rate of the training is 0.0; expected above 0 and below 1"),
        ("learning_rate", 1, "learning_rate"),
        ("last_rate_share", 1.5, "last_rate_share of the training is 1.5; expected from 0 to 1"),
        ("weight_decay", -0.1, "weight_decay"),
        ("weight_decay", float("nan"), "weight_decay of the training is nan; expected 0 or more"),
        ("weight_decay", float("inf"), "weight_decay of the training is inf"),
        ("clip_norm", float("nan"), "clip_norm of the training is nan; expected above 0, or nothing"),
        ("clip_norm", float("inf"), "clip_norm of the training is inf"),
        ("checkpoint_every_s", float("nan"), "checkpoint_every_s of the training is nan"),
        ("clip_norm", 0, "clip_norm of the training is 0.0; expected above 0, or nothing"),
        ("checkpoint_every_steps", 0, "checkpoint_every_steps"),
        ("checkpoint_every_s", -1, "checkpoint_every_s"),
        ("parallel", "zero", "parallel: Input should be 'single', 'data_parallel', 'ddp', 'fsdp2', 'zero1'"),
        ("precision", "fp8", "precision: Input should be 'fp32', 'bf16' or 'fp16'"),
        ("steps", "many", "steps: Input should be a valid integer"),
        ("learning_rte", 0.1, "learning_rte: Unexpected keyword argument"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_name(field: str, value: object, told: str) -> None:
    with pytest.raises(BadInput) as problem:
        read_plan(json.dumps({**LEAST, field: value}))
    assert told in problem.value.problem
    assert problem.value.next_step


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(BadInput, match=r"wrong in 3 places: task: .*; steps: .*; compile: "):
        read_plan('{"steps": "x", "batch_size": 4, "compile": "maybe"}')
    with pytest.raises(
        BadInput, match=r"steps .* is 0; .*; batch_size .* is 0; .*; seed .* is -1"
    ) as problem:
        read_plan(json.dumps({**LEAST, "steps": 0, "batch_size": 0, "seed": -1}))
    assert problem.value.next_step == "Correct steps, batch_size, seed."


def test_what_is_no_json_is_told() -> None:
    with pytest.raises(BadInput, match="the text: Invalid JSON"):
        read_plan("{steps: 5")


def test_a_batch_that_does_not_come_out_even_is_refused_with_one_that_does() -> None:
    plan = tiny(batch_size=10, accumulation=2)
    assert plan.part(5) == 1
    with pytest.raises(
        BadInput, match="batch_size 10 cannot be divided among 3 processes in 2 parts each"
    ) as no:
        plan.part(3)
    assert "such as 12" in no.value.next_step


def test_halves_with_a_scaled_loss_are_not_sharded() -> None:
    with pytest.raises(BadInput, match="precision of the training is fp16"):
        tiny(precision=Precision.FP16, parallel=Parallel.FSDP2)


def test_the_manual_lists_each_field_and_its_example_is_a_plan() -> None:
    manual = (CHECKOUT / "docs/training.md").read_text()
    rows = [line for line in manual.splitlines() if line.startswith("| `")]
    listed = {name for line in rows for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert {field.name for field in fields(Plan)} <= listed
    assert set(TASKS) <= listed
    example = manual.partition("```json\n")[2].partition("```")[0]
    assert read_plan(example).parallel is Parallel.DDP
