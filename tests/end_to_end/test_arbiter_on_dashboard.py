"""The arbiter as people see it on the dashboard: runs of three projects, of which one takes back its own."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import DagsterRunStatus
from playwright.sync_api import Browser, Page, expect

from resources.files import write_atomically
from resources.gpu.model import RunId
from resources.gpu.policy.quota_model import BudgetRow, Membership, QuotaRow, QuotaRows, cohort, project
from resources.terms import Actor
from tests.servers.browser import keep
from tests.servers.dagster_servers import DagsterServers, dagster_servers, wait_until
from tests.streamlit_app.test_in_browser import is_calm, looks, served

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.browser,
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.needs("chromium"),
    pytest.mark.timeout(600),
]

WAITING, STARTED, SUCCESS = DagsterRunStatus.QUEUED, DagsterRunStatus.STARTED, DagsterRunStatus.SUCCESS
SLOTS = 4
QUOTAS = QuotaRows(
    (
        Membership(cohort("lab")),
        *(Membership(project(name), "lab") for name in ("vision", "speech", "text")),
    ),
    (
        QuotaRow(project("vision"), nominal=2000),
        QuotaRow(project("speech"), nominal=500, borrowing_limit=2000),
        QuotaRow(project("text"), nominal=1500, lending_limit=500),
    ),
    (BudgetRow(project("vision"), 40), BudgetRow(project("speech"), 15)),
)
PRICES = "currency: EUR\nper_gpu_hour: {CPU-SLOT: 2.5}\n"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, dagster_template: Path) -> Iterator[DagsterServers]:
    """Four slots of three projects; speech has borrowed of vision, which has asked for its own since."""
    folder = tmp_path_factory.mktemp("arbiter")
    extra = {
        "TRAINPLAT_CPU_SLOTS": str(SLOTS),
        "TEST_GATES": str(folder),
        "TRAINPLAT_MIN_RUNTIME_S": "0",
    }
    with dagster_servers(folder, "tests.servers.gpu_location", dagster_template, extra) as servers:
        servers.gpu().set_quotas(QUOTAS, Actor("user:tester"))
        servers.home.prices_file.write_text(PRICES)
        write_atomically(servers.home.addresses_file, f'{{"dagster": "{servers.url}"}}')
        yield servers


def test_a_project_takes_back_what_another_borrowed_and_the_dashboard_tells_it(
    servers: DagsterServers, browser: Browser
) -> None:
    ended = launch(servers, "speech")
    servers.wait_for_status(ended, STARTED)
    gate(servers, ended)
    servers.wait_for_status(ended, SUCCESS)
    runs = [launch(servers, "vision"), launch(servers, "text", gpu="0.5")]
    borrowing = [launch(servers, "speech", preemptible="true") for _ in range(2)]
    for run_id in (*runs, *borrowing):
        servers.wait_for_status(run_id, STARTED)
        wait_until((gates(servers) / f"{run_id}.notes").exists, "the step to begin")
    owed = launch(servers, "vision", priority="5")
    servers.wait_for_status(owed, STARTED)
    large = launch(servers, "text", gpu="2", max_runtime_s="7200")
    late = launch(servers, "speech")
    line = [one for one in borrowing if servers.run(one).status is WAITING]
    assert len(line) == 1, "one of them made room"
    wait_until(
        lambda: all(told(servers, one) for one in (*line, large, late)), "a reason for each that waits"
    )

    # So that pages name the home as they do for most people.
    settings = {**servers.environment, "HOME": str(servers.home.path.parent)}
    with served(servers.home.path, **settings) as address:
        look = looks(browser, address)
        with look("cluster", "Cluster") as page:
            expect(page.get_by_text("3.5 of 4").first).to_be_visible()
            for owner in ("vision", "speech", "text"):
                expect(page.get_by_text(re.compile(f"^{owner} · ")).first).to_be_visible()
            take(page, "cluster")
        with look("queue", "Queue") as page:
            for run_id in (*line, large, late):
                expect(page.get_by_text(run_id[:8]).first).to_be_visible()
            take(page, "queue")
        with look("quotas", "Quotas") as page:
            expect(page.get_by_text("borrows at most 2").first).to_be_visible()
            borrowed = "project speech: used 1, owed 0.5, borrowed 0.5, lent –, limit 2.5"
            expect(page.get_by_role("img", name=borrowed)).to_be_visible()
            lent = "project text: used 0.5, owed 1.5, borrowed –, lent 0.5"
            expect(page.get_by_role("img", name=re.compile(re.escape(lent)))).to_be_visible()
            take(page, "quotas")
        with look("preemptions", "Preemptions") as page:
            expect(page.get_by_text(re.compile("takes back what speech borrowed")).first).to_be_visible()
            expect(page.get_by_text(owed[:8]).first).to_be_visible()
            expect(page.locator("canvas, svg.marks").first).to_be_visible()
            take(page, "preemptions")
        with look("usage", "Usage") as page:
            expect(page.get_by_text("of 40 GPU-hours left").first).to_be_visible()
            expect(page.locator("canvas, svg.marks").nth(2)).to_be_visible()
            take(page, "usage")
    (gates(servers) / "all.go").touch()
    for run_id in (*runs, *borrowing, owed, large, late):
        servers.wait_for_status(run_id, SUCCESS, timeout_s=180)


def launch(servers: DagsterServers, owner: str, **tags: str) -> RunId:
    return servers.launch(
        "one_device_job", {f"trainplat/{key}": value for key, value in {"project": owner, **tags}.items()}
    )


def told(servers: DagsterServers, run_id: RunId) -> bool:
    return ":" in servers.run(run_id).tags.get("trainplat/reason", "")


def gates(servers: DagsterServers) -> Path:
    return Path(servers.environment["TEST_GATES"])


def gate(servers: DagsterServers, run_id: RunId) -> None:
    """Let one run end."""
    (gates(servers) / f"{run_id}.go").touch()


def take(page: Page, name: str) -> None:
    """A picture of the page as high as it is."""
    is_calm(page)
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": 1400, "height": min(max(int(height), 700), 1500)})
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    page.wait_for_function("document.fonts.status === 'loaded'")
    keep(page, f"picture-{name}")
