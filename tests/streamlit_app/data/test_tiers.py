from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit
from streamlit.testing.v1 import AppTest

from resources.data.tiers.model import ALL, Rule, Tier
from resources.data.tiers.service import TierService
from resources.home import Home
from resources.terms import Actor
from tests.streamlit_app import data_home
from tests.streamlit_app.conftest import words

OpenPage = Callable[..., AppTest]
ANN = Actor("user:ann")


@pytest.fixture
def home(trainplat_home: Path, tmp_path: Path) -> Home:
    made = Home(trainplat_home)
    data_home.fill(made, tmp_path / "source")
    return made


def shown(open_page: OpenPage) -> str:
    streamlit.cache_data.clear()
    return words(open_page("data", part="storage"))


def test_without_a_colder_tier_the_page_says_how_to_have_one(open_page: OpenPage, home: Home) -> None:
    told = shown(open_page)
    assert "hot: in the store" in told
    assert "trainplat data tier set warm" in told


def test_what_the_rules_would_move_and_save_is_told_until_it_is_moved(
    open_page: OpenPage, home: Home, tmp_path: Path
) -> None:
    (tmp_path / "warm").mkdir()
    tiers = TierService(home, home.database())
    tiers.set_place(Tier.WARM, str(tmp_path / "warm"), ANN)
    told = shown(open_page)
    assert "No prices are known" in told
    assert "trainplat data tier rule warm --unused 30d" in told
    home.prices_file.write_text("currency: EUR\nper_gib_month: {hot: 1000, warm: 10}\n")
    tiers.set_rule(Rule(ALL, Tier.WARM, 0, 0), ANN)
    told = shown(open_page)
    assert "All data sets: to warm after 0 s without use, and 0 s of age." in told
    assert "The rules would move 1 version. In all data sets they would save" in told
    assert "EUR each month" in told
    assert "trainplat data tier apply" in told
    tiers.apply(ANN)
    told = shown(open_page)
    assert "The rules would move no version of it now." in told
    assert "v1.0 · warm" in told


def test_prices_that_are_none_are_named(open_page: OpenPage, home: Home) -> None:
    home.prices_file.write_text("currency: EUR\nper_gib_month: {hot: cheap}\n")
    streamlit.cache_data.clear()
    app = open_page("data", part="storage")
    assert any("'cheap'" in one.value for one in app.error)
    assert "The store in all" in words(app)
