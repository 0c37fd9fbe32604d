"""The same task in two pages: come from another page, see the models; then change what is looked for."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from benchmarks.many_models import METHODS, method_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

LONGEST_MS = 120_000
REST_MS = 1_000


class Pages(Protocol):
    """What a person does in one of the two."""

    @property
    def name(self) -> str:
        """How its numbers are called."""

    def arrive(self) -> None:
        """Open the page of the models by its address, and wait until they are seen."""

    def leave(self) -> None:
        """Go to another page, and wait until it is seen."""

    def switch(self) -> None:
        """Go back to the models by a link, and wait until they are seen."""

    def narrow(self, method: str) -> Callable[[], None]:
        """Write what is looked for; the function that is returned asks for it, and waits until it is seen."""

    def widen(self) -> None:
        """Look for nothing, and wait until all are seen."""


@dataclass(frozen=True)
class Ours:
    """The dashboard."""

    page: "Page"
    address: str
    count: int
    name: str = "ours"

    def arrive(self) -> None:
        """The models with their chart, and a hundred rows with their differences."""
        self.page.goto(f"{self.address}/models", timeout=LONGEST_MS)
        self._see(self.count)

    def leave(self) -> None:
        """The overview."""
        self.page.get_by_role("link", name="Overview").click()
        self.page.get_by_role("heading", name="Overview", exact=True).wait_for(timeout=LONGEST_MS)
        _quiet(self.page, IS_CALM)
        self.page.wait_for_timeout(REST_MS)

    def switch(self) -> None:
        """By the list of pages."""
        self.page.get_by_role("link", name="Model comparison").click()
        self._see(self.count)

    def narrow(self, method: str) -> Callable[[], None]:
        """In the field of parameters, as in MLflow."""
        field = self.page.get_by_role("textbox", name="Parameters")
        field.fill(f"method={method}")

        def ask() -> None:
            field.press("Enter")
            self._see(self.count // len(METHODS), method)

        return ask

    def widen(self) -> None:
        """All of them."""
        field = self.page.get_by_role("textbox", name="Parameters")
        field.fill("")
        field.press("Enter")
        self._see(self.count)

    def _see(self, count: int, method: str = "") -> None:
        """So many fit, only they are listed, their chart is drawn, and nothing is on its way."""
        _quiet(self.page, IS_SEEN, f"{count:,} of {self.count:,} models", method)


@dataclass(frozen=True)
class Theirs:
    """MLflow's list of runs, which is what they show first; or the same with their charts."""

    page: "Page"
    address: str
    experiment: str
    count: int
    charts: bool = False

    @property
    def name(self) -> str:
        """By the view."""
        return "mlflow_charts" if self.charts else "mlflow"

    def arrive(self) -> None:
        """The runs of the experiment."""
        self.page.goto(f"{self.address}/{self._path}", timeout=LONGEST_MS)
        self._see()

    def leave(self) -> None:
        """Their list of experiments."""
        self.page.evaluate("location.hash = '#/experiments'")
        self.page.get_by_role("heading", name="Experiments").wait_for(timeout=LONGEST_MS)
        self.page.wait_for_timeout(REST_MS)

    def switch(self) -> None:
        """Inside their page: nothing is loaded that is there already."""
        self.page.evaluate(f"location.hash = '{self._path}'")
        self._see()

    def narrow(self, method: str) -> Callable[[], None]:
        """In their field."""
        field = self.page.get_by_test_id("search-box").first
        field.fill(f'params.method = "{method}"')

        def ask() -> None:
            field.press("Enter")
            self._see(method)

        return ask

    def widen(self) -> None:
        """All of them."""
        field = self.page.get_by_test_id("search-box").first
        field.fill("")
        field.press("Enter")
        self._see()

    @property
    def _path(self) -> str:
        return f"#/experiments/{self.experiment}/runs" + ("?compareRunsMode=CHART" if self.charts else "")

    def _see(self, method: str = "") -> None:
        """The newest that fits is listed first, and those that do not fit are gone."""
        first = next(
            number for number in range(self.count, 0, -1) if not method or method_of(number) == method
        )
        self.page.wait_for_function(
            IS_LISTED, arg=[f"digits-{first}", self.charts], timeout=LONGEST_MS, polling="raf"
        )


IS_CALM = """() => document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"""
IS_SEEN = """([counted, method]) => {
  const app = document.querySelector('[data-testid=stApp]');
  if (app?.dataset.testScriptState !== 'notRunning') return false;
  if (![...document.querySelectorAll('[data-testid=stCaptionContainer]')].some(
    (one) => one.innerText.trim() === counted)) return false;
  const rows = [...document.querySelectorAll('.tp-table tbody tr')];
  if (rows.length < 100) return false;
  if (method && rows.some((row) => row.cells[2].innerText !== method)) return false;
  if (document.querySelector('[data-stale=true]')) return false;
  const chart = '[data-testid=stVegaLiteChart]';
  return document.querySelector(`${chart} canvas, ${chart} svg`) !== null;
}"""
IS_LISTED = """([first, charts]) => {
  const links = [...document.querySelectorAll('a[href*="/runs/"]')];
  // Rows stand in the document in the order in which they were made.
  const height = (one) => one.getBoundingClientRect().top;
  const runs = links.filter((one) => one.innerText.trim().startsWith('digits-'));
  const [top] = runs.sort((a, b) => height(a) - height(b));
  if (top?.innerText.trim() !== first) return false;
  if (document.querySelector('[aria-busy=true], .ag-overlay-loading-center')) return false;
  return !charts || document.querySelectorAll('.js-plotly-plot .main-svg').length > 0;
}"""


def _quiet(page: "Page", condition: str, *arguments: object) -> None:
    page.wait_for_function(condition, arg=list(arguments), timeout=LONGEST_MS, polling="raf")


def seconds(act: Callable[[], None]) -> float:
    """How long it takes until what is asked for is seen."""
    begun = time.monotonic()
    act()
    return time.monotonic() - begun
