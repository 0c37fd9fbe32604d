"""A real browser for tests: Chromium, driven by Playwright. Its pictures lie in ``test-results/``."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.needs import needs

PAINT_TIMEOUT_MS = 30_000
RESULTS = Path(__file__).parents[2] / "test-results"
_AS_DRAWN = '[data-stale="true"] { opacity: 1 !important; }'
"""A page that refreshes itself greys out for a moment what it is about to replace."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser without a window, for the tests of one file."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=needs("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        expect.set_options(timeout=PAINT_TIMEOUT_MS)
        yield launched
        launched.close()


def keep(page: Page, name: str) -> None:
    """Leave a picture of the page for who looks at the results."""
    RESULTS.mkdir(exist_ok=True)
    page.screenshot(path=RESULTS / f"{name}.png", full_page=True, animations="disabled", style=_AS_DRAWN)
