import json
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest
import streamlit as st
from sqlalchemy import insert
from streamlit.testing.v1 import AppTest

from resources.asking import Why
from resources.database.audit import recent
from resources.home import Home
from resources.kinds import Measure
from resources.labeling.predictions import Drawing, Pick, PoolPredictions, PredictionFiles, Query
from resources.labeling.tables import TASKS
from resources.learning.triggering.judging import judge
from resources.learning.triggering.model import Paused, TriggerSnapshot
from resources.learning.triggering.service import TriggerService
from resources.terms import FIRST_VERSION, VersionKey
from resources.triggers import AllOf, AnyOf, ByHand, Elapsed, LabelCount, TriggerPolicy
from tests.resources.data.shapes import SHAPES
from tests.sensors.shapes_loop import ShapesLoop, begun
from tests.streamlit_app import homes
from tests.streamlit_app.conftest import words

OpenPage = Callable[..., AppTest]
PAGE = "active_learning"
POLICY = TriggerPolicy(
    when=AnyOf((LabelCount(50), AllOf((Elapsed(86_400), LabelCount(5))), ByHand())),
    cool_down_s=3600,
    budget_gpu_hours=2,
)


def evaluated(home: Home, labels: int) -> TriggerService:
    service = TriggerService(home.database())
    at = TriggerSnapshot(labels_per_round=50, new_labels=labels, used_gpu_hours=0.5)
    service.keep(homes.DIGITS, judge(POLICY, at, datetime.now(UTC)))
    return service


def test_an_empty_home_says_how_to_begin(open_page: OpenPage, trainplat_home: object) -> None:
    assert "Nothing here yet" in words(open_page(PAGE))


def test_a_home_without_evaluation_says_what_is_missing(open_page: OpenPage, filled_home: Home) -> None:
    shown = words(open_page(PAGE))
    assert "No trigger was evaluated yet" in shown
    assert "Random picks answered 0" in shown


def test_each_condition_is_a_gauge_with_what_it_lacks(open_page: OpenPage, filled_home: Home) -> None:
    evaluated(filled_home, 18)
    app = open_page(PAGE)
    shown = words(app)
    assert "Does not train: 18 of 50 new labels, 32 missing; there was no training yet" in shown
    for text in ("18 / 50", "0.5 / 2", "All of", "Cool-down", "0.5 of 2 GPU-hours are used in 24 h"):
        assert text in shown
    assert "Evaluated just now." in shown
    assert {"Labels", "Accuracy of the champion"} <= {one.label for one in app.metric}
    table = next(one.value for one in app.html if "Picked by" in one.value)
    assert "strategy" in table
    assert "32" in table  # open
    assert "18" in table  # answered


def test_agreement_is_shown_once_two_people_answered_the_same(open_page: OpenPage, filled_home: Home) -> None:
    assert "No sample has answers of two people yet" in words(open_page(PAGE))
    database = filled_home.database()
    at = datetime.now(UTC).isoformat()
    said = [("3", "3"), ("8", "8"), ("3", "8"), ("1", "1")]
    with database.write() as connection:
        for task, labels in enumerate(said, start=900):
            annotations = [
                {"id": 2 * task + who, "labels": [label], "skipped": False, "at": at, "by": who + 1}
                for who, label in enumerate(labels)
            ]
            connection.execute(
                insert(TASKS).values(
                    project=7,
                    task=task,
                    dataset=homes.DIGITS,
                    sample=f"{task:064x}",
                    updated_at=datetime.now(UTC),
                    live=True,
                    submitted=2,
                    annotations=json.dumps(annotations),
                )
            )
    st.cache_data.clear()
    app = open_page(PAGE)
    metrics = {one.label: one.value for one in app.metric}
    assert metrics["Samples with several answers"] == "4"
    assert metrics["Krippendorff's alpha"] == "0.67"
    assert "#1" in words(app)


def test_marks_are_measured_by_their_measure_and_held_against_no_accuracy(
    open_page: OpenPage, filled_home: Home
) -> None:
    assert "Diamonds are no rounds of this data set" in words(open_page(PAGE))
    homes.measured_by(filled_home, Measure.SPAN_F1)
    st.cache_data.clear()

    shown = words(open_page(PAGE))
    assert "Span F1 of the champion" in shown
    assert "not against the line, which is span F1" in shown
    assert "Diamonds" not in shown
    assert "accuracy" not in shown.lower()


def test_each_chart_says_in_words_what_it_shows(open_page: OpenPage, filled_home: Home) -> None:
    homes.add_random_rounds(filled_home)
    app = open_page(PAGE)
    assert [one.proto.alt for one in app.get("vega_lite_chart")] == [
        "Accuracy by labels, of the rounds and of labels at random alone",
        "Questions by guessed class and state",
        "Share of each class that is found, by version",
    ]
    shown = words(app)
    assert "What is found of each class" in shown
    assert "With 112 labels random asking reaches 89.7%, and the rounds 89.1%." in shown


def test_without_random_labels_the_page_says_what_is_missing(open_page: OpenPage, filled_home: Home) -> None:
    assert "Nothing can be said of random asking yet" in words(open_page(PAGE))


def test_the_page_speaks_chinese(open_page: OpenPage, filled_home: Home) -> None:
    evaluated(filled_home, 18)
    shown = words(open_page(PAGE, locale="zh"))
    assert "新标注 18/50，还差 32" in shown
    assert "主动学习" in shown


def test_a_person_pauses_with_a_reason_and_resumes(open_page: OpenPage, filled_home: Home) -> None:
    service = evaluated(filled_home, 18)
    app = open_page(PAGE)
    app.button(key="pause-training").click().run()
    assert "without a reason" in words(app)
    app.text_input(key="pause-reason-training").set_value("the guide is rewritten")
    app.button(key="pause-training").click().run()
    assert "the guide is rewritten" in words(app)
    pause = service.paused(homes.DIGITS, Paused.TRAINING)
    assert pause is not None
    row = recent(filled_home.database(), 1)[0]
    assert (row.action, row.actor, row.detail) == (
        "triggers.pause_training",
        pause.actor,
        "the guide is rewritten",
    )
    app.button(key="resume-training").click().run()
    assert service.paused(homes.DIGITS, Paused.TRAINING) is None
    assert "**Automatic training** is on." in words(app)


def test_a_person_asks_for_a_training_by_hand(open_page: OpenPage, filled_home: Home) -> None:
    service = evaluated(filled_home, 18)
    app = open_page(PAGE)
    app.text_input(key="wish-reason").set_value("before the fair")
    app.button(key="wish").click().run()
    [wish] = service.wishes(homes.DIGITS)
    assert (wish.reason, wish.after) == ("before the fair", VersionKey("v1.2"))
    assert any("before the fair" in one.value for one in app.success)


@pytest.fixture
def shapes(trainplat_home: object) -> ShapesLoop:
    loop = begun(Home.from_environment().path)
    files, pool = PredictionFiles(loop.home), tuple(sorted(loop.pool()))
    sure = np.linspace(0.5, 0.95, len(pool))
    guesses = np.stack([sure, 1 - sure], axis=1)
    files.write_predictions(
        SHAPES.name, FIRST_VERSION, PoolPredictions("shapes-1", SHAPES.classes, pool, guesses)
    )
    picks = (Pick(pool[0], SHAPES.classes[0], 0.5), Pick(pool[1], SHAPES.classes[0], 0.6, Why.RANDOM))
    query = Query("shapes-1", "margin", picks, Drawing(4, 0.25, 7))
    files.write_query(SHAPES.name, FIRST_VERSION, query)
    assert files.read_query(SHAPES.name, FIRST_VERSION) == query
    return loop


def test_the_next_query_is_shown_with_pictures_and_reasons_and_nothing_is_sent(
    open_page: OpenPage, shapes: ShapesLoop
) -> None:
    app = open_page(PAGE)
    assert "shapes-1" not in words(app)
    app.button(key="try-query").click().run()
    shown = words(app)
    assert (
        f"shapes-1 after v1.0 would ask 4 of {len(shapes.pool())} samples: 3 by margin, 1 at random." in shown
    )
    assert shown.count('src="data:image/png;base64,') == 4
    assert "dark? 50%" in shown
    assert shapes.people.questions(SHAPES.name) == []
