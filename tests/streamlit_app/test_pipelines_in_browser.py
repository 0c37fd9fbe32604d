"""A person makes a pipeline, sees which devices it would get, runs it and reads its log: in a real browser,
with a real Dagster.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterRunStatus
from playwright.sync_api import Browser, Page, expect

from resources.files import write_atomically
from resources.pipelines.folder import PIPELINES_VARIABLE, Folder
from resources.pipelines.runs import LOCATION, PipelineRuns, RunState
from resources.pipelines.service import PipelineService
from resources.terms import Actor
from tests.resources.pipelines.texts import PRETRAIN
from tests.servers.dagster_servers import DagsterServers, dagster_servers, wait_until
from tests.streamlit_app.test_in_browser import click_until, is_calm, is_drawn, looks, picture, served, unfold

pytestmark = [
    *(pytest.mark.browser, pytest.mark.real, pytest.mark.slow),
    *(pytest.mark.needs("chromium"), pytest.mark.timeout(900)),
]
LONG_MS = 240_000


def grapes(tons: int) -> dict[str, object]:
    """What a custom pipeline of these tests calls."""
    return {"litres": tons * 700}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, dagster_template: Path) -> Iterator[DagsterServers]:
    folder = tmp_path_factory.mktemp("pipelines")
    extra = {PIPELINES_VARIABLE: str(folder / "pipelines"), "TRAINPLAT_CPU_SLOTS": "2"}
    module = "tests.servers.pipelines_location"
    code = ("code-server", "start")
    with dagster_servers(folder, module, dagster_template, extra, location=LOCATION, code=code) as started:
        home = started.home
        pipelines = PipelineService(Folder(folder / "pipelines"), home.database())
        text = PRETRAIN + "  registered: false\n  settings: {layers: 1, width: 8}\n"
        pipelines.make("wine", text, Actor("user:ann"))
        write_atomically(home.addresses_file, f'{{"dagster": "{started.url}"}}')
        yield started


@pytest.fixture(scope="module")
def folder(servers: DagsterServers) -> Folder:
    return Folder(Path(servers.environment[PIPELINES_VARIABLE]))


def test_a_training_is_looked_at_started_with_its_own_steps_and_followed(
    browser: Browser, servers: DagsterServers, folder: Folder
) -> None:
    with (
        served(servers.home.path, **{PIPELINES_VARIABLE: str(folder.path)}) as dashboard,
        looks(browser, dashboard)("pipelines?pipeline=wine", "Pipelines") as page,
    ):
        expect(page.get_by_role("cell", name="pretrain")).to_be_visible()
        expect(page.get_by_text("not run yet", exact=True)).to_be_visible()
        unfold(page, "Parameters of this run")
        page.get_by_label("steps", exact=True).first.fill("30")
        page.keyboard.press("Tab")
        expect(page.get_by_text("Otherwise than the file: steps = 30")).to_be_visible()
        is_drawn(page)
        page.get_by_role("button", name="Preview the devices").click()
        expect(page.get_by_text("It would start at once.")).to_be_visible()
        expect(page.locator(".tp-card").get_by_text("cpu:0")).to_be_visible()
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.get_by_text(re.compile(r"^Run \w{8} is started\."))).to_be_visible(timeout=LONG_MS)
        expect(page.locator(".tp-table").last.get_by_text("done").first).to_be_visible(timeout=LONG_MS)
        expect(page.get_by_text("steps = 30", exact=True)).to_be_visible()
        expect(page.get_by_role("code").filter(has_text="wine__model")).to_be_visible()
        is_calm(page)
        picture(page, "picture-pipeline")
    (run,) = PipelineRuns(servers.url).of_pipeline("wine")
    assert (run.state, run.parameters) == (RunState.DONE, {"steps": 30})


def test_a_pipeline_is_made_from_a_form_and_runs_without_a_restart(
    browser: Browser, servers: DagsterServers, folder: Folder
) -> None:
    with (
        served(servers.home.path, **{PIPELINES_VARIABLE: str(folder.path)}) as dashboard,
        looks(browser, dashboard)("pipelines", "Pipelines") as page,
    ):
        _choose_template(page, "custom")
        page.get_by_label("Name", exact=True).fill("press")
        page.get_by_label("call", exact=True).fill("nonsense")
        page.get_by_role("button", name="Make the pipeline").click()
        expect(page.get_by_text('call is "nonsense"; expected package.module:function')).to_be_visible()
        assert folder.names() == ("wine",)
        page.get_by_label("call", exact=True).fill(f"{__name__}:grapes")
        unfold(page, "More parameters")
        page.get_by_label("parameters", exact=True).last.fill("{tons: 3}")
        page.get_by_role("button", name="Make the pipeline").click()
        expect(page.get_by_text("press is made:")).to_be_visible()
        is_drawn(page)
        assert folder.read("press").spec.model_dump()["parameters"] == {"tons": 3}
        page.goto(f"{dashboard}/pipelines?pipeline=press")
        expect(page.get_by_text("It has not run yet.")).to_be_visible(timeout=60_000)
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.get_by_text(re.compile(r"^Run \w{8} is started\."))).to_be_visible(timeout=LONG_MS)
        expect(page.locator(".tp-table").last.get_by_text("done").first).to_be_visible(timeout=LONG_MS)
        is_calm(page)


def test_a_run_that_fails_says_why_in_its_log(servers: DagsterServers, folder: Folder) -> None:
    text = f"type: trainplat_assets.templates.Custom\nattributes: {{call: '{__name__}:grapes'}}\n"
    PipelineService(folder, servers.home.database()).make("empty", text, Actor("user:ann"))
    runs = PipelineRuns(servers.url)
    run_id = runs.start(folder.read("empty"), {})

    def failed() -> bool:
        found = runs.run(run_id)
        return found is not None and found.state is RunState.FAILED

    wait_until(failed, "the run to fail", 120)
    log = "\n".join(one.text for one in runs.log(run_id))
    assert "missing a required argument: 'tons'" in log
    assert runs.newest(["empty", "never"])["empty"].run_id == run_id


def test_a_run_is_of_the_file_as_it_is_now(servers: DagsterServers, folder: Folder) -> None:
    runs = PipelineRuns(servers.url)
    for tons in (1, 2):
        said = f"{{call: '{__name__}:grapes', parameters: {{tons: {tons}}}}}"
        text = f"type: trainplat_assets.templates.Custom\nattributes: {said}\n"
        PipelineService(folder, servers.home.database()).make("again", text, Actor("user:ann"), force=True)
        run_id = runs.start(folder.read("again"), {})
        servers.wait_for_status(run_id, DagsterRunStatus.SUCCESS, timeout_s=180)
        with servers.instance() as instance:
            event = instance.get_latest_materialization_event(AssetKey(["again", "result"]))
        assert event is not None
        assert event.asset_materialization is not None
        told = event.asset_materialization.metadata
        assert (told["litres"].value, told["pipeline_version"].value) == (700 * tons, tons)


def _choose_template(page: Page, name: str) -> None:
    option = page.get_by_role("option", name=re.compile(f"^{name} "))
    click_until(page.get_by_role("combobox", name="Template"), option)
    option.click()
    is_drawn(page)
