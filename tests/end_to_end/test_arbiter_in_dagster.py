"""The arbiter as people see it in the Dagster UI: eight runs of three projects on two devices."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from dagster import DagsterRunStatus
from playwright.sync_api import Browser, Locator, Page, expect

from resources.gpu.model import RunId
from tests.servers.browser import keep
from tests.servers.dagster_servers import DagsterServers, dagster_servers, wait_until

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.browser,
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.needs("chromium"),
    pytest.mark.timeout(600),
]

QUEUED, STARTED, SUCCESS = DagsterRunStatus.QUEUED, DagsterRunStatus.STARTED, DagsterRunStatus.SUCCESS
PAINT_TIMEOUT_MS = 60_000


@dataclass(frozen=True)
class Scene:
    """Eight runs by what they are in the story."""

    servers: DagsterServers
    stopped: RunId
    """Of vision: it makes room."""
    urgent: RunId
    """Of vision too, with a higher priority."""
    steady: RunId
    """Of speech: nobody may stop it."""
    in_line: tuple[RunId, ...]
    """Of text, text, speech and vision, in the order of submission."""
    without: RunId
    """Of text: it asks for nothing."""

    @property
    def all(self) -> tuple[RunId, ...]:
        """All eight."""
        return (self.stopped, self.urgent, self.steady, *self.in_line, self.without)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, dagster_template: Path) -> Iterator[Scene]:
    """The moment at which two runs hold the devices, one has made room, and five wait."""
    folder = tmp_path_factory.mktemp("arbiter")
    extra = {
        "TRAINPLAT_CPU_SLOTS": "2",
        "TEST_GATES": str(folder),
        "TRAINPLAT_MIN_RUNTIME_S": "0",
    }
    with dagster_servers(folder, "tests.servers.gpu_location", dagster_template, extra) as servers:
        stopped = launch(servers, "one_device_job", project="vision", preemptible="true")
        steady = launch(servers, "one_device_job", project="speech")
        for run_id in (stopped, steady):
            servers.wait_for_status(run_id, STARTED)
        wait_until((folder / f"{stopped}.notes").exists, "the step to begin")
        urgent = launch(servers, "one_device_job", project="vision", priority="5")
        servers.wait_for_status(urgent, STARTED)
        in_line = (
            launch(servers, "one_device_job", project="text"),
            launch(servers, "two_devices_job", project="text"),
            launch(servers, "one_device_job", project="speech"),
            launch(servers, "one_device_job", project="vision"),
        )
        without = launch(servers, "no_device_job", project="text")
        servers.wait_for_status(without, SUCCESS)
        waiting = (stopped, *in_line)
        wait_until(
            lambda: all(servers.run(one).tags.get("trainplat/reason", "")[:3] == "W1:" for one in waiting),
            "a reason for each that waits",
        )
        yield Scene(servers, stopped, urgent, steady, in_line, without)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1600, "height": 1500}, locale="en-US")
    opened.set_default_timeout(PAINT_TIMEOUT_MS)
    opened.set_default_navigation_timeout(PAINT_TIMEOUT_MS)
    yield opened
    opened.close()


def test_eight_runs_on_two_devices_show_who_runs_who_waits_and_why_and_all_end_well(
    scene: Scene, page: Page
) -> None:
    page.goto(f"{scene.servers.url}/runs")
    steady, urgent = scene.steady[:8], scene.urgent[:8]
    because = f"in use by run {steady} of speech (cpu:1); run {urgent} of vision (cpu:0)."
    _shows(
        page, scene.urgent, "Started", project="vision", admission="granted", devices="cpu:0", priority="5"
    )
    _shows(page, scene.urgent, "Started", reason="A4: Granted 1 device(s), which was kept for it.")
    _shows(page, scene.steady, "Started", project="speech", admission="granted", devices="cpu:1")
    _shows(page, scene.steady, "Started", reason="A2: Granted 1 device(s); no quota limits it.")
    _shows(
        page, scene.without, "Success", project="text", admission="granted", reason="A1: Asks for no device."
    )
    _shows(page, scene.stopped, "Queued", project="vision", admission="pending", attempt="2")
    projects = ("text", "text", "speech", "vision")
    for run_id, project in zip(scene.in_line, projects, strict=True):
        _shows(page, run_id, "Queued", project=project, admission="pending", attempt="1", devices="")
    for run_id in (scene.stopped, *scene.in_line):
        devices = 2 if run_id == scene.in_line[1] else 1
        reason = f"W1: Waits for {devices} device(s), 0 free; {because}"
        _shows(page, run_id, "Queued", reason=reason)
    places = {_place(page, run_id) for run_id in (scene.stopped, *scene.in_line)}
    assert places == {"1", "2", "3", "4", "5"}
    keep(page, "picture-dagster-arbiter")

    page.goto(f"{scene.servers.url}/runs/{scene.stopped}")
    expect(page.get_by_text("This run is queued for execution").first).to_be_visible()
    keep(page, "arbiter-stopped-run")

    (Path(scene.servers.environment["TEST_GATES"]) / "all.go").touch()
    for run_id in scene.all:
        scene.servers.wait_for_status(run_id, SUCCESS, timeout_s=180)
    page.goto(f"{scene.servers.url}/runs")
    for run_id in scene.all:
        _shows(page, run_id, "Success", admission="granted")
    _shows(page, scene.stopped, "Success", attempt="2", project="vision")
    keep(page, "arbiter-runs-done")

    page.goto(f"{scene.servers.url}/runs/{scene.stopped}")
    expect(page.get_by_text(f"Is to make room for run {scene.urgent[:8]}.").first).to_be_visible()
    expect(
        page.get_by_text("Back to the queue after attempt 1: it made room for another run.").first
    ).to_be_visible()
    expect(page.get_by_text("RUN_SUCCESS").first).to_be_visible()
    keep(page, "arbiter-resumed-run")


def launch(servers: DagsterServers, job: str, **tags: str) -> RunId:
    return servers.launch(job, {f"trainplat/{key}": value for key, value in tags.items()})


def _row(page: Page, run_id: RunId) -> Locator:
    """The row of a run: the nearest around its link that has its tags and how it was launched."""
    link = page.locator(f'a[href$="/runs/{run_id}"]').first
    return link.locator(
        "xpath=ancestor::*[contains(., 'trainplat/user') and contains(., 'Manually launched')][1]"
    )


def _shows(page: Page, run_id: RunId, status: str, **tags: str) -> None:
    row = _row(page, run_id)
    expect(row.get_by_text(status, exact=True).first).to_be_visible()
    for text in _texts(tags):
        expect(row.get_by_text(text, exact=True).first).to_be_attached()


def _texts(tags: Mapping[str, str]) -> list[str]:
    return [f"trainplat/{key}: {value}".rstrip() for key, value in tags.items()]


def _place(page: Page, run_id: RunId) -> str:
    text = _row(page, run_id).get_by_text("trainplat/place:").first.inner_text()
    return text.partition(": ")[2]
