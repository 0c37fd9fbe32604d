"""The page that compares models, on a home with many."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete
from streamlit.testing.v1 import AppTest

from benchmarks.many_models import ManyModels, fill
from resources.home import Home
from resources.registry.evaluations.service import EvaluationService
from resources.registry.evaluations.store import MEASUREMENTS
from tests.streamlit_app.conftest import words

OpenPage = Callable[..., AppTest]
FEW = ManyModels(count=12, test_count=80)


@pytest.fixture
def home(trainplat_home: Path) -> Home:
    """Twelve models of as many data versions."""
    home = Home(trainplat_home)
    fill(home, FEW)
    return home


def test_all_models_stand_beside_the_champion(open_page: OpenPage, home: Home) -> None:
    app = open_page("comparison")
    champion = app.selectbox(key="baseline").value
    shown = words(app)
    assert "12 of 12 models" in shown
    assert "Accuracy by model" in shown
    assert "★ champion" in shown
    assert f"Model 12 · v1.11 beside model {champion} · " in shown or champion == "12"
    assert "with 95 % confidence" in shown
    assert f"part=models&metric=value&order=newest&baseline={champion}" in shown


@pytest.mark.slow
def test_an_address_says_what_is_compared(open_page: OpenPage, home: Home) -> None:
    app = open_page(
        "comparison", part="parameters", method=["ewc", "lwf"], text="seed>1", baseline="3", metric="brier"
    )
    shown = words(app)
    assert "3 of 12 models" in shown
    assert "Parameters that differ" in shown
    assert "Brier score" in shown
    assert "part=parameters&method=ewc&method=lwf&text=seed%3E1&metric=brier" in shown
    assert app.selectbox(key="baseline").value == "3"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("gains", "Clearly better:"),
        ("slices", "By slice"),
        ("costs", "the Pareto front"),
        ("calibration", "in 15 bins"),
        ("samples", "Samples behind the numbers"),
        ("gates", "What gates say"),
        ("rounds", "What is still known of each task"),
    ],
)
def test_each_part_is_drawn_and_speaks_chinese(open_page: OpenPage, home: Home, part: str, said: str) -> None:
    assert said in words(open_page("comparison", part=part))
    assert said not in words(open_page("comparison", part=part, locale="zh-CN"))


@pytest.mark.slow
def test_a_cell_of_the_confusion_leads_to_its_samples(open_page: OpenPage, home: Home) -> None:
    app = open_page("comparison", part="samples", shown="cell", model="2", baseline="1")
    box = app.selectbox(key="cell")
    true, _arrow, said = str(box.value).partition(" → ")
    assert true != said, "mistakes come first"
    shown = words(app)
    assert "in this cell." in shown
    assert "true" in shown
    box.set_value("3 → 3").run()
    right = app.caption[1].value
    assert right.endswith("in this cell.")
    assert right not in shown


@pytest.mark.slow
def test_what_no_model_fits_says_what_to_do(open_page: OpenPage, home: Home) -> None:
    assert "No model fits." in words(open_page("comparison", text="nobody"))


@pytest.mark.slow
def test_a_home_whose_models_were_measured_before_says_how_to_measure_them(
    open_page: OpenPage, home: Home
) -> None:
    with home.database().write() as connection:
        connection.execute(delete(MEASUREMENTS))
    assert "Decisions" in words(open_page("comparison")), "the rounds are what there is"
    shown = words(open_page("comparison", part="models"))
    assert "No model is measured yet" in shown
    assert "--select digits/evaluation" in shown


@pytest.mark.slow
def test_answers_that_are_gone_are_told_in_words(open_page: OpenPage, home: Home) -> None:
    service = EvaluationService(home, home.database())
    for one in service.measurements(FEW.dataset):
        service.path(FEW.dataset, one.number, one.test_set).unlink()
    assert "is not kept" in words(open_page("comparison", part="samples"))
    assert "are not kept" in words(open_page("comparison", part="calibration"))
    assert "their answers are gone" in words(open_page("comparison", part="gains"))
    assert "Accuracy by model" in words(open_page("comparison"))


@pytest.mark.slow
def test_more_than_a_hundred_models_are_paged(open_page: OpenPage, trainplat_home: Path) -> None:
    fill(Home(trainplat_home), ManyModels(count=130, test_count=40))
    first = words(open_page("comparison"))
    assert "130 of 130 models" in first
    second = words(open_page("comparison", sheet="2"))
    assert first != second


@pytest.mark.slow
def test_a_link_tells_what_a_part_chose(open_page: OpenPage, home: Home) -> None:
    app = open_page("comparison", part="samples", shown="better", model="5", baseline="2")
    assert "baseline=2&model=5&shown=better" in words(app)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["models", "gains", "samples", "calibration", "nowhere"])
def test_a_link_that_is_stale_or_wrong_shows_what_there_is(
    open_page: OpenPage, home: Home, part: str
) -> None:
    wrong = {"baseline": "99", "metric": "luck", "order": "up", "model": "-1", "cell": "x", "sheet": "7"}
    app = open_page("comparison", part=part, shown="cell", data=["v9.9", "v1.3"], method=["none"], **wrong)
    assert app.selectbox(key="baseline").value in {str(number) for number in range(1, FEW.count + 1)}
    assert "of 12 models" in words(app)
    long = open_page("comparison", part=part, text="seed>=0 " * 2000)
    assert "12 of 12 models" in words(long)


@pytest.mark.slow
def test_a_model_that_a_filter_leaves_out_is_not_looked_at(open_page: OpenPage, home: Home) -> None:
    app = open_page("comparison", part="calibration", model="3")
    app.text_input(key="text").set_value("number>6").run()
    assert not app.exception
    assert int(str(app.selectbox(key="model").value)) > 6
