"""From annotations to the next version: exactly once, whatever is killed."""

from pathlib import Path

import pytest
from dagster import DagsterRunStatus

from resources.data.service import DataService
from resources.errors import Unavailable
from resources.home import Home
from resources.labeling.label_studio.values import ProjectId
from resources.learning.triggering.model import Paused
from resources.learning.triggering.service import TriggerService
from resources.terms import FIRST_VERSION, VersionKey
from tests.resources.data.shapes import SHAPES
from tests.sensors.daemon import Kill, SensorDaemon
from tests.sensors.shapes_loop import ANNA, ShapesLoop
from tests.servers.label_studio import LabelStudioServer
from tests.servers.mlflow import free_port

SENSOR = "shapes_annotations"
V1_1, V1_2 = VersionKey("v1.1"), VersionKey("v1.2")


@pytest.fixture
def loop(label_studio: LabelStudioServer, loop: ShapesLoop) -> ShapesLoop:
    return loop


def versions(loop: ShapesLoop) -> list[str]:
    return [one.version for one in loop.data.versions(SHAPES.name)]


@pytest.mark.real
def test_enough_answers_plan_the_next_version_and_request_its_round(
    loop: ShapesLoop, daemon: SensorDaemon
) -> None:
    for sample in loop.ask():
        loop.answer(sample)

    tick = daemon.tick(SENSOR)

    (run,) = daemon.runs("shapes_round")
    assert versions(loop) == ["v1.0", "v1.1"]
    assert run.tags["dagster/partition"] == "v1.1"
    assert run.tags["dagster/run_key"] == "shapes:v1.1:1"
    assert run.tags["trainplat/trigger"] == (
        "Trains, because 3 new labels, 3 are enough; no question waits for an answer any more."
    )
    assert run.status is DagsterRunStatus.QUEUED
    assert tick.run_ids == [run.run_id]
    evaluations = loop.triggers.evaluations(SHAPES.name)
    assert [(one.verdict.fires, one.version) for one in evaluations] == [(True, "v1.1")]
    assert daemon.instance.get_dynamic_partitions("shapes_versions") == ["v1.0", "v1.1"]


@pytest.mark.real
@pytest.mark.parametrize(
    "kill_at",
    [
        pytest.param("TICK_CREATED", marks=pytest.mark.slow),
        pytest.param("TICK_HELD", marks=pytest.mark.slow),
        pytest.param("RUN_IDS_RESERVED", marks=pytest.mark.slow),
        "RUN_CREATED",
        pytest.param("RUN_LAUNCHED", marks=pytest.mark.slow),
    ],
)
def test_a_daemon_killed_in_a_tick_starts_one_training_all_the_same(
    loop: ShapesLoop, daemon: SensorDaemon, kill_at: str
) -> None:
    for sample in loop.ask():
        loop.answer(sample)

    daemon.tick_killed(SENSOR, kill_at)
    for _ in range(3):
        daemon.tick(SENSOR)

    (run,) = daemon.runs("shapes_round")
    assert versions(loop) == ["v1.0", "v1.1"]
    assert (run.tags["dagster/partition"], run.status) == ("v1.1", DagsterRunStatus.QUEUED)


POLL = ("resources.labeling.service:LabelingService", "poll")
PLAN = ("resources.data.service:DataService", "plan_next")
TRIGGERS = "resources.learning.triggering.service:TriggerService"


@pytest.mark.real
@pytest.mark.parametrize(
    "kill",
    [
        pytest.param(Kill(*POLL), id="before the poll", marks=pytest.mark.slow),
        pytest.param(Kill(*POLL, after=True), id="after the poll", marks=pytest.mark.slow),
        pytest.param(Kill(*PLAN), id="before the plan", marks=pytest.mark.slow),
        pytest.param(Kill(*PLAN, after=True), id="after the plan"),
    ],
)
def test_a_code_server_killed_in_a_tick_starts_one_training_all_the_same(
    loop: ShapesLoop, daemon: SensorDaemon, kill: Kill
) -> None:
    for sample in loop.ask():
        loop.answer(sample)

    daemon.tick_killed(SENSOR, kill)
    for _ in range(3):
        daemon.tick(SENSOR)

    assert versions(loop) == ["v1.0", "v1.1"]
    assert [run.tags["dagster/partition"] for run in daemon.runs("shapes_round")] == ["v1.1"]


@pytest.mark.real
@pytest.mark.parametrize(
    "kill",
    [
        pytest.param(Kill(TRIGGERS, "keep"), id="before what was found is kept", marks=pytest.mark.slow),
        pytest.param(Kill(*PLAN), id="before the plan", marks=pytest.mark.slow),
        pytest.param(Kill(*PLAN, after=True), id="after the plan", marks=pytest.mark.slow),
        pytest.param(Kill(TRIGGERS, "note_planned"), id="before it is said", marks=pytest.mark.slow),
    ],
)
def test_a_wish_starts_one_training_whatever_is_killed(
    loop: ShapesLoop, daemon: SensorDaemon, kill: Kill
) -> None:
    loop.answer(loop.ask()[0])
    loop.triggers.wish(SHAPES.name, FIRST_VERSION, "before the fair", ANNA)

    daemon.tick_killed(SENSOR, kill)
    for _ in range(3):
        daemon.tick(SENSOR)

    (run,) = daemon.runs("shapes_round")
    assert versions(loop) == ["v1.0", "v1.1"]
    assert run.tags["trainplat/trigger"] == "Trains, because user:anna asked for it by hand: before the fair."
    assert [one.version for one in loop.triggers.past_wishes(SHAPES.name)] == ["v1.1"]


@pytest.mark.real
def test_a_wish_waits_for_something_to_train_on_and_is_taken_once(
    loop: ShapesLoop, daemon: SensorDaemon
) -> None:
    service, first = loop.triggers, loop.ask()[0]
    service.wish(SHAPES.name, FIRST_VERSION, "", ANNA)
    assert "Would train (user:anna asked for it by hand), but there is no new label to train on." in skipped(
        daemon
    )
    loop.answer(first)
    daemon.tick(SENSOR)
    loop.train(V1_1)
    loop.answer(loop.people.questions_open(SHAPES.name)[0].sample)
    assert "nobody asked for it by hand" in skipped(daemon)
    assert versions(loop) == ["v1.0", "v1.1"]


@pytest.mark.real
def test_while_training_is_paused_only_a_wish_starts_one(loop: ShapesLoop, daemon: SensorDaemon) -> None:
    service = loop.triggers
    service.pause(SHAPES.name, Paused.TRAINING, "the guide is rewritten", ANNA)
    for sample in loop.ask():
        loop.answer(sample)
    assert "but user:anna paused it: the guide is rewritten." in skipped(daemon)
    assert versions(loop) == ["v1.0"]
    service.wish(SHAPES.name, FIRST_VERSION, "", ANNA)
    daemon.tick(SENSOR)
    assert versions(loop) == ["v1.0", "v1.1"]


def test_who_asks_for_the_first_version_by_hand_gets_it(trainplat_home: Path, daemon: SensorDaemon) -> None:
    skipped(daemon)
    TriggerService(Home.from_environment().database()).wish(SHAPES.name, None, "", ANNA)
    for _ in range(2):
        daemon.tick(SENSOR)
    assert [run.tags["dagster/partition"] for run in daemon.runs("shapes_round")] == ["v1.0"]


def skipped(daemon: SensorDaemon) -> str:
    return daemon.tick(SENSOR).skip_reason or ""


def test_the_first_version_is_planned_and_left_to_people(trainplat_home: Path, daemon: SensorDaemon) -> None:
    reason = skipped(daemon)

    assert reason == "v1.0 has not been made yet. Start it: run shapes_round for partition v1.0."
    assert daemon.instance.get_dynamic_partitions("shapes_versions") == ["v1.0"]
    assert daemon.runs("shapes_round") == []


@pytest.mark.real
def test_few_answers_wait_for_the_others(loop: ShapesLoop, daemon: SensorDaemon) -> None:
    assert "questions of v1.0 are not in Label Studio yet" in skipped(daemon)
    first, second, third = loop.ask()
    loop.answer(first)

    assert skipped(daemon) == (
        "Waits for people: 1 of 3 new labels, 2 questions are open. Does not train: 1 of 3 new labels, "
        "2 missing; 2 questions wait for an answer; nobody asked for it by hand."
    )
    loop.answer(second)
    loop.answer(third, "dark", "light")
    reason = skipped(daemon)

    assert reason.startswith("Waits for people: 2 of 3 new labels, 1 questions are open. To mend: annotation")
    assert "more than one label: dark, light" in reason
    assert daemon.runs("shapes_round") == []


@pytest.mark.real
def test_when_no_question_is_open_any_more_fewer_answers_are_enough(
    loop: ShapesLoop, daemon: SensorDaemon
) -> None:
    first, second, third = loop.ask()
    loop.answer(first)
    tasks = {question.sample: question.task for question in loop.people.questions(SHAPES.name)}
    skip, gone = tasks[second], tasks[third]
    assert skip is not None
    assert gone is not None
    loop.people.client.skip(skip)
    loop.people.client.delete_task(gone)

    daemon.tick(SENSOR)

    assert versions(loop) == ["v1.0", "v1.1"]
    assert [run.tags["dagster/partition"] for run in daemon.runs("shapes_round")] == ["v1.1"]


@pytest.mark.real
def test_answers_that_come_during_a_training_go_into_the_version_after_it(
    loop: ShapesLoop, daemon: SensorDaemon
) -> None:
    for sample in loop.ask():
        loop.answer(sample)
    daemon.tick(SENSOR)
    loop.ask(count=3)
    for question in loop.people.questions_open(SHAPES.name):
        loop.answer(question.sample)

    assert "under way" in skipped(daemon)
    loop.train(loop.data.versions(SHAPES.name)[-1].version)
    daemon.tick(SENSOR)

    assert versions(loop) == ["v1.0", "v1.1", "v1.2"]
    new = [one.new_labels for one in loop.data.versions(SHAPES.name)]
    assert new == [0, 3, 3]
    assert len(loop.data.taken_refs(SHAPES.name)) == 6


@pytest.mark.real
def test_a_changed_answer_corrects_the_next_version(loop: ShapesLoop, daemon: SensorDaemon) -> None:
    chosen = loop.ask()
    for sample in chosen:
        loop.answer(sample, "dark")
    daemon.tick(SENSOR)
    version = loop.data.versions(SHAPES.name)[-1].version
    loop.train(version)
    task = next(one.task for one in loop.people.questions(SHAPES.name) if one.sample == chosen[0])
    assert task is not None
    client = loop.people.client
    known = client.tasks(_project(loop), [task])[0]
    client.connection.delete(f"/api/annotations/{known.annotations[0].id}/")
    loop.answer(chosen[0], "light")
    loop.ask(version, count=1)
    loop.answer(loop.people.questions_open(SHAPES.name)[0].sample)

    daemon.tick(SENSOR)

    corrected = {label.sample: label.label for label in loop.data.confirmed_labels(SHAPES.name, V1_2)}
    assert versions(loop) == ["v1.0", "v1.1", "v1.2"]
    assert corrected[chosen[0]] == "light"
    assert len(corrected) == 2


@pytest.mark.real
def test_a_round_that_failed_is_requested_again_even_while_label_studio_is_down(
    loop: ShapesLoop, daemon: SensorDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sample in loop.ask():
        loop.answer(sample)
    daemon.tick(SENSOR)
    daemon.end(daemon.runs("shapes_round")[0], DagsterRunStatus.FAILURE)
    monkeypatch.setenv("TRAINPLAT_LABEL_STUDIO_URL", "http://127.0.0.1:9")

    daemon.tick(SENSOR)

    assert [run.tags["dagster/run_key"] for run in daemon.runs("shapes_round")] == [
        "shapes:v1.1:1",
        "shapes:v1.1:2",
    ]
    assert "Label Studio at http://127.0.0.1:9 does not answer" in skipped(daemon)


@pytest.mark.real
def test_what_people_answer_while_label_studio_cannot_be_reached_is_heard_afterwards(
    loop: ShapesLoop, daemon: SensorDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = loop.ask()
    daemon.tick(SENSOR)
    for sample in chosen:
        loop.answer(sample)
    with monkeypatch.context() as patched:
        patched.setenv("TRAINPLAT_LABEL_STUDIO_URL", "http://127.0.0.1:9")
        assert "does not answer" in skipped(daemon)
        assert versions(loop) == ["v1.0"]

    daemon.tick(SENSOR)

    assert versions(loop) == ["v1.0", "v1.1"]


@pytest.mark.real
def test_a_cursor_that_somebody_spoiled_is_said_and_a_reset_loses_nothing(
    loop: ShapesLoop, daemon: SensorDaemon
) -> None:
    chosen = loop.ask()
    daemon.tick(SENSOR)
    for sample in chosen:
        loop.answer(sample)
    daemon.set_cursor(SENSOR, "yesterday")

    assert "the cursor 'yesterday' is none that this sensor wrote" in skipped(daemon)
    daemon.set_cursor(SENSOR, None)
    daemon.tick(SENSOR)

    assert versions(loop) == ["v1.0", "v1.1"]


def _project(loop: ShapesLoop) -> ProjectId:
    listed = loop.people.client.connection.get("/api/projects/", {"title": SHAPES.name}).json()
    return ProjectId(int(listed["results"][0]["id"]))


@pytest.mark.real
def test_labels_that_cannot_be_planned_are_said_and_kept(
    loop: ShapesLoop, daemon: SensorDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sample in loop.ask():
        loop.answer(sample)

    def full(*_: object) -> None:
        raise Unavailable("the disk that holds the data is full", "Free some space there.")

    with monkeypatch.context() as patched:
        patched.setattr(DataService, "plan_next", full)
        assert "The next version cannot be planned: the disk that holds the data is full" in skipped(daemon)
    daemon.tick(SENSOR)

    assert versions(loop) == ["v1.0", "v1.1"]


@pytest.mark.real
def test_while_mlflow_is_down_a_round_waits_and_spends_no_attempt(
    loop: ShapesLoop, daemon: SensorDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sample in loop.ask():
        loop.answer(sample)
    monkeypatch.setenv("TRAINPLAT_MLFLOW_URL", f"http://127.0.0.1:{free_port()}")
    tick = daemon.tick(SENSOR)
    assert daemon.runs("shapes_round") == []
    assert "The round of v1.1 waits: MLflow at " in (tick.skip_reason or "")

    monkeypatch.delenv("TRAINPLAT_MLFLOW_URL")
    daemon.tick(SENSOR)
    (run,) = daemon.runs("shapes_round")
    assert run.tags["dagster/partition"] == "v1.1"


@pytest.mark.real
def test_while_the_disk_is_full_a_round_waits_and_spends_no_attempt(
    loop: ShapesLoop, daemon: SensorDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sample in loop.ask():
        loop.answer(sample)
    with monkeypatch.context() as full:
        full.setattr("resources.files.LEAST_FREE_BYTES", 1 << 60)  # more than any disk has
        tick = daemon.tick(SENSOR)
    assert daemon.runs("shapes_round") == []
    assert "The round of v1.1 waits: the disk that holds" in (tick.skip_reason or "")

    daemon.tick(SENSOR)
    (run,) = daemon.runs("shapes_round")
    assert run.tags["dagster/run_key"] == "shapes:v1.1:1"
