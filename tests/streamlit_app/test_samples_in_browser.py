"""From a cell of a confusion to the pictures behind it: real digits, real models, a real browser."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Position, expect

from resources.home import Home
from resources.registry.comparing.samples import BothSaid, in_cell
from resources.registry.evaluations.service import EvaluationService
from resources.terms import Label
from tests.streamlit_app import digits_home
from tests.streamlit_app.digits_home import SCANNER, SPEC
from tests.streamlit_app.test_in_browser import is_calm, is_drawn, looks, picture, served

pytestmark = [
    *(pytest.mark.browser, pytest.mark.slow, pytest.mark.needs("chromium")),
    *(pytest.mark.timeout(600), pytest.mark.usefixtures("mlflow_in_home")),
]
ROOT = Path(__file__).parents[2]
OLD, NEW = 1, 2
ADDRESS = f"models?part=samples&shown=cell&baseline={OLD}&model={NEW}"
CARD_PX = 48
CORNER = Position(x=6, y=5)


@pytest.fixture
def home(trainplat_home: Path) -> Home:
    """Two models of real digits."""
    subprocess.run([sys.executable, "-m", digits_home.__name__], cwd=ROOT, check=True)
    return Home(trainplat_home)


def test_a_click_on_a_cell_shows_the_pictures_behind_it(browser: Browser, home: Home) -> None:
    answers = EvaluationService(home, home.database())
    old, new = answers.answers(SPEC.name, OLD), answers.answers(SPEC.name, NEW)
    assert old is not None
    assert new is not None

    def behind(true: str, said: str, *, of_old: bool) -> list[BothSaid]:
        return in_cell(SPEC.kind, old, new, Label(true), Label(said), of_old=of_old)

    mistakes = [
        (one, other) for one in SPEC.classes for other in SPEC.classes if one != other
        and behind(one, other, of_old=True)
    ]  # fmt: skip
    true, said = max(mistakes, key=lambda pair: len(behind(*pair, of_old=True)))
    with served(home.path, HOME=str(home.path.parent)) as dashboard:
        look = looks(browser, dashboard)
        with look(ADDRESS, "Model comparison") as page:
            _click_on(_table(page, "Confusion of model 2"), "7", "7")
            _shows(page, behind("7", "7", of_old=False), "7 → 7")
            _click_on(_table(page, "Confusion of model 1"), true, said)
            found = behind(true, said, of_old=True)
            _shows(page, found, f"{true} → {said}")
            expect(page).to_have_url(re.compile("of=old"))
            for card, one in zip(_cards(page).all(), found, strict=False):
                assert one.old is not None
                assert one.new is not None
                expect(card).to_contain_text(f"{one.old.answer} · {one.old.sure:.0%}")
                expect(card).to_contain_text(f"{one.new.answer} · {one.new.sure:.0%}")
            is_calm(page)
            page.mouse.move(0, 0)
            picture(page, "picture-models-samples")
            page.get_by_role("radio", name="Classes and slices", exact=True).click()
            expect(page.get_by_text("By slice", exact=True)).to_be_visible()
            for words in ("source: source folder", f"source: {SCANNER}"):
                expect(page.locator("svg text", has_text=words).first).to_be_attached()
            picture(page, "models-slices-by-source")
        with look(f"{ADDRESS}&of=old&cell={true}+→+{said}", "Model comparison", dark=True) as page:
            _shows(page, found, f"{true} → {said}")
            picture(page, "models-samples-dark")


def _shows(page: Page, found: list[BothSaid], cell: str) -> None:
    """All samples of the cell and no others, each as its own picture."""
    expect(page.get_by_text(f"{len(found)} in this cell.", exact=True)).to_be_visible()
    expect(page.get_by_role("combobox", name=re.compile("^True → said"))).to_have_value(cell)
    cards = _cards(page)
    expect(cards).to_have_count(min(len(found), 24))
    is_drawn(page)
    for card, one in zip(cards.all(), found, strict=False):
        expect(card).to_contain_text(one.sample[:8])
        shown = card.locator("img")
        expect(shown).to_be_visible()
        assert shown.evaluate("picture => picture.naturalWidth") == CARD_PX
    pictures = [card.locator("img").get_attribute("src") for card in cards.all()]
    assert len(set(pictures)) == len(pictures)


def _table(page: Page, name: str) -> Locator:
    return page.locator(f'[data-testid=stVegaLiteChart][aria-label^="{name}"]')


def _cards(page: Page) -> Locator:
    return page.locator(".tp-cards .tp-card")


def _click_on(table: Locator, true: str, said: str) -> None:
    """Click on a corner of one cell: its number stands in the middle."""
    table.locator(f'path[aria-label^="predicted: {said}; true: {true};"]').first.click(position=CORNER)
