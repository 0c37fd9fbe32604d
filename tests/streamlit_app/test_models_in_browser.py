"""The comparison of models as people meet it: a real server, a real browser, pictures of each part."""

import csv
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.many_models import ManyModels, fill
from resources.home import Home
from tests.streamlit_app.test_in_browser import WIDE, Look, is_calm, is_drawn, looks, picture, served

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.needs("chromium"),
    pytest.mark.timeout(300),
]
MANY = ManyModels(count=130, test_count=200)


@pytest.fixture(scope="module")
def look(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    """Looks at a home with more models than a sheet holds."""
    home = Home(tmp_path_factory.mktemp("models") / "home")
    fill(home, MANY)
    with served(home.path) as dashboard:
        yield looks(browser, dashboard)


def shot(page: Page, name: str) -> None:
    """A picture as high as what is seen now, which may be less than before."""
    page.set_viewport_size({"width": WIDE, "height": 900})
    picture(page, name)


def to(page: Page, part: str, address: str) -> None:
    """Choose a part of the page, which the address keeps."""
    page.get_by_role("radio", name=part, exact=True).click()
    expect(page).to_have_url(re.compile(address))
    is_drawn(page)


def test_a_person_finds_where_a_model_is_worse(look: Look) -> None:
    opened: AbstractContextManager[Page] = look("models", "Model comparison")
    with opened as page:
        expect(page.get_by_text("130 of 130 models")).to_be_visible()
        expect(page.locator(".tp-table tbody tr")).to_have_count(100)
        expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(1)
        shot(page, "models-list")

        field = page.get_by_role("textbox", name="Parameters")
        field.fill("method=ewc seed>1")
        field.press("Enter")
        expect(page.get_by_text(re.compile(r"^\d+ of 130 models"))).not_to_have_text("130 of 130 models")
        expect(page.locator(".tp-table tbody tr").first).to_contain_text("ewc")
        expect(page).to_have_url(re.compile("text=method"))

        to(page, "Differences", "part=gains")
        expect(page.get_by_text("Clearly better:")).to_be_visible()
        shot(page, "models-differences")
        to(page, "Classes and slices", "part=slices")
        page.get_by_role("radio", name="against the baseline", exact=True).click()
        expect(page).to_have_url(re.compile("heat=gain"))
        expect(page.get_by_text("By slice", exact=True)).to_be_visible()
        shot(page, "models-slices")
        to(page, "Latency and size", "part=costs")
        expect(page.get_by_text("the Pareto front")).to_be_visible()
        shot(page, "models-costs")
        to(page, "Parameters", "part=parameters")
        expect(page.locator(".tp-table th", has_text="learning_rate")).to_be_visible()
        expect(page.locator(".tp-table th", has_text="augment_1")).to_have_count(0)
        shot(page, "models-parameters")
        to(page, "Calibration", "part=calibration")
        expect(page.get_by_text("Calibration error").first).to_be_visible()
        shot(page, "models-calibration")
        to(page, "Samples", "part=samples")
        page.get_by_role("radio", name="one cell of the confusion", exact=True).click()
        expect(page.get_by_text(re.compile(r"\d+ in this cell\."))).to_be_visible()
        expect(page.locator(".tp-card").first).to_be_visible()
        shot(page, "models-samples")
        is_calm(page)


def test_the_second_sheet_has_the_rest(look: Look) -> None:
    with look("models?sheet=2", "Model comparison") as page:
        expect(page.locator(".tp-table tbody tr")).to_have_count(30)
        is_calm(page)


def test_a_file_has_the_differences_of_all_sheets(look: Look) -> None:
    with look("models", "Model comparison") as page:
        is_drawn(page)
        with page.expect_download() as fetched:
            page.get_by_role("button", name="Download as CSV").click()
        content = Path(fetched.value.path()).read_text("utf-8")
        with page.expect_download() as written:
            page.get_by_role("button", name="Download as Markdown").click()
        lines = Path(written.value.path()).read_text("utf-8").splitlines()
    assert content.startswith("\ufeff"), "Excel takes it for something else than UTF-8"
    rows = list(csv.DictReader(content.removeprefix("\ufeff").splitlines()))
    assert len(rows) == MANY.count == len(lines) - 2
    assert all(row["difference_low"] for row in rows)


@pytest.mark.needs("chinese font")
def test_the_page_in_the_dark_and_in_chinese(look: Look) -> None:
    with look("models", "模型比较", locale="zh-CN", dark=True) as page:
        expect(page.get_by_text("130 个模型中的 130 个")).to_be_visible()
        shot(page, "models-list-zh-dark")
        to(page, "类别与切片", "part=slices")
        is_calm(page)
        shot(page, "models-slices-zh-dark")
