import calendar
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from streamlit.testing.v1 import AppTest

from resources.home import Home
from tests.streamlit_app import homes
from tests.streamlit_app.conftest import words

OpenPage = Callable[..., AppTest]


def test_hours_are_shown_by_project_and_by_user(open_page: OpenPage, shared: Home) -> None:
    app = open_page("usage")
    shown = words(app)
    assert "Slot-hours" in shown
    assert "prices.yaml" in shown
    assert ">vision<" in shown
    assert ">speech<" in shown
    assert [button.label for button in app.download_button] == ["Download as CSV"]
    box: Any = app.selectbox(key="by")
    box.select_index(1).run()
    assert ">mara<" in words(app)


def test_costs_are_shown_where_there_are_prices(open_page: OpenPage, shared: Home) -> None:
    (shared.path / "prices.yaml").write_text("currency: EUR\nper_gpu_hour: {CPU-SLOT: 2}\n")
    assert "EUR" in words(open_page("usage"))


def test_prices_that_cannot_be_read_say_what_to_do(open_page: OpenPage, shared: Home) -> None:
    (shared.path / "prices.yaml").write_text("currency: 5\n")
    assert "Next: " in open_page("usage").error[0].value


def test_budgets_are_shown_as_they_burn_down(open_page: OpenPage, shared: Home) -> None:
    app = open_page("usage")
    shown = words(app)
    assert "the last 7 days" in shown
    assert "500" in shown
    assert "B2: At the present pace speech" in shown
    (period,) = re.findall(r"<b>vision: .*? of 500 GPU-hours left</b><div[^>]*>(.*?)</div>", shown)
    assert period.endswith(f"{datetime.now(UTC):%Y-%m}-{_last_day():02}")


def test_without_budgets_the_page_says_how_to_set_some(open_page: OpenPage, filled_home: Home) -> None:
    shown = words(open_page("usage"))
    assert "No budget is set" in shown
    assert "budget: {7 days: 60}" in shown


def test_the_budgets_are_read_in_chinese(open_page: OpenPage, shared: Home) -> None:
    shown = words(open_page("usage", locale="zh-CN"))
    assert "预算" in shown
    assert "At this pace" not in shown


def _last_day() -> int:
    today = datetime.now(UTC)
    return calendar.monthrange(today.year, today.month)[1]


def test_a_machine_on_which_nothing_ran_says_so(open_page: OpenPage, trainplat_home: object) -> None:
    home = Home.from_environment()
    homes.add_versions(home, home.database(), datetime.now(UTC))
    assert "Nothing was used in this time" in words(open_page("usage"))
