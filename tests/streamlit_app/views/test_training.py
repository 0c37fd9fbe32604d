"""The page Training, on a home whose trainings are made up."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from resources.gpu.model import Origin, Owner, RunId
from resources.gpu.service import GpuService
from resources.home import Home
from resources.kinds import Kind
from resources.learning.distributed.progress import Point, ProgressFile
from resources.learning.rounds.plan import plan_of, training_id
from resources.learning.trainings.service import TrainingService
from resources.pipelines.folder import Folder
from resources.process import ProcessIdentity
from resources.terms import DatasetName, VersionKey
from resources.train_settings import TrainSettings
from tests.resources.learning.trainings.examples import taken
from tests.resources.pipelines.texts import PRETRAIN
from tests.servers.graphql import answering
from tests.streamlit_app import training_home
from tests.streamlit_app.conftest import words
from tests.streamlit_app.homes import TESTER

OpenPage = Callable[..., AppTest]


@pytest.fixture
def trained(trainplat_home: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """One that runs, one that waits, one that is done."""
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "2")
    home = Home(trainplat_home)
    training_home.fill(home, datetime.now(UTC))
    return home


@pytest.mark.usefixtures("trained")
def test_the_page_tells_how_each_training_stands_and_shows_the_one_that_runs(open_page: OpenPage) -> None:
    page = open_page("training")
    shown = words(page)
    assert shown.index("stories") < shown.index("sums") < shown.index("wine")
    assert "At step 50 of 100. Resumed from step 36 after it hung. 4 steps are done again." in shown
    assert "It made room after step 20 of 100, and goes on when its run has devices." in shown
    assert "The arbiter has not looked at it yet." in shown, "why its run waits"
    assert "All 100 steps are done." in shown
    assert "Tokens per second 1,920" in shown, "120 samples of 16 bytes"
    assert "cpu:0: 91%, 0.32 GiB · cpu:1: 88%, 0.32 GiB" in shown
    assert "2.5 MB" in shown
    assert "[1] a warning of the second process" in shown
    assert "File loop.py, line 12 in _step" in shown
    assert len(page.get("vega_lite_chart")) == 4


@pytest.mark.usefixtures("trained")
def test_the_address_names_the_training_that_is_shown(open_page: OpenPage) -> None:
    shown = words(open_page("training", training=str(training_home.IS_DONE)))
    assert "accuracy 0.9722" in shown
    assert "Registered as `models:/wine/1`." in shown
    assert "None is kept: its model is registered." in shown


@pytest.mark.usefixtures("trained")
def test_a_chinese_reader_reads_how_they_stand(open_page: OpenPage) -> None:
    shown = words(open_page("training", locale="zh-CN"))
    assert "第 50 步，共 100 步。从第 36 步继续，原因：训练挂起。其中 4 步需要重做。" in shown
    assert "At step" not in shown


def test_a_round_of_a_data_set_stands_there_by_its_version(trainplat_home: Path, open_page: OpenPage) -> None:
    home = Home(trainplat_home)
    service = TrainingService(home, home.database())
    training = training_id(DatasetName("digits"), VersionKey("v1.2"), "its settings")
    plan = plan_of(TrainSettings(), Kind.IMAGE_CLASSES, seed=1, count=48, goes_on=True)
    service.take_up(training, plan, taken(process=ProcessIdentity.current()), TESTER)
    ProgressFile(service.folder(training)).tell(Point(9, 0.25, 0.002, 800.0, 300.0))
    shown = words(open_page("training"))
    assert re.search(r"digits\b.{0,40}\bv1\.2\b(?!-)", shown, re.DOTALL)
    assert "At step 9 of 120." in shown
    assert "Samples per second 800" in shown
    assert "round · single on 2 processes" in shown


def test_without_a_training_the_page_says_where_they_come_from(
    open_page: OpenPage, filled_home: Home
) -> None:
    shown = words(open_page("training"))
    assert filled_home.path.is_dir()
    assert "No training yet" in shown


def test_one_that_waits_for_its_first_devices_is_shown_with_why(
    trained: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_page: OpenPage
) -> None:
    owner = Owner("vision", "mara")
    gpu = GpuService(trained.database())
    gpu.submit(RunId("run-new"), "2", owner=owner, origin=Origin.QUEUE, instance="here", actor=TESTER)
    Folder(tmp_path / "pipelines").write("grapes", PRETRAIN)
    monkeypatch.setenv("TRAINPLAT_PIPELINES", str(tmp_path / "pipelines"))
    run = {"runId": "run-new", "status": "QUEUED", "creationTime": 1764273345.0, "endTime": None}
    run |= {"tags": [{"key": "trainplat/pipeline", "value": "grapes"}], "stepStats": []}
    answer = {"data": {"runsOrError": {"__typename": "Runs", "results": [run]}}}
    with answering(lambda *_: answer) as dagster:
        monkeypatch.setenv("TRAINPLAT_DAGSTER_URL", dagster)
        page = open_page("training")
    assert next(one.value for one in page.metric if one.label == "Waiting for GPUs") == "2"
    coming = words(page).partition("Wait for their first devices")[2].partition("stories")[0]
    assert "grapes" in coming
    assert "0 / 20" in coming
    assert "The arbiter has not looked at it" in coming
