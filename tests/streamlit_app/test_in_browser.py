"""The dashboard as people meet it: a real server, a real browser."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from resources.data.locks.service import Asked, LockService
from resources.data.tiers.model import Tier
from resources.data.tiers.service import TierService
from resources.data.versions.model import BranchState
from resources.data.versions.service import VersionService
from resources.files import write_atomically
from resources.home import Home
from resources.terms import Actor
from tests.servers.browser import keep
from tests.streamlit_app import data_home, homes
from tests.streamlit_app.conftest import APP
from tests.streamlit_app.data_home import SET

pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium"), pytest.mark.timeout(180)]

START_TIMEOUT_S = 60
CLICKS = 4
CLICK_TIMEOUT_MS = 8_000
PAINT_TIMEOUT_MS = 30_000
WIDE, NARROW = 1360, 640
_IS_DRAWN = "document.querySelector('[data-testid=stApp][data-test-script-state=notRunning]') !== null"

Look = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def filled(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    """Looks at a home that is filled, beside a stack that answers."""
    home = Home(tmp_path_factory.mktemp("filled") / "home")
    homes.fill(home, datetime.now(UTC))
    homes.add_problems(home.database(), datetime.now(UTC))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        told = f'{{"dagster": "{address}", "label_studio": "{address}", "mlflow": "{address}"}}'
        write_atomically(home.addresses_file, told)
        with served(home.path) as dashboard:
            yield looks(browser, dashboard)


@pytest.fixture
def new_home(tmp_path: Path) -> Home:
    """A home that is not there yet."""
    return Home(tmp_path / "home")


@pytest.fixture
def new(browser: Browser, new_home: Home) -> Iterator[Look]:
    """Looks at that home."""
    with served(new_home.path) as dashboard:
        yield looks(browser, dashboard)


@pytest.mark.parametrize(
    ("locale", "dark", "titles"),
    [
        ("en-GB", False, {"": "Overview", "cluster": "Cluster", "models": "Model comparison"}),
        pytest.param(
            "zh-CN", True, {"": "总览", "cluster": "集群", "models": "模型比较"}, marks=pytest.mark.slow
        ),
    ],
)
@pytest.mark.needs("chinese font")
def test_each_page_of_a_filled_home(filled: Look, locale: str, dark: bool, titles: dict[str, str]) -> None:
    for path, title in titles.items():
        with filled(path, title, locale=locale, dark=dark) as page:
            is_calm(page)
            _has_words_of(page, path)
            picture(page, f"dashboard-{path or 'overview'}-{locale[:2]}")


def test_each_page_of_an_empty_home(new: Look) -> None:
    for path, title in {"": "Overview", "cluster": "Cluster", "models": "Model comparison"}.items():
        with new(path, title) as page:
            expect(page.get_by_text("Nothing here yet")).to_be_visible()
            is_calm(page)
            if not path:
                picture(page, "dashboard-empty")


@pytest.mark.slow
def test_a_person_sees_all_of_a_data_set_and_answers_a_conflict(new: Look, new_home: Home) -> None:
    home, ann = new_home, Actor("user:ann")
    data_home.fill(home, home.path.parent / "letters")
    versions = VersionService(home, home.database())
    locks = LockService(home.database())
    locks.read(SET, "v1.0", Asked(ann, "ann", "she draws them", for_time=timedelta(hours=2)))
    tiers = TierService(home, home.database())
    tiers.set_place(Tier.WARM, str(home.path.parent / "warm"), ann)
    tiers.pin(SET, "v1.0", Tier.WARM, ann)
    with new(f"data?data={SET}", "Data") as page:
        expect(page.get_by_text("the second is an h")).to_be_visible()
        expect(page.get_by_text("ben@1", exact=True)).to_be_visible()
        for key in ("v1.0", "v1.1"):
            expect(page.locator(f'i[title="{key}"]')).to_be_visible()  # a node of the graph
        _to(page, "Differences", "part=diff")
        shown = page.locator(".tp-card", has_text="3.png")
        expect(shown.locator("img")).to_be_visible()
        assert shown.locator("img").evaluate("picture => picture.naturalWidth") == 48
        expect(shown.get_by_text("not there")).to_be_visible()
        expect(page.get_by_text('+{"id": 2, "letter": "k"}')).to_be_visible()
        _to(page, "Spaces and locks", "part=spaces")
        for words in ("uses it", "she draws them", "it was asked for"):
            expect(page.get_by_text(words, exact=True).first).to_be_visible()
        _to(page, "Storage and tiers", "part=storage")
        expect(page.get_by_text("warm: in packs")).to_be_visible()
        expect(page.get_by_text("The rules would move 1 version.")).to_be_visible()
        expect(page.get_by_text("it is pinned to warm")).to_be_visible()
        _to(page, "Merge", "part=merge")
        _answer(page)
        is_calm(page)
    merged = versions.show(SET, "latest")
    labels = versions.objects.read(versions.tree(merged).files["labels.jsonl"]).decode()
    assert [json.loads(line)["letter"] for line in labels.splitlines()] == ["a", "k", "e"]
    [branch] = versions.branches(SET)
    assert (merged.key, branch.state, branch.merged_as) == ("v1.2", BranchState.MERGED, "v1.2")


def _to(page: Page, part: str, address: str) -> None:
    """Choose a part of the page, which the address keeps."""
    page.get_by_role("radio", name=part, exact=True).click()
    expect(page).to_have_url(re.compile(address))


def _answer(page: Page) -> None:
    """Try a merge, answer its conflict, and make it the next version."""
    page.get_by_role("button", name="Try to merge").click()
    expect(page.get_by_text("1 conflict is left to answer.")).to_be_visible()
    expect(page.get_by_role("button", name="Merge", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Take theirs", exact=True).click()
    expect(page.get_by_text("1 conflict is left to answer.")).to_have_count(0)
    is_drawn(page)
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_text("is merged as v1.2.")).to_be_visible()
    expect(page.get_by_text(re.compile("^No branch is open"))).to_be_visible()


@pytest.mark.slow
def test_a_narrow_window_hides_nothing(filled: Look) -> None:
    with filled("", "Overview", width=NARROW) as page:
        expect(page.get_by_text("Retrain", exact=True)).to_be_visible()
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, "the page must not scroll sideways"
        picture(page, "dashboard-narrow")


@pytest.mark.slow
def test_the_versions_to_compare_are_kept_in_the_address(filled: Look) -> None:
    with filled("models?left=v1.1&right=v1.2", "Model comparison") as page:
        expect(page.get_by_text("330 of 360 right")).to_be_visible()
        expect(page.get_by_text("333 of 360 right")).to_be_visible()
        page.get_by_role("combobox", name="Left").click()
        page.get_by_role("option", name="v1.2").click()
        expect(page.get_by_text("333 of 360 right")).to_have_count(0)
        expect(page).to_have_url(re.compile(r"left=v1\.2"))


@pytest.mark.slow
def test_a_page_refreshes_itself_and_says_when(filled: Look) -> None:
    with filled("queue", "Queue") as page:
        note = page.locator(".tp-live")
        first = note.inner_text()
        assert re.search(r"Refreshed \d\d:\d\d:\d\d, again every 15 s", first)
        expect(note).not_to_have_text(first, timeout=40_000)


def looks(browser: Browser, dashboard: str) -> Look:
    """A function that opens a page as a person with this locale, and waits until it is painted."""

    @contextmanager
    def look(
        path: str, title: str, *, locale: str = "en-GB", dark: bool = False, width: int = WIDE
    ) -> Iterator[Page]:
        context = browser.new_context(
            locale=locale,
            timezone_id="Asia/Shanghai",
            color_scheme="dark" if dark else "light",
            viewport={"width": width, "height": 900},
        )
        page = context.new_page()
        page.goto(f"{dashboard}/{path}")
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible(timeout=PAINT_TIMEOUT_MS)
        is_drawn(page)
        try:
            yield page
        finally:
            context.close()

    return look


@contextmanager
def served(home: Path, **settings: str) -> Iterator[str]:
    """The address of a dashboard on ``home``, which has these settings in its environment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.address=127.0.0.1"]
    log = home.parent / "streamlit.log"
    with log.open("w") as file:
        server = subprocess.Popen(
            [*command, f"--server.port={port}"],
            stdout=file,
            stderr=file,
            cwd=home.parent,
            env={**os.environ, "TRAINPLAT_HOME": str(home), **settings},
        )
    try:
        _wait_for(port, server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def _has_words_of(page: Page, path: str) -> None:
    expected = {
        "": ["18 of 50|18/50", "v1.1", "92.5%", "3, 8"],
        "cluster": ["cpu:0", "vision · mara", homes.HOLDER[:8]],
        "models": ["317 of 360|317 个", "333 of 360|333 个", "★"],
    }
    for words in expected[path]:
        expect(page.get_by_text(re.compile(words)).first).to_be_visible()
    if path == "models":
        expect(page.locator("canvas, svg.marks").first).to_be_visible(timeout=PAINT_TIMEOUT_MS)


def is_drawn(page: Page) -> None:
    """Wait until the page is drawn; until then what was there before is there, too.

    It is looked at on every frame: an expectation looks once a second, and a page that draws itself every two
    may be drawing each time.
    """
    page.wait_for_function(_IS_DRAWN, timeout=PAINT_TIMEOUT_MS)


def unfold(page: Page, words: str) -> None:
    """Open the expander with these words."""
    fold = page.get_by_test_id("stExpander").filter(has=page.locator("summary", has_text=words))
    click_until(fold.locator("summary"), fold.locator("details[open]"))


def click_until(clicked: Locator, comes: Locator) -> None:
    """Click as a person does: who sees that nothing came of it clicks again.

    A page that draws itself at that moment, on its first run or afresh, may swallow a click.
    """
    is_drawn(clicked.page)
    for _ in range(CLICKS):
        clicked.click()
        with suppress(AssertionError):
            expect(comes).to_be_attached(timeout=CLICK_TIMEOUT_MS)
            return
    expect(comes).to_be_attached(timeout=CLICK_TIMEOUT_MS)


def is_calm(page: Page) -> None:
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    assert "Traceback" not in page.locator("body").inner_text()


def picture(page: Page, name: str) -> None:
    width = page.viewport_size["width"] if page.viewport_size else WIDE
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": width, "height": max(int(height), 600)})
    page.wait_for_function("document.fonts.status === 'loaded'")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    is_drawn(page)  # else what is about to be replaced is grey
    keep(page, name)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the dashboard did not start:\n{log.read_text()}")
