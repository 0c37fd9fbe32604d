"""Homes that the pages are shown on: one as the loop leaves it after three rounds."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from resources.home import Home
from tests.streamlit_app import shared_home
from tests.streamlit_app.filled import copied
from tests.streamlit_app.homes import fill

APP = Path(__file__).parents[2] / "streamlit_app" / "app.py"


@pytest.fixture(scope="session", autouse=True)
def _components_are_looked_for_once() -> Iterator[None]:
    """Each page under test looks through all packages: for ten times as long as it is drawn."""
    with pytest.MonkeyPatch.context() as patch:
        look = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", look)
        yield


@pytest.fixture(autouse=True)
def _no_reading_is_kept() -> None:
    st.cache_data.clear()


@pytest.fixture
def filled_home(
    trainplat_home: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Home:
    """Three rounds, 50 questions of which 18 are answered, and a queue: as at the first test of the file."""

    def now(home: Home) -> None:
        fill(home, datetime.now(UTC))

    return copied(Home(trainplat_home), f"filled for {request.path}", now, tmp_path_factory)


@pytest.fixture
def shared(
    trainplat_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Home:
    """Four slots that two projects share, with fractions, quotas, and runs that made room."""
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", str(len(shared_home.SLOTS)))

    def now(home: Home) -> None:
        shared_home.fill(home, datetime.now(UTC))

    return copied(Home(trainplat_home), f"shared for {request.path}", now, tmp_path_factory)


@pytest.fixture
def open_page() -> Callable[..., AppTest]:
    """Opens one page as a browser of this locale does, and looks for tracebacks."""

    def open_page(page: str = "overview", locale: str = "en-GB", **query: str) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=60)
        app.context = {"locale": locale, "timezone": "Asia/Shanghai"}
        app.query_params.update(query)
        app.run()
        if page != "overview":
            app.switch_page(f"views/{page}.py").run()
        assert not app.exception
        return app

    return open_page


def words(app: AppTest) -> str:
    """All that one reads on the page and in the sidebar."""
    kinds = (
        app.title,
        app.subheader,
        app.markdown,
        app.caption,
        app.info,
        app.warning,
        app.error,
        app.code,
        app.html,
    )
    texts = [element.value for kind in kinds for element in kind]
    texts += [f"{one.label} {one.value} {one.delta}" for one in app.metric]
    texts += [box.label for box in app.selectbox]
    return "\n".join(str(text) for text in texts)
