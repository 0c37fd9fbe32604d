"""Templates at work: trained, finetuned, measured and asked for real, and what is said where it cannot be."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRunStatus

from resources.gpu.resource import DeviceLease
from tests.trainplat_assets.templates.location import SMALL, declare, failure_of, metadata_of, run


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as made:
        yield made


def ours(grapes: int, lease: DeviceLease) -> dict[str, object]:
    """What a custom pipeline of these tests calls."""
    return {"litres": grapes * 0.7, "devices": ", ".join(lease.devices)}


def stumbles(tries: str, times: int) -> int:
    """What fails so many times, and then does its work; ``tries`` is the file that keeps count."""
    with Path(tries).open("a") as file:
        file.write("x")
    tried = Path(tries).stat().st_size
    if tried <= times:
        raise ConnectionError(f"try {tried}: nobody answers")
    return tried


@pytest.mark.slow
def test_a_model_is_trained_finetuned_measured_and_asked(tmp_path: Path, instance: DagsterInstance) -> None:
    row = [13.2, 1.78, 2.14, 11.2, 100, 2.65, 2.76, 0.26, 1.28, 4.38, 1.05, 3.4, 1050]
    lines = tmp_path / "rows.jsonl"
    lines.write_text(f"{row}\n\n{row}\n")
    declare(tmp_path, "wine", "pretrain", SMALL)
    declare(tmp_path, "tuned", "finetune", SMALL + "  start_from: wine\n  seeds: [3]\n")
    declare(tmp_path, "scores", "evaluation", "  of: [wine, tuned]\n  at_least: {accuracy: 0.01}\n")
    declare(tmp_path, "answers", "inference", f"  of: tuned\n  inputs: {lines}\n  parts: 2\n")
    trained = metadata_of(run(tmp_path, "wine_pipeline", instance), "model")
    tuned = metadata_of(run(tmp_path, "tuned_pipeline", instance), "model")
    assert Path(str(trained["checkpoint"])).is_dir()
    assert json.loads(str(tuned["plan"]["plan"]))["start_from"] == trained["checkpoint"]  # type: ignore[index]
    measured = run(tmp_path, "scores_pipeline", instance)
    assert metadata_of(measured, "wine")["score_accuracy"] == trained["accuracy"]
    assert metadata_of(measured, "tuned")["score_accuracy"] == tuned["accuracy"]
    assert [one.passed for one in measured.get_asset_check_evaluations()] == [True, True]
    declare(tmp_path, "scores", "evaluation", "  of: [wine]\n  at_most: {accuracy: 0.01}\n")
    (check,) = run(tmp_path, "scores_pipeline", instance, raise_on_error=False).get_asset_check_evaluations()
    assert not check.passed
    assert "at most 0.01 is asked" in str(check.description)
    asked = run(tmp_path, "answers_pipeline", instance)
    first, second = (metadata_of(asked, f"part_{part}") for part in range(2))
    assert (first["answers"], second["answers"]) == (2, 0)
    answers = [json.loads(line) for line in Path(str(first["file"])).read_text().splitlines()]
    assert [one["line"] for one in answers] == [1, 3]
    assert {one["answer"] for one in answers} <= {"class_0", "class_1", "class_2"}


def test_a_function_of_the_users_gets_its_parameters_and_the_lease(
    tmp_path: Path, instance: DagsterInstance
) -> None:
    declare(tmp_path, "press", "custom", f"  call: {__name__}:ours\n  parameters: {{grapes: 10}}\n")
    told = metadata_of(run(tmp_path, "press_pipeline", instance), "result")
    assert told["litres"] == 7.0
    assert str(told["devices"]).startswith("cpu:")


@pytest.mark.parametrize(("times", "succeeds"), [(1, True), (3, False)])
def test_a_step_that_fails_is_tried_again_as_often_as_its_file_says(
    tmp_path: Path, instance: DagsterInstance, times: int, succeeds: bool
) -> None:
    tries = tmp_path / "tries"
    call = f"  call: {__name__}:stumbles\n  parameters: {{tries: {tries}, times: {times}}}\n"
    declare(tmp_path, "press", "custom", call + "  retries: 2\n  retry_delay_s: 0.1\n")

    done = run(tmp_path, "press_pipeline", instance, raise_on_error=False)

    assert done.success is succeeds
    again = done.filter_events(lambda one: one.is_step_up_for_retry)
    assert len(again) == min(times, 2)
    assert tries.stat().st_size == len(again) + 1
    if succeeds:
        assert metadata_of(done, "result")["returned"] == 2


def test_a_step_is_tried_once_where_its_file_says_nothing(tmp_path: Path, instance: DagsterInstance) -> None:
    tries = tmp_path / "tries"
    declare(
        tmp_path,
        "press",
        "custom",
        f"  call: {__name__}:stumbles\n  parameters: {{tries: {tries}, times: 1}}\n",
    )
    assert not run(tmp_path, "press_pipeline", instance, raise_on_error=False).success
    assert tries.stat().st_size == 1


@pytest.mark.parametrize(
    ("attributes", "sentence"),
    [
        ("  call: no_such_package:ours\n", "no_such_package:ours cannot be called: No module named"),
        pytest.param("  call: math:none\n", "math:none cannot be called", marks=pytest.mark.slow),
        pytest.param("  call: math:pi\n", "math:pi is a float; expected a function", marks=pytest.mark.slow),
        (f"  call: {__name__}:ours\n", "missing a required argument: 'grapes'"),
        (
            f"  call: {__name__}:ours\n  parameters: {{grapes: 1, hops: 2}}\n",
            "got an unexpected keyword argument 'hops'",
        ),
    ],
)
def test_a_function_that_cannot_be_called_says_why(
    tmp_path: Path, instance: DagsterInstance, attributes: str, sentence: str
) -> None:
    declare(tmp_path, "press", "custom", attributes)
    assert sentence in failure_of(run(tmp_path, "press_pipeline", instance, raise_on_error=False))


def test_a_model_that_was_never_made_is_named_with_how_to_make_it(
    tmp_path: Path, instance: DagsterInstance
) -> None:
    declare(tmp_path, "scores", "evaluation", "  of: [wine]\n")
    found = run(tmp_path, "scores_pipeline", instance, raise_on_error=False)
    assert instance.get_run_by_id(found.run_id).status is DagsterRunStatus.FAILURE  # type: ignore[union-attr]
    assert "wine/model was never made" in failure_of(found)
    assert "trainplat pipeline run wine" in failure_of(found)
