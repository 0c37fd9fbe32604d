import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from resources.errors import Unavailable
from resources.terms import VersionKey
from tests.trainplat_cli.supervisor.test_probes import answering
from trainplat_cli.demo.dagster_page import DagsterPage
from trainplat_cli.demo.model import ASK_JOB, ROUND_JOB, RunState, RunView

V1 = VersionKey("v1.0")


@contextmanager
def page(**data: Any) -> Iterator[DagsterPage]:
    with answering(json.dumps({"data": data}).encode()) as port:
        made = DagsterPage(f"http://127.0.0.1:{port}/")
        try:
            yield made
        finally:
            made.close()


def row(run_id: str, job: str, status: str, *steps: tuple[str, str]) -> dict[str, Any]:
    tags = [
        {"key": "dagster/partition", "value": "v1.0"},
        {"key": "trainplat/reason", "value": "R1: granted"},
    ]
    return {
        "runId": run_id,
        "jobName": job,
        "status": status,
        "creationTime": 100.0,
        "endTime": None,
        "tags": tags,
        "stepStats": [{"stepKey": key, "status": state} for key, state in steps],
    }


def test_the_runs_of_the_loop_are_listed_oldest_first() -> None:
    rows = [
        row("b", ASK_JOB, "STARTED", ("digits__pool", "SUCCESS"), ("digits__query", "IN_PROGRESS")),
        row("x", "__ASSET_JOB", "SUCCESS"),
        row("a", ROUND_JOB, "QUEUED"),
    ]
    with page(runsOrError={"__typename": "Runs", "results": rows}) as dagster:
        assert dagster.runs() == (
            RunView("a", ROUND_JOB, V1, RunState.WAITING, 100.0, None, None, "R1: granted"),
            RunView("b", ASK_JOB, V1, RunState.RUNNING, 100.0, None, "digits__query", "R1: granted"),
        )
        assert dagster.run_address("a").endswith("/runs/a")


def test_a_version_that_is_registered_already_is_fine() -> None:
    for typename in ("AddDynamicPartitionSuccess", "DuplicateDynamicPartitionError"):
        with page(addDynamicPartition={"__typename": typename}) as dagster:
            dagster.add_version(V1)


def test_a_round_is_launched() -> None:
    with page(launchRun={"__typename": "LaunchRunSuccess", "run": {"runId": "new"}}) as dagster:
        assert dagster.launch_round(V1) == "new"


@pytest.mark.parametrize(
    "answer",
    [
        {"__typename": "PipelineNotFoundError", "message": "Could not find job digits_round"},
        {
            "__typename": "RunConfigValidationInvalid",
            "errors": [{"message": "Could not find job digits_round"}],
        },
    ],
)
def test_a_refused_launch_says_why(answer: dict[str, Any]) -> None:
    with (
        page(launchRun=answer) as dagster,
        pytest.raises(Unavailable, match="Could not find job digits_round"),
    ):
        dagster.launch_round(V1)


def test_refused_questions_say_so() -> None:
    refusal = {"__typename": "UnauthorizedError"}
    with page(addDynamicPartition=refusal, runsOrError=refusal) as dagster:
        with pytest.raises(Unavailable, match="UnauthorizedError"):
            dagster.add_version(V1)
        with pytest.raises(Unavailable, match="code location may not be loaded"):
            dagster.runs()


def test_why_a_run_failed_is_the_message_at_the_root() -> None:
    deep = {
        "message": "outer",
        "errorChain": [{"error": {"message": "middle"}}, {"error": {"message": " root "}}],
    }
    step = {"__typename": "ExecutionStepFailureEvent", "stepKey": "digits__model", "error": deep}
    run = {"__typename": "RunFailureEvent", "message": "it failed", "error": None}
    with page(logsForRun={"events": [run, step]}) as dagster:
        assert dagster.failure("a") == "digits__model: root"
    shallow = {**step, "error": {"message": "outer", "errorChain": []}}
    with page(logsForRun={"events": [shallow]}) as dagster:
        assert dagster.failure("a") == "digits__model: outer"
    with page(logsForRun={"events": [run]}) as dagster:
        assert dagster.failure("a") == "it failed"
    with page(logsForRun={}) as dagster:
        assert dagster.failure("a") == "its log does not say why"


def test_a_web_server_that_is_down_or_is_none_says_so() -> None:
    down = DagsterPage("http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="does not answer"):
        down.runs()
    down.close()
    with answering(b"<html>") as port:
        other = DagsterPage(f"http://127.0.0.1:{port}")
        with pytest.raises(Unavailable, match="does not answer"):
            other.runs()
        other.close()
    with answering(b'{"errors": [{"message": "Cannot query field"}]}') as port:
        other = DagsterPage(f"http://127.0.0.1:{port}")
        with pytest.raises(Unavailable, match="refused: Cannot query field"):
            other.runs()
        other.close()
