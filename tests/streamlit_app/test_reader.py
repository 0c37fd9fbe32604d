import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from resources.texts import Language
from streamlit_app.reader import Reader
from tests.streamlit_app.conftest import APP

NOON = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)


def page() -> None:
    import streamlit as st

    from streamlit_app.reader import current_reader

    reader = current_reader()
    st.text(f"{reader.language} {reader.zone}")


@pytest.mark.parametrize(
    ("context", "shown"),
    [
        ({"locale": "zh-Hans-CN", "timezone": "Asia/Shanghai"}, "zh_CN Asia/Shanghai"),
        ({"locale": "de-DE", "timezone": "Europe/Berlin"}, "en Europe/Berlin"),
        ({}, "en UTC"),
    ],
)
def test_the_browser_says_what_its_reader_reads(context: dict[str, str], shown: str) -> None:
    app = AppTest.from_function(page)
    app.context = context
    app.run()
    assert app.text[0].value == shown


def test_without_a_browser_the_environment_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    assert AppTest.from_function(page).run().text[0].value == "zh_CN UTC"


def test_a_zone_that_nobody_knows_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamlit_app.reader.ZoneInfo", lambda _: ZoneInfo("Nowhere/Town"))
    assert AppTest.from_function(page).run().text[0].value == "en UTC"


def test_texts_are_looked_up_by_the_names_that_make_texts_knows() -> None:
    for path in APP.parent.rglob("*.py"):
        assert not re.search(r"\.(translate|plural)\(", path.read_text()), path


def test_moments_are_said_where_the_reader_is() -> None:
    reader = Reader(Language("en"), ZoneInfo("Asia/Shanghai"))
    assert reader.clock(NOON) == "20:00:05"
    assert reader.stamp(NOON) == "2026-03-01 20:00:05 CST"
