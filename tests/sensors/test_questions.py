"""The next questions are asked once for each decision."""

from pathlib import Path

import numpy as np
import pytest
from dagster import DagsterRunStatus

from resources.labeling.predictions import PoolPredictions, PredictionFiles
from resources.learning.triggering.model import Paused
from resources.terms import FIRST_VERSION
from tests.resources.data.shapes import SHAPES
from tests.sensors.daemon import SensorDaemon
from tests.sensors.shapes_loop import ANNA, begun
from tests.servers.label_studio import LabelStudioServer

SENSOR = "shapes_questions"


@pytest.fixture
def daemon(daemon: SensorDaemon) -> SensorDaemon:
    daemon.instance.add_dynamic_partitions("shapes_versions", ["v1.0"])
    return daemon


def skipped(daemon: SensorDaemon) -> str:
    return daemon.tick(SENSOR).skip_reason or ""


def test_without_a_champion_nothing_is_asked(trainplat_home: Path, daemon: SensorDaemon) -> None:
    assert skipped(daemon) == "No version has a champion yet."


def test_while_label_studio_is_down_no_attempt_is_spent(trainplat_home: Path, daemon: SensorDaemon) -> None:
    begun(trainplat_home)

    reason = skipped(daemon)

    assert "no address of Label Studio is known" in reason
    assert "trainplat up" in reason
    assert daemon.runs("shapes_ask") == []


@pytest.mark.real
def test_the_newest_decision_lets_people_be_asked_once(
    label_studio: LabelStudioServer, trainplat_home: Path, daemon: SensorDaemon
) -> None:
    loop = begun(trainplat_home)

    daemon.tick(SENSOR)
    (run,) = daemon.runs("shapes_ask")
    assert run.tags["dagster/run_key"] == "shapes:ask:v1.0:1"
    assert run.tags["dagster/partition"] == "v1.0"
    assert "under way" in skipped(daemon)

    loop.ask(FIRST_VERSION)
    assert skipped(daemon) == "The 3 questions of v1.0 are in Label Studio. 3 wait for an answer."
    assert len(daemon.runs("shapes_ask")) == 1


def test_while_asking_is_paused_nothing_is_asked(trainplat_home: Path, daemon: SensorDaemon) -> None:
    loop = begun(trainplat_home)
    triggers = loop.triggers
    triggers.pause(SHAPES.name, Paused.ASKING, "the guide is rewritten", ANNA)
    reason = skipped(daemon)
    assert "by user:anna: the guide is rewritten" in reason
    assert daemon.runs("shapes_ask") == []
    triggers.resume(SHAPES.name, Paused.ASKING, ANNA)
    assert "no address of Label Studio is known" in skipped(daemon)


@pytest.mark.real
@pytest.mark.slow
def test_when_nothing_comes_of_the_answers_more_of_the_pool_is_asked_by_itself(
    label_studio: LabelStudioServer, trainplat_home: Path, daemon: SensorDaemon
) -> None:
    loop = begun(trainplat_home)
    pool = tuple(loop.pool())
    guesses = np.full((len(pool), 2), 0.5)
    PredictionFiles(loop.home).write_predictions(
        SHAPES.name, FIRST_VERSION, PoolPredictions("shapes-1", SHAPES.classes, pool, guesses)
    )
    loop.ask(FIRST_VERSION)
    for question in loop.people.questions_open(SHAPES.name):
        assert question.task is not None
        loop.people.client.skip(question.task)
    assert "3 wait for an answer." in skipped(daemon)

    daemon.tick("shapes_annotations")
    for _ in range(2):
        daemon.tick(SENSOR)

    (run,) = daemon.runs("shapes_ask")
    assert run.tags["dagster/run_key"] == "shapes:ask:v1.0:after-3:1"
    loop.ask(FIRST_VERSION, count=len(pool))
    for question in loop.people.questions_open(SHAPES.name):
        assert question.task is not None
        loop.people.client.skip(question.task)
    daemon.tick("shapes_annotations")
    assert skipped(daemon).endswith("All of the pool was asked.")


@pytest.mark.real
def test_an_asking_that_failed_is_requested_again_after_a_while(
    label_studio: LabelStudioServer, trainplat_home: Path, daemon: SensorDaemon
) -> None:
    begun(trainplat_home)
    daemon.tick(SENSOR)
    (run,) = daemon.runs("shapes_ask")
    daemon.end(run, DagsterRunStatus.FAILURE)

    daemon.tick(SENSOR)

    assert [one.tags["dagster/run_key"] for one in daemon.runs("shapes_ask")] == [
        "shapes:ask:v1.0:1",
        "shapes:ask:v1.0:2",
    ]


@pytest.mark.real
def test_an_asking_that_was_cancelled_stays_so(
    label_studio: LabelStudioServer, trainplat_home: Path, daemon: SensorDaemon
) -> None:
    begun(trainplat_home)
    daemon.tick(SENSOR)
    daemon.end(daemon.runs("shapes_ask")[0], DagsterRunStatus.CANCELED)

    assert "cancelled" in skipped(daemon)
    assert len(daemon.runs("shapes_ask")) == 1


@pytest.mark.real
def test_while_the_disk_is_full_an_asking_waits_and_spends_no_attempt(
    label_studio: LabelStudioServer,
    trainplat_home: Path,
    daemon: SensorDaemon,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun(trainplat_home)
    with monkeypatch.context() as full:
        full.setattr("resources.files.LEAST_FREE_BYTES", 1 << 60)  # more than any disk has
        assert "the disk that holds" in skipped(daemon)
    assert daemon.runs("shapes_ask") == []

    daemon.tick(SENSOR)
    assert len(daemon.runs("shapes_ask")) == 1
