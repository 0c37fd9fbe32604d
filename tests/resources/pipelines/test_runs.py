"""What a Dagster web server answers becomes runs, steps and lines; what it does not answer is told.

The answers are those of a real one; ``tests/streamlit_app/test_pipelines_in_browser.py`` asks one.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from resources.errors import BadInput, Unavailable
from resources.pipelines.reading import read_pipeline
from resources.pipelines.runs import PipelineRuns, RunState
from tests.resources.pipelines.texts import PRETRAIN
from tests.servers.graphql import Answer, answering

WINE = read_pipeline("wine", PRETRAIN)
RUN = {
    "runId": "2ace82a6-b9e5-414f-bed4-43bb3c168a07",
    "status": "FAILURE",
    "creationTime": 1764273345.0,
    "endTime": 1764273524.0,
    "tags": [
        {"key": "trainplat/pipeline", "value": "wine"},
        {"key": "trainplat/pipeline_parameters", "value": '{"steps": 30}'},
        {"key": "trainplat/reason", "value": "Waits for the lease of its own earlier step."},
    ],
    "stepStats": [
        {"stepKey": "wine__seed_0", "status": "SUCCESS", "startTime": 1764273400.0, "endTime": 1764273500.0},
        {"stepKey": "wine__seed_1", "status": "FAILURE", "startTime": 1764273400.0, "endTime": None},
    ],
}
WAITING = {**RUN, "runId": "b8de8635", "status": "QUEUED", "endTime": None, "stepStats": []}
OTHER = {**RUN, "runId": "0aa0aa0a", "tags": []}
LOG = [
    {"message": "Started.", "timestamp": "1764273345000", "level": "DEBUG", "stepKey": None},
    {
        "message": "Execution of step failed.",
        "timestamp": "1764273346000",
        "level": "ERROR",
        "stepKey": "wine__seed_1",
        "error": {"message": "outer", "errorChain": [{"error": {"message": "ValueError: no grapes\n"}}]},
    },
]


@pytest.fixture
def served() -> Iterator[Callable[[Answer], PipelineRuns]]:
    with ExitStack() as servers:
        yield lambda answer: PipelineRuns(servers.enter_context(answering(answer)))


def runs(*rows: object) -> object:
    return {"data": {"runsOrError": {"__typename": "Runs", "results": list(rows)}}}


def test_a_run_tells_its_state_steps_and_parameters(served: Callable[[Answer], PipelineRuns]) -> None:
    asked = served(lambda *_: runs(WAITING, RUN, OTHER))
    waiting, failed, other = asked.of_pipeline("wine")
    assert (failed.state, failed.parameters, failed.reason) == (RunState.FAILED, {"steps": 30}, None)
    assert [(one.key, one.state) for one in failed.steps] == [
        ("wine__seed_0", RunState.DONE),
        ("wine__seed_1", RunState.FAILED),
    ]
    assert failed.steps[1].ended_at is None
    assert (waiting.state, waiting.ended_at) == (RunState.WAITING, None)
    assert waiting.reason == "Waits for the lease of its own earlier step."
    assert other.pipeline == ""
    assert asked.run("b8de8635") == waiting


def test_the_newest_run_of_each_pipeline_is_asked_for_by_its_name_however_many_came_since(
    served: Callable[[Answer], PipelineRuns],
) -> None:
    asked: list[int] = []

    def answer(query: str, variables: dict[str, Any]) -> object:
        asked.append(len(variables))
        older = {**RUN, "runId": "0ld", "creationTime": 1764273344.0}
        known = {"wine": [older], "wine_round": [RUN], "beer": [RUN]}
        wanted = {
            place: filter_["pipelineName"] if "pipelineName" in filter_ else filter_["tags"][0]["value"]
            for place, filter_ in variables.items()
        }
        rows = {f"r{place[1:]}": known.get(name, []) for place, name in wanted.items()}
        assert all(f"{place}: runsOrError(" in query for place in rows)
        return {"data": {place: {"__typename": "Runs", "results": some} for place, some in rows.items()}}

    many = [f"other-{number}" for number in range(70)]
    found = served(answer).newest([*many, "wine", "beer"])
    assert [(name, one.run_id) for name, one in found.items()] == [
        (name, RUN["runId"]) for name in ("wine", "beer")
    ]
    assert asked == [50, 50, 44]


def test_a_log_is_read_page_by_page_with_the_cause_of_each_error(
    served: Callable[[Answer], PipelineRuns],
) -> None:
    def answer(query: str, variables: dict[str, Any]) -> object:
        at = 0 if variables["after"] is None else int(variables["after"])
        page = {"cursor": str(at + 1), "hasMore": at == 0, "events": LOG[at : at + 1]}
        return {"data": {"logsForRun": page}}

    first, second = served(answer).log("any")
    assert (first.level, first.step, first.text) == ("DEBUG", None, "Started.")
    assert second.text == "Execution of step failed.\nValueError: no grapes"


@pytest.mark.parametrize(("known", "reloads"), [(WINE.content_hash, 0), ("another", 1), (None, 1)])
def test_code_is_loaded_anew_where_it_knows_another_content(
    served: Callable[[Answer], PipelineRuns], known: str | None, reloads: int
) -> None:
    seen: list[str] = []

    def answer(query: str, variables: dict[str, Any]) -> object:
        if "assetNodes" in query:
            return {"data": {"assetNodes": [] if known is None else [{"opVersion": known}]}}
        if "reload" in query:
            seen.append("reload")
            entry = {"__typename": "WorkspaceLocationEntry", "locationOrLoadError": {"__typename": "Ok"}}
            return {"data": {"reloadRepositoryLocation": entry}}
        seen.append(variables["params"]["selector"]["jobName"])
        assert variables["params"]["runConfigData"]["ops"].keys() == {"wine__model"}
        return {"data": {"launchRun": {"__typename": "LaunchRunSuccess", "run": {"runId": "0123"}}}}

    assert served(answer).start(WINE, {"steps": 3}) == "0123"
    assert seen == ["reload"] * reloads + ["wine_pipeline"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"no JSON", "does not answer"),
        ({"errors": [{"message": "Cannot query field"}]}, "refused: Cannot query field"),
        ({"data": {"runsOrError": {"__typename": "PythonError", "message": "broke"}}}, "refused: broke"),
    ],
)
def test_a_server_that_answers_badly_is_told_of(
    served: Callable[[Answer], PipelineRuns], answer: object, told: str
) -> None:
    with pytest.raises(Unavailable, match=told):
        served(lambda *_: answer).run("b8de8635")


def test_code_that_does_not_load_says_why(served: Callable[[Answer], PipelineRuns]) -> None:
    entry = {"__typename": "PythonError", "message": "SyntaxError"}
    told = {"__typename": "WorkspaceLocationEntry", "locationOrLoadError": entry}
    asked = served(lambda *_: {"data": {"reloadRepositoryLocation": told}})
    with pytest.raises(Unavailable, match="SyntaxError"):
        asked.reload()


def test_nobody_there_is_told_of() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        PipelineRuns("http://127.0.0.1:9").newest(["wine"])


def test_a_loop_is_not_started_by_hand() -> None:
    loop = read_pipeline(
        "shapes",
        "type: trainplat_assets.templates.Loop\nattributes: {title: Shapes, classes: [a, b], "
        "image_size_px: [8, 8], first_labelled: 5, test_count: 5, labels_per_round: 5}",
    )
    with pytest.raises(BadInput, match="trainplat trigger shapes"):
        PipelineRuns("http://127.0.0.1:9").start(loop, {})
