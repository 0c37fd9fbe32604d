from datetime import UTC, datetime, timedelta

import pytest

from resources.home import Home
from resources.terms import DatasetName
from streamlit_app.readings.loop import read_loop
from tests.streamlit_app import homes

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_the_loop_is_read_through_the_services(home: Home) -> None:
    loop = read_loop(home, home.database(), homes.DIGITS, clock=lambda: NOW)
    assert [version.version for version in loop.versions] == list(homes.VERSIONS)
    assert [one.promoted for one in loop.rounds] == [True, True, False]
    assert loop.questions is not None
    assert (loop.questions.version, loop.questions.asked, loop.questions.still_open) == ("v1.2", 50, 32)
    assert (loop.new_labels, loop.newest_label_at) == (18, NOW - timedelta(minutes=2))
    assert (loop.runs_leased, loop.runs_waiting) == (1, 2)
    assert loop.read_at == NOW


def test_the_champion_keeps_its_accuracy_where_a_challenger_did_not_win(home: Home) -> None:
    loop = read_loop(home, home.database(), homes.DIGITS)
    assert loop.champion is not None
    assert loop.champion.version == "v1.1"
    assert [round(accuracy, 3) for accuracy in loop.champion_accuracies()] == [0.881, 0.925, 0.925]


def test_a_label_that_a_version_has_taken_up_is_not_new_any_more(home: Home) -> None:
    with home.database().write() as connection:
        connection.exec_driver_sql("update dataset_labels set ref = 'answer-3' where ref = 'ref-1-0'")
    assert read_loop(home, home.database(), homes.DIGITS).new_labels == 17


def test_questions_that_were_withdrawn_do_not_count(home: Home) -> None:
    with home.database().write() as connection:
        connection.exec_driver_sql("update labeling_questions set state = 'withdrawn' where sample > 'q4'")
    questions = read_loop(home, home.database(), homes.DIGITS).questions
    assert questions is not None
    assert questions.asked < 50
    with home.database().write() as connection:
        connection.exec_driver_sql("update labeling_questions set state = 'withdrawn'")
    assert read_loop(home, home.database(), homes.DIGITS).questions is None


def test_questions_that_are_not_all_sent_are_not_shown_yet(home: Home) -> None:
    with home.database().write() as connection:
        connection.exec_driver_sql("delete from labeling_rounds")
    assert read_loop(home, home.database(), homes.DIGITS).questions is None


def test_a_task_has_a_page_where_label_studio_is_known(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_loop(home, home.database(), homes.DIGITS).task_page(31) is None
    monkeypatch.setenv("TRAINPLAT_LABEL_STUDIO_URL", "http://127.0.0.1:8080")
    page = read_loop(home, home.database(), homes.DIGITS).task_page(31)
    assert page == "http://127.0.0.1:8080/projects/1/data?task=31"


def test_a_data_set_without_versions_has_an_empty_loop(home: Home) -> None:
    loop = read_loop(home, home.database(), DatasetName("letters"))
    assert (loop.versions, loop.rounds, loop.champion, loop.champion_accuracies()) == ((), (), None, [])
