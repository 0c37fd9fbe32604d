from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st
from streamlit.testing.v1 import AppTest

from resources.home import Home
from resources.kinds import Measure
from resources.terms import Label, VersionKey
from tests.streamlit_app.conftest import words
from tests.streamlit_app.homes import add_rounds, add_versions, measured_by, with_a_class_more

OpenPage = Callable[..., AppTest]


def test_the_comparison_starts_with_the_champion_and_the_version_before_it(
    open_page: OpenPage, filled_home: Home
) -> None:
    app = open_page("comparison")
    assert (app.selectbox(key="left").value, app.selectbox(key="right").value) == ("v1.0", "v1.1")
    assert [metric.value for metric in app.metric][:2] == ["88.1%", "92.5%"]
    assert app.metric[1].delta == "+4.4 points"


def test_an_address_names_the_two_versions_to_compare(open_page: OpenPage, filled_home: Home) -> None:
    app = open_page("comparison", left="v1.1", right="v1.2")
    assert [metric.value for metric in app.metric][:2] == ["92.5%", "91.7%"]
    assert "?dataset=digits&left=v1.1&right=v1.2" in words(app)


def test_other_versions_can_be_chosen(open_page: OpenPage, filled_home: Home) -> None:
    app = open_page("comparison")
    app.selectbox(key="right").set_value(VersionKey("v1.2")).run()
    assert [metric.value for metric in app.metric][:2] == ["88.1%", "91.7%"]


def test_every_decision_is_listed_and_can_be_downloaded(open_page: OpenPage, filled_home: Home) -> None:
    app = open_page("comparison")
    shown = words(app)
    assert "champion stays" in shown
    assert "promoted" in shown
    assert [button.label for button in app.download_button] == ["Download as CSV"]


def test_models_that_were_measured_on_different_test_sets_are_compared_with_a_warning(
    open_page: OpenPage, filled_home: Home
) -> None:
    with filled_home.database().write() as connection:
        connection.exec_driver_sql("update evaluations set test_set = 'another' where version = 'v1.0'")
    assert "different test sets" in open_page("comparison").warning[0].value


def test_a_version_with_a_class_more_stands_beside_one_without(
    open_page: OpenPage, filled_home: Home
) -> None:
    with_a_class_more(filled_home, Label("ten"))
    app = open_page("comparison", left="v1.1", right="v1.2")
    assert not app.exception
    assert [metric.value for metric in app.metric][:2] == ["92.5%", "91.7%"]
    assert "different test sets" in app.warning[0].value


def test_the_page_names_what_models_are_measured_by(open_page: OpenPage, filled_home: Home) -> None:
    assert "Accuracy by version" in words(open_page("comparison"))
    measured_by(filled_home, Measure.SPAN_F1)
    st.cache_data.clear()

    shown = words(open_page("comparison"))
    assert "Span F1 by version" in shown
    assert "Span F1 · ★ champion" in shown
    assert "accuracy" not in shown.lower()
    chinese = words(open_page("comparison", locale="zh-CN"))
    assert "各版本的片段 F1" in chinese
    assert "准确率" not in chinese


def test_what_was_forgotten_of_each_task_is_told(open_page: OpenPage, filled_home: Home) -> None:
    shown = words(open_page("comparison"))
    assert "What is still known of each task" in shown
    assert "v1.0: 0, 1, 2, 3 … +6**: the newest model finds 91.7%, that of v1.1 found 92.5%" in shown
    assert "Forgotten, mean of the tasks -0.8 points" in shown
    assert "每个任务还记得多少" in words(open_page("comparison", locale="zh-CN"))


def test_after_one_round_nothing_can_be_forgotten_yet(open_page: OpenPage, trainplat_home: Path) -> None:
    home = Home(trainplat_home)
    add_versions(home, home.database(), datetime.now(UTC), count=1)
    add_rounds(home, home.database(), datetime.now(UTC), count=1)
    assert "One version is measured so far" in words(open_page("comparison"))
