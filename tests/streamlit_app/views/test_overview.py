import socket
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from resources.files import write_atomically
from resources.home import Home
from resources.kinds import Measure
from tests.streamlit_app import homes
from tests.streamlit_app.conftest import words

OpenPage = Callable[..., AppTest]


def test_the_overview_shows_every_stage_with_its_state(open_page: OpenPage, filled_home: Home) -> None:
    shown = words(open_page())
    for stage in ("Data", "Train", "Predict", "Choose", "Annotate", "Confirm", "Retrain"):
        assert f"</span>{stage}</div>" in shown
    assert "18 of 50" in shown
    assert "your turn" in shown
    assert "32 questions wait for an answer in Label Studio" in shown


def test_the_overview_counts_labels_and_names_the_champion(open_page: OpenPage, filled_home: Home) -> None:
    metrics = {metric.label: metric for metric in open_page().metric}
    assert (metrics["Labels"].value, metrics["Labels"].delta) == ("200", "+50")
    assert metrics["Pool"].value == "1,237"
    assert (metrics["Open questions"].value, metrics["Open questions"].delta) == ("32", "18 of 50 answered")
    assert metrics["Accuracy of the champion"].value == "92.5%"


def test_the_overview_names_what_the_champion_is_measured_by(open_page: OpenPage, filled_home: Home) -> None:
    homes.measured_by(filled_home, Measure.BOX_AP)
    assert "Average precision of the champion" in {metric.label for metric in open_page().metric}
    assert "冠军模型的平均精度" in {metric.label for metric in open_page(locale="zh-CN").metric}


def test_problems_of_annotation_say_what_to_do(open_page: OpenPage, filled_home: Home) -> None:
    homes.add_problems(filled_home.database(), datetime.now(UTC))
    shown = words(open_page())
    assert "The annotation has more than one label: 3, 8" in shown
    assert "choose one class, and update the annotation" in shown
    assert "1 question stays open until its annotation is mended" in shown
    assert "The task was skipped" in shown
    assert "该任务被跳过了" in words(open_page(locale="zh"))


def test_an_answer_that_went_back_is_a_second_look_and_no_trouble(
    open_page: OpenPage, filled_home: Home
) -> None:
    homes.add_second_look(filled_home.database(), datetime.now(UTC))
    shown = words(open_page())
    assert "1 answer went back to people, because it is doubted. A second answer decides." in shown
    assert "second look" in shown
    assert "to look at again" in shown
    assert "needs attention" not in shown
    assert "blocks" not in shown


@pytest.mark.parametrize(("found", "told"), [(20, None), (21, "1 more problem"), (30, "10 more problems")])
def test_only_so_many_problems_are_listed(
    open_page: OpenPage, filled_home: Home, found: int, told: str | None
) -> None:
    homes.add_problems(filled_home.database(), datetime.now(UTC), count=found)
    lines = words(open_page()).splitlines()
    assert [line for line in lines if "more problem" in line] == ([] if told is None else [told])


def test_the_overview_links_what_answers_and_names_what_does_not(
    open_page: OpenPage, filled_home: Home
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as dagster, socket.create_server(("127.0.0.1", 0)) as gone:
        alive, dead = (f"http://127.0.0.1:{one.getsockname()[1]}" for one in (dagster, gone))
        gone.close()
        write_atomically(filled_home.addresses_file, f'{{"dagster": "{alive}", "mlflow": "{dead}"}}')
        app = open_page()
    links = {link.label: link for link in app.link_button}
    assert list(links) == ["Dagster", "MLflow"]
    assert links["Dagster"].url == alive
    assert [warning.value for warning in app.warning] == [
        "MLflow does not answer. `trainplat status` says why; `trainplat up` starts it."
    ]


def test_the_overview_says_how_to_start_a_stack_that_is_not_running(
    open_page: OpenPage, filled_home: Home
) -> None:
    assert "`trainplat up` starts them" in words(open_page())


def test_a_home_with_a_planned_version_only_says_how_to_run_it(
    open_page: OpenPage, trainplat_home: object
) -> None:
    home = Home.from_environment()
    (home.data / homes.DIGITS).mkdir(parents=True)
    homes.add_planned(home, home.database(), datetime.now(UTC), homes.VERSIONS[0], homes.VERSIONS[0])
    assert "or materialize the job `digits_round`" in words(open_page())
    assert "No model yet" in words(open_page("comparison"))


def test_a_home_with_several_data_sets_asks_which_one(open_page: OpenPage, filled_home: Home) -> None:
    database = filled_home.database()
    (filled_home.data / "letters").mkdir()
    with database.write() as connection:
        connection.exec_driver_sql(
            "insert into dataset_versions (dataset, version, state, planned_at, new_labels) "
            "values ('letters', 'v1.0', 'planned', '2026-01-01 00:00:00.000000', 0)"
        )
    app = open_page()
    box = app.selectbox(key="dataset")
    assert (list(box.options), box.value) == (["digits", "letters"], "digits")
    assert "materialize the job `letters_round`" in words(open_page(dataset="letters"))
