"""The pages over a loop that has really run, in a real browser."""

from collections.abc import Iterator

import pytest
from dagster import DagsterRunStatus, RunsFilter
from playwright.sync_api import Browser, Page, expect

from resources.runs.instance import open_instance
from tests.end_to_end.stack import Stack
from tests.servers.browser import keep
from tests.servers.dagster_servers import wait_until
from trainplat_cli.supervisor.model import PartName

pytestmark = [
    pytest.mark.slow,
    pytest.mark.end_to_end,
    pytest.mark.browser,
    pytest.mark.needs("chromium"),
    pytest.mark.timeout(1000),  # whichever test is the first one plays the loop
]

PAINT_TIMEOUT_MS = 60_000
PARTITION_CHOICES = ".bp5-menu a, .bp5-menu label, .bp5-menu-item, [role=menuitem], [role=option]"


@pytest.fixture
def page(played_stack: Stack, browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1400, "height": 1000}, locale="en-US")
    opened.set_default_timeout(PAINT_TIMEOUT_MS)
    opened.set_default_navigation_timeout(PAINT_TIMEOUT_MS)
    yield opened
    opened.close()


def test_materialize_is_clicked_in_the_dagster_ui_and_the_run_goes_through_the_queue(
    played: Stack, page: Page
) -> None:
    with open_instance(played.home.dagster) as instance:
        before = {run.run_id for run in instance.get_runs()}
    page.goto(f"{played.address(PartName.DAGSTER)}/assets/digits/snapshot")
    page.get_by_role("button", name="Materialize").first.click()
    page.get_by_text("Select a partition or create one").click()
    keep(page, "dagster-partitions")
    page.locator(PARTITION_CHOICES).filter(has_text="v1.1").last.click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Launch 1 run").click()
    with open_instance(played.home.dagster) as instance:
        done = RunsFilter(statuses=[DagsterRunStatus.SUCCESS], tags={"dagster/partition": "v1.1"})
        run = wait_until(
            lambda: next((run for run in instance.get_runs(done) if run.run_id not in before), None),
            "the run that was clicked to end well",
            timeout_s=120,
        )
    assert run.tags["trainplat/admission"] == "granted"
    assert run.tags["trainplat/reason"] == "A1: Asks for no device."
    page.goto(f"{played.address(PartName.DAGSTER)}/runs/{run.run_id}")
    expect(page.get_by_text("Success").first).to_be_visible()
    keep(page, "dagster-run")


def test_an_asset_shows_its_owners_kinds_and_figures(played: Stack, page: Page) -> None:
    page.goto(f"{played.address(PartName.DAGSTER)}/assets/digits/evaluation")
    expect(page.get_by_text("digits_model").first).to_be_visible()
    expect(page.get_by_text("accuracy", exact=True).first).to_be_visible()
    keep(page, "dagster-evaluation")


def test_the_report_of_a_round_is_read_in_the_dagster_ui(played: Stack, page: Page) -> None:
    report = played.home.dagster / "storage" / "digits" / "comparison" / "v1.2.ipynb"
    wait_until(report.exists, "the report of the last round", timeout_s=240)
    page.goto(f"{played.address(PartName.DAGSTER)}/assets/digits/comparison?partition=v1.2&view=partitions")
    link = page.get_by_role("link", name="Open the executed notebook").first
    expect(link).to_be_visible()
    page.goto(played.address(PartName.DAGSTER) + str(link.get_attribute("href")))
    expect(page.get_by_text("v1.2").first).to_be_visible()
    keep(page, "dagster-report")


@pytest.mark.parametrize(
    ("path", "expected", "name"),
    [
        ("/", "Overview", "overview"),
        ("/cluster", "cpu:0", "cluster"),
        ("/models", "v1.2", "models"),
    ],
)
def test_each_page_of_the_dashboard_shows_the_loop_that_ran(
    played: Stack, page: Page, path: str, expected: str, name: str
) -> None:
    page.goto(played.address(PartName.STREAMLIT) + path)
    expect(page.get_by_text(expected).first).to_be_visible()
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    page.wait_for_timeout(2000)  # charts are drawn after the text
    keep(page, f"played-{name}")
