"""New samples come in once, and a version is planned for enough of them, whatever is killed."""

import os
import time
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterRunStatus

from resources.clock import utc_now
from resources.data.arrivals.service import ArrivalService
from resources.data.making.sources.watched import WatchedFolder
from resources.data.service import DataService
from resources.home import Home
from resources.labeling.store import put_round
from resources.learning.triggering.model import Paused
from resources.terms import FIRST_VERSION, VersionKey
from sensors.arrivals import _take
from tests.resources.data.shapes import SHAPES, first_version, image
from tests.sensors.daemon import Kill, SensorDaemon
from tests.sensors.shapes_loop import ANNA, ShapesLoop
from tests.servers.label_studio import LabelStudioServer

SENSOR = "shapes_arrivals"
V1_1 = VersionKey("v1.1")


@pytest.fixture
def daemon(daemon: SensorDaemon) -> SensorDaemon:
    daemon.instance.add_dynamic_partitions("shapes_versions", ["v1.0"])
    return daemon


def put(home: Path, numbers: range) -> None:
    """Put still files into the inbox."""
    inbox = ArrivalService(Home(home), Home(home).database()).inbox(SHAPES.name)
    inbox.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (inbox / f"{number}.png").write_bytes(image(number))
        os.utime(inbox / f"{number}.png", (time.time() - 60,) * 2)


def told(daemon: SensorDaemon) -> str:
    return daemon.tick(SENSOR).skip_reason or ""


def versions(home: Path) -> list[str]:
    return [one.version for one in DataService(Home(home), Home(home).database()).versions(SHAPES.name)]


def arrived(home: Path) -> list[str]:
    """The names of all that came, by the version that takes each up; those that wait are first."""
    coming = ArrivalService(Home(home), Home(home).database())
    named = [one.name for version in versions(home) for one in coming.of_version(SHAPES.name, version)]  # type: ignore[arg-type]
    return [*["waits"] * coming.waiting(SHAPES.name), *named]


def test_enough_new_samples_make_a_version_and_its_round_is_requested_once(
    loop: ShapesLoop, daemon: SensorDaemon, trainplat_home: Path
) -> None:
    assert told(daemon) == "No new sample waits."
    put(trainplat_home, range(100, 102))
    assert (
        told(daemon)
        == "inbox: 2 new samples, 0 of them of no use. 2 of 3 new samples wait for the next version."
    )
    put(trainplat_home, range(101, 104))
    assert told(daemon) == "v1.1 is planned: it takes up 4 new samples."
    assert set(daemon.instance.get_dynamic_partitions("shapes_versions")) == {"v1.0", "v1.1"}
    assert told(daemon) == "No new sample waits."
    daemon.tick("shapes_annotations")
    daemon.tick("shapes_annotations")
    assert [run.tags["dagster/partition"] for run in daemon.runs("shapes_round")] == ["v1.1"]


def test_a_version_without_a_label_is_made_and_nothing_is_trained(
    loop: ShapesLoop, daemon: SensorDaemon, trainplat_home: Path
) -> None:
    put(trainplat_home, range(100, 103))
    daemon.tick(SENSOR)
    daemon.tick("shapes_annotations")
    (run,) = daemon.runs("shapes_round")
    assert run.asset_selection == {AssetKey(["shapes", "dataset"])}
    loop.data.make(SHAPES, V1_1, ANNA)
    daemon.end(run, DagsterRunStatus.SUCCESS)
    told = [daemon.tick("shapes_annotations").skip_reason or "" for _ in range(2)]
    assert told[0] == "v1.1 brought new samples and no label: the champion stays."
    assert "0 of 3 new labels" in told[1]
    before, carried = loop.registry.decisions(SHAPES.name)
    assert (carried.version, carried.carried, carried.champion_version) == (V1_1, True, FIRST_VERSION)
    assert (carried.champion_accuracy, carried.labels) == (before.champion_accuracy, before.labels)
    assert len(daemon.runs("shapes_round")) == 1


@pytest.mark.real
@pytest.mark.slow
def test_when_people_have_nothing_left_to_answer_one_new_sample_is_enough(
    label_studio: LabelStudioServer, loop: ShapesLoop, daemon: SensorDaemon, trainplat_home: Path
) -> None:
    loop.ask()
    put(trainplat_home, range(100, 101))
    assert "1 of 3 new samples wait for the next version." in told(daemon)
    for question in loop.people.questions_open(SHAPES.name):
        assert question.task is not None
        loop.people.client.skip(question.task)
    daemon.tick("shapes_annotations")

    assert told(daemon) == "v1.1 is planned: it takes up 1 new samples."
    assert versions(trainplat_home) == ["v1.0", "v1.1"]


def test_a_version_that_is_not_sealed_or_decided_is_waited_for(
    daemon: SensorDaemon, trainplat_home: Path
) -> None:
    put(trainplat_home, range(100, 104))
    assert "4 new samples wait until a first version is sealed." in told(daemon)
    first_version(DataService(Home(trainplat_home), Home(trainplat_home).database()))
    assert len(arrived(trainplat_home)) == 4, "the first version takes up what came before it"
    put(trainplat_home, range(110, 114))
    assert told(daemon) == "4 new samples wait: the round of v1.0 is not decided yet."
    assert versions(trainplat_home) == [FIRST_VERSION]


def test_a_place_that_cannot_be_reached_is_told_and_the_others_are_looked_at(
    loop: ShapesLoop, trainplat_home: Path, tmp_path: Path
) -> None:
    put(trainplat_home, range(100, 101))
    coming = ArrivalService(loop.home, loop.home.database())
    places = [WatchedFolder("camera", str(tmp_path / "unmounted")), *coming.places(SHAPES)]

    (missing, taken), begin_with = _take(coming, SHAPES, places, ANNA, utc_now)

    assert missing.startswith(f"camera: folder {tmp_path / 'unmounted'} of source camera is not there.")
    assert taken == "inbox: 1 new samples, 0 of them of no use."
    assert begin_with == ""


def test_one_new_sample_is_enough_once_all_is_answered_but_not_while_asking_is_paused(
    loop: ShapesLoop, daemon: SensorDaemon, trainplat_home: Path
) -> None:
    with loop.home.database().write() as connection:
        put_round(connection, SHAPES.name, FIRST_VERSION, 0, utc_now())
    put(trainplat_home, range(100, 101))
    loop.triggers.pause(SHAPES.name, Paused.ASKING, "the guide is rewritten", ANNA)
    assert "1 of 3 new samples wait for the next version." in told(daemon)
    loop.triggers.resume(SHAPES.name, Paused.ASKING, ANNA)
    assert told(daemon) == "v1.1 is planned: it takes up 1 new samples."


@pytest.mark.parametrize(
    "kill",
    [
        pytest.param(Kill("resources.data.arrivals.store", "add"), id="add"),
        pytest.param(Kill("resources.data.arrivals.store", "assign"), id="assign"),
        pytest.param(Kill("resources.data.storage.objects:ObjectStore", "sync"), id="objects"),
        pytest.param(Kill("resources.data.arrivals.service:ArrivalService", "_empty"), id="after"),
    ],
)
def test_a_daemon_killed_in_a_tick_takes_each_sample_in_once(
    loop: ShapesLoop, daemon: SensorDaemon, trainplat_home: Path, kill: Kill
) -> None:
    put(trainplat_home, range(100, 104))
    daemon.tick_killed(SENSOR, kill)
    daemon.tick(SENSOR)
    daemon.tick(SENSOR)
    assert versions(trainplat_home) == ["v1.0", "v1.1"]
    assert sorted(arrived(trainplat_home)) == [f"inbox/{number}.png" for number in range(100, 104)]
    daemon.tick("shapes_annotations")
    assert len(daemon.runs("shapes_round")) == 1
