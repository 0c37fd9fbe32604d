"""What a check stopped is left to people; what failed beside a check that only warns is tried again."""

from datetime import timedelta

import pytest
from dagster import (
    AssetCheckEvaluation,
    AssetCheckSeverity,
    AssetKey,
    DagsterEvent,
    DagsterEventType,
    DagsterRunStatus,
)

from resources.learning.triggering.service import TriggerService
from resources.terms import VersionKey
from sensors.attempts import WHAT_NEXT, WISHES_TAG, Attempt, Outcome
from sensors.rounds import judged
from tests.resources.data.shapes import SHAPES
from tests.sensors.daemon import SensorDaemon
from tests.sensors.shapes_loop import ANNA, ShapesLoop
from tests.sensors.situations import NOW, RECORD, situation
from tests.servers.label_studio import LabelStudioServer

SENSOR = "shapes_annotations"


@pytest.fixture
def loop(label_studio: LabelStudioServer, loop: ShapesLoop) -> ShapesLoop:
    return loop


def fail_after_check(loop: ShapesLoop, daemon: SensorDaemon, severity: AssetCheckSeverity) -> None:
    """Let the first round that labels start end with a blocking check that did not pass, an hour ago."""
    for sample in loop.ask():
        loop.answer(sample)
    daemon.tick(SENSOR)
    (run,) = daemon.runs("shapes_round")
    check = AssetCheckEvaluation(
        asset_key=AssetKey(["shapes", "model"]),
        check_name="little_forgotten",
        passed=False,
        severity=severity,
        description="It forgot 9s",
        metadata={WHAT_NEXT: "Ask for less."},
        blocking=True,
    )
    kind = DagsterEventType.ASSET_CHECK_EVALUATION.value
    event = DagsterEvent(kind, "shapes_round", event_specific_data=check)
    daemon.instance.report_dagster_event(event, run.run_id)
    daemon.end(run, DagsterRunStatus.FAILURE)
    daemon.now += timedelta(hours=1)


def test_what_stopped_a_round_is_told_by_the_verdict_until_it_is_mended() -> None:
    stopped = Attempt("run-1", 1, Outcome.STOPPED, NOW - timedelta(hours=1), "Check a on b did not pass: c.")
    (busy, *_) = judged(SHAPES, situation(decided=False, attempts=(stopped,)), NOW).guards
    assert busy.said.text == (
        f"the round of {RECORD.version} was stopped (Check a on b did not pass: c); "
        "asking by hand after that starts it again"
    )
    again = Attempt("run-2", None, Outcome.UNDER_WAY, None)
    (busy, *_) = judged(SHAPES, situation(decided=False, attempts=(again, stopped)), NOW).guards
    assert busy.said.text == f"the round of {RECORD.version} is not done"


@pytest.mark.real
def test_a_round_that_a_check_stopped_is_not_requested_again_and_is_told_with_what_to_do(
    loop: ShapesLoop, daemon: SensorDaemon
) -> None:
    fail_after_check(loop, daemon, AssetCheckSeverity.ERROR)

    told = daemon.tick(SENSOR).skip_reason or ""

    assert "Check little_forgotten on shapes/model did not pass: It forgot 9s. Ask for less." in told
    assert "Then ask for a training by hand (`trainplat trigger shapes`, or Train by hand on" in told
    assert "or re-execute that run in the Dagster UI." in told
    assert len(daemon.runs("shapes_round")) == 1
    newest = loop.triggers.newest(SHAPES.name)
    assert newest is not None
    assert "was stopped (Check little_forgotten" in newest.verdict.holding[0].said.text


@pytest.mark.real
def test_a_round_that_failed_beside_a_check_that_only_warns_is_requested_again(
    loop: ShapesLoop, daemon: SensorDaemon
) -> None:
    fail_after_check(loop, daemon, AssetCheckSeverity.WARN)

    daemon.tick(SENSOR)

    keys = [one.tags["dagster/run_key"] for one in daemon.runs("shapes_round")]
    assert keys == ["shapes:v1.1:1", "shapes:v1.1:2"]


@pytest.mark.real
def test_who_asks_by_hand_starts_a_stopped_round_once_more_and_the_wish_is_taken_by_it(
    loop: ShapesLoop, daemon: SensorDaemon
) -> None:
    fail_after_check(loop, daemon, AssetCheckSeverity.ERROR)
    people = TriggerService(loop.home.database(), lambda: daemon.now)
    asked = people.wish(SHAPES.name, VersionKey("v1.1"), "it asks for less now", ANNA).wish

    for _ in range(3):
        daemon.tick(SENSOR)

    newest, _ = sorted(daemon.runs("shapes_round"), key=lambda one: one.tags["dagster/run_key"], reverse=True)
    assert newest.tags["dagster/run_key"] == "shapes:v1.1:2"
    assert newest.tags[WISHES_TAG] == str(asked.id)
    assert [(one.version, one.is_open) for one in loop.triggers.past_wishes(SHAPES.name)] == [("v1.1", False)]
    daemon.end(newest, DagsterRunStatus.CANCELED)
    daemon.now += timedelta(hours=1)
    assert "was cancelled" in (daemon.tick(SENSOR).skip_reason or "")
    assert len(daemon.runs("shapes_round")) == 2
