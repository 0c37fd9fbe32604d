"""Which runs in the line are trainings that have not begun."""

from pathlib import Path
from typing import Any

import pytest

from resources.gpu.model import Origin, Owner, RunId
from resources.gpu.service import GpuService
from resources.home import Home
from resources.pipelines.coming import coming_trainings
from resources.pipelines.folder import Folder
from resources.terms import Actor
from tests.resources.pipelines.texts import PRETRAIN
from tests.servers.graphql import answering

CUSTOM = "type: trainplat_assets.templates.Custom\nattributes:\n  call: json:dumps\n"
OF = {"run-1": "wine", "run-2": "dumps", "run-3": "", "run-4": "gone", "run-5": "wine"}


def answer(_query: str, variables: dict[str, Any]) -> object:
    asked = variables["filter"]["runIds"]
    rows = [
        {
            "runId": one,
            "status": "QUEUED",
            "creationTime": 1764273345.0,
            "endTime": None,
            "tags": [{"key": "trainplat/pipeline", "value": OF[one]}] if OF[one] else [],
            "stepStats": [],
        }
        for one in reversed(asked)
    ]
    return {"data": {"runsOrError": {"__typename": "Runs", "results": rows}}}


@pytest.fixture
def gpu(trainplat_home: Path) -> GpuService:
    service = GpuService(Home(trainplat_home).database())
    for run_id in OF:
        owner, actor = Owner("vision", "mara"), Actor("tester")
        service.submit(RunId(run_id), "2", owner=owner, origin=Origin.QUEUE, instance="here", actor=actor)
    return service


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "pipelines")
    made.write("wine", PRETRAIN)
    made.write("dumps", CUSTOM)
    return made


def test_only_pipelines_that_train_and_have_not_begun_are_coming(gpu: GpuService, folder: Folder) -> None:
    with answering(answer) as dagster:
        found = coming_trainings(folder, dagster, gpu.waiting(), {"run-5"})
    assert [(one.pipeline, one.steps, one.request.run_id) for one in found] == [("wine", 20, "run-1")]


def test_nobody_is_asked_where_nothing_is_unknown(gpu: GpuService, folder: Folder) -> None:
    asked = list[dict[str, Any]]()

    def noted(query: str, variables: dict[str, Any]) -> object:
        asked.append(variables)
        return answer(query, variables)

    with answering(noted) as dagster:
        assert coming_trainings(folder, dagster, gpu.waiting(), set(OF)) == ()
        assert asked == []
        assert coming_trainings(folder, dagster, gpu.waiting(), set(OF) - {"run-1"}) != ()
        assert [one["filter"]["runIds"] for one in asked] == [["run-1"]]


def test_while_dagster_does_not_answer_none_is_known(gpu: GpuService, folder: Folder) -> None:
    assert coming_trainings(folder, None, gpu.waiting(), ()) == ()
    assert coming_trainings(folder, "http://127.0.0.1:9", gpu.waiting(), ()) == ()
