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


def test_a_machine_on_which_nothing_ran_says_so(open_page: OpenPage, trainplat_home: object) -> None:
    home = Home.from_environment()
    homes.add_versions(home, home.database(), datetime.now(UTC))
    assert "Nothing was used in this time" in words(open_page("usage"))
