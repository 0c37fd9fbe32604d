from dataclasses import replace
from datetime import UTC, datetime

import pytest

from resources.kinds import Measure
from resources.registry.model import Decision
from resources.terms import DatasetName, VersionKey
from trainplat_cli.demo.model import ASK_JOB, ROUND_JOB, RunState, RunView, Scene
from trainplat_cli.demo.news import decision_line, doing, news

FIRST = Decision(
    dataset=DatasetName("digits"),
    version=VersionKey("v1.0"),
    labels=100,
    model_number=1,
    accuracy_new=0.9,
    accuracy_old=None,
    promoted=True,
    champion_number=1,
    champion_version=VersionKey("v1.0"),
    lease_s=4.0,
    decided_at=datetime(2026, 1, 1, tzinfo=UTC),
)
SECOND = replace(FIRST, version=VersionKey("v1.1"), labels=150, accuracy_new=0.92, accuracy_old=0.9)
RUN = RunView("one", ROUND_JOB, VersionKey("v1.0"), RunState.WAITING, 100.0, None)


def scene(*runs: RunView, decisions: tuple[Decision, ...] = (), questions: int = 0) -> Scene:
    return Scene(decisions, runs, questions)


def test_a_decision_names_what_it_was_measured_by() -> None:
    spans, boxes = replace(FIRST, measure=Measure.SPAN_F1), replace(SECOND, measure=Measure.BOX_AP)
    assert decision_line(spans) == "v1.0: 100 labels, span F1 90.0%; the first champion"
    assert "150 labels, average precision 92.0% against 90.0%" in decision_line(boxes)


def test_a_run_is_told_from_queue_to_end_each_step_once() -> None:
    waiting = scene(replace(RUN, reason="R2: no device is free"))
    running = scene(replace(RUN, state=RunState.RUNNING))
    done = scene(replace(RUN, state=RunState.DONE, ended_s=112.5), decisions=(FIRST,))
    assert news(None, waiting) == ["round v1.0: queued (R2: no device is free)"]
    assert news(waiting, waiting) == []
    assert news(waiting, running) == ["round v1.0: runs"]
    assert news(running, done) == [
        "round v1.0: done after 12.5 s",
        "v1.0: 100 labels, accuracy 90.0%; the first champion",
    ]


def test_what_was_over_before_is_told_by_its_decisions_only() -> None:
    old = scene(replace(RUN, state=RunState.FAILED, ended_s=101.0), decisions=(FIRST,))
    assert news(None, old) == ["v1.0: 100 labels, accuracy 90.0%; the first champion"]


def test_a_failed_or_cancelled_run_is_told() -> None:
    before = scene(RUN)
    assert news(before, scene(replace(RUN, state=RunState.FAILED, ended_s=1.0))) == ["round v1.0: failed"]
    assert news(before, scene(replace(RUN, state=RunState.CANCELED, ended_s=1.0))) == ["round v1.0: canceled"]


def test_a_decision_says_who_won() -> None:
    assert decision_line(SECOND) == "v1.1: 150 labels, accuracy 92.0% against 90.0%; the new champion"
    kept = replace(SECOND, promoted=False, accuracy_new=0.89)
    assert decision_line(kept) == "v1.1: 150 labels, accuracy 89.0% against 90.0%; the champion stays"


def test_what_goes_on_is_said_in_one_line() -> None:
    asking = RunView("two", ASK_JOB, VersionKey("v1.0"), RunState.RUNNING, 100.0, None, step="digits__query")
    assert doing(scene(asking), 108.0) == "questions of v1.0: digits__query (8.0 s)"
    assert doing(scene(RUN), 108.0) == "round v1.0: waiting (8.0 s)"
    assert doing(scene(questions=7), 0.0) == "7 questions wait for an answer"
    assert doing(scene(questions=1), 0.0) == "1 question waits for an answer"
    assert doing(scene(), 0.0) == "the sensors look for what to do next"


@pytest.mark.parametrize("state", RunState)
def test_the_state_of_a_run_is_told_in_the_language_of_the_reader(
    state: RunState, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert state.shown() == str(state)
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    assert not state.shown().isascii()
    assert news(scene(RUN), scene(replace(RUN, state=RunState.FAILED, ended_s=1.0))) == ["v1.0 轮：失败"]
