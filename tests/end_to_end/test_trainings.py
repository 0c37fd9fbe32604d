"""Large trainings through a real Dagster: killed, stopped for others, hung, and looked at meanwhile."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import AssetKey, AssetRecordsFilter, DagsterRunStatus
from playwright.sync_api import Browser, Page, expect

from resources.gpu.model import Lease, RunId
from resources.learning.distributed.launching import Launch
from resources.learning.distributed.watching import Patience, run
from resources.learning.trainings.looking import all_told
from resources.learning.trainings.model import Outcome, Training, TrainingId
from resources.learning.trainings.service import TrainingService
from resources.learning.trainings.standing import Cause
from resources.process import ProcessIdentity
from resources.registry.training_runs import TrainingRuns
from tests.resources.learning.distributed.plans import losses
from tests.resources.learning.distributed.processes import workers_of
from tests.servers.dagster_servers import DagsterServers, dagster_servers, wait_until
from tests.servers.training_location import HANG_S, LONG, plan
from tests.streamlit_app import test_in_browser
from tests.streamlit_app.test_in_browser import is_calm, looks, picture, served

pytestmark = [pytest.mark.end_to_end, pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(2000)]

SUCCESS, QUEUED = DagsterRunStatus.SUCCESS, DagsterRunStatus.QUEUED
LONG_S = 900.0
SOON_MS = 120_000


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, dagster_template: Path) -> Iterator[DagsterServers]:
    """A Dagster with two CPU slots, both of which the training takes."""
    folder = tmp_path_factory.mktemp("trainings")
    extra = {
        "TRAINPLAT_CPU_SLOTS": "2",
        "TEST_GATES": str(folder),
        "TRAINPLAT_MIN_RUNTIME_S": "0",
        HANG_S: "60",
    }
    with dagster_servers(folder, "tests.servers.training_location", dagster_template, extra) as started:
        yield started


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, float]]:
    """The losses of the same training by itself."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert run(Launch(plan(), folder, processes=2), patience=Patience(look_s=0.1))
    return losses(folder)


def test_one_whose_run_is_killed_goes_on_in_the_same_run_to_the_same_bits_and_is_registered_once(
    servers: DagsterServers, undisturbed: list[tuple[int, float]]
) -> None:
    run_id = servers.launch("stories_job")
    reached(servers, run_id, 30)
    os.kill(holder(servers, run_id).pid, signal.SIGKILL)
    servers.wait_for_status(run_id, SUCCESS, timeout_s=LONG_S)
    training = known(servers, run_id)
    assert [one.attempt for one in training.taken_up] == [1, 2]
    assert losses(folder(servers, run_id)) == undisturbed
    (again,) = all_told(training, folder(servers, run_id))[0].resumptions
    assert again.cause is Cause.RUN_KILLED
    assert again.step >= 10
    assert in_mlflow(servers, run_id) == [step for step, _ in undisturbed], "one run, each step once"
    wait_until(lambda: not servers.gpu().live_leases(), "the leases to be given back")


def test_one_that_makes_room_writes_a_checkpoint_leaves_and_goes_on_later(
    servers: DagsterServers, undisturbed: list[tuple[int, float]]
) -> None:
    low = servers.launch("stories_job")
    reached(servers, low, 20)
    high = servers.launch("one_device_job", {"trainplat/priority": "5"})
    try:
        servers.wait_for_status(high, DagsterRunStatus.STARTED)
        training = known(servers, low)
        assert training.end is not None
        assert training.end.outcome is Outcome.MADE_ROOM
        assert servers.run(low).status is QUEUED
        stopped = all_told(training, folder(servers, low))[0]
        assert stopped.saved is not None
        assert stopped.saved.step == stopped.step, "nothing is lost"
    finally:
        (Path(servers.environment["TEST_GATES"]) / f"{high}.go").touch()
    servers.wait_for_status(low, SUCCESS, timeout_s=LONG_S)
    assert losses(folder(servers, low)) == undisturbed
    (again,) = all_told(known(servers, low), folder(servers, low))[0].resumptions
    assert (again.cause, again.step) == (Cause.MADE_ROOM, stopped.step)
    assert servers.gpu().deaths(low) == 0
    wait_until(lambda: not servers.gpu().live_leases(), "the leases to be given back")


@pytest.mark.browser
@pytest.mark.needs("chromium")
def test_a_person_sees_it_run_hang_and_go_on_to_its_end(
    servers: DagsterServers, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_in_browser, "PAINT_TIMEOUT_MS", SOON_MS)  # it trains beside the browser
    with served(servers.home.path, HOME=str(servers.home.path.parent)) as dashboard:
        run_id = servers.launch("long_stories_job")
        reached(servers, run_id, 50)
        with looks(browser, dashboard)(f"training?training=stories/{run_id}", "Training") as page:
            expect(page.get_by_text("running", exact=True).first).to_be_visible(timeout=SOON_MS)
            expect(page.get_by_text("Tokens per second").first).to_be_visible()
            charts = page.locator("[data-testid=stVegaLiteChart]")
            expect(charts.first).to_be_visible(timeout=SOON_MS)
            before = step_on(page)
            expect(page.get_by_text(f"At step {before} of {LONG:,}.").first).not_to_be_visible(
                timeout=SOON_MS
            )
            picture(page, "picture-training")
            hang(servers, run_id)
            expect(page.get_by_text("after it hung").first).to_be_visible(timeout=2 * SOON_MS)
            expect(page.get_by_text("Where its processes stood when it hung")).to_be_visible()
            servers.wait_for_status(run_id, SUCCESS, timeout_s=LONG_S)
            expect(page.get_by_text(f"All {LONG:,} steps are done.").first).to_be_visible(timeout=SOON_MS)
            expect(page.get_by_text("Registered as")).to_be_visible()
            expect(page.get_by_text("held_out_loss").first).to_be_visible()
            is_calm(page)
            picture(page, "dashboard-training-done")
    told = observed(servers)
    assert any("hung" in one for one in told), "its run tells of the hang"
    assert any("loss" in one and "device_use" in one for one in told)


def reached(servers: DagsterServers, run_id: RunId, step: int) -> None:
    """Wait until it has trained so far."""
    wait_until(
        lambda: any(at >= step for at, _ in losses(folder(servers, run_id))), f"step {step}", timeout_s=300
    )


def folder(servers: DagsterServers, run_id: RunId) -> Path:
    """Where the training of a run tells and keeps everything."""
    return service(servers).folder(TrainingId("stories", run_id))


def known(servers: DagsterServers, run_id: RunId) -> Training:
    """What is known of it."""
    found = service(servers).find(TrainingId("stories", run_id))
    assert found is not None
    return found


def service(servers: DagsterServers) -> TrainingService:
    """The trainings of the home."""
    return TrainingService(servers.home, servers.home.database())


def holder(servers: DagsterServers, run_id: RunId) -> ProcessIdentity:
    """The process of the run."""
    lease: Lease | None = servers.gpu().newest_lease(run_id)
    assert lease is not None
    assert lease.holder is not None
    return lease.holder


def hang(servers: DagsterServers, run_id: RunId) -> None:
    """Let one of its processes stand still."""
    workers_of(folder(servers, run_id))[1].send_signal(signal.SIGSTOP)


def step_on(page: Page) -> str:
    """The step that the page tells."""
    text = page.get_by_text("At step").first.inner_text()
    return text.split("At step ")[1].split(" of")[0]


def in_mlflow(servers: DagsterServers, run_id: RunId) -> list[int]:
    """The steps of the loss in MLflow; there is one run, and one version."""
    runs = TrainingRuns(servers.home)
    source = f"stories/{run_id}"
    assert len(runs.trained_versions("stories", source)) == 1
    client = runs._client()
    experiment = client.get_experiment_by_name("stories")
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id], f"tags.trainplat_snapshot = '{source}'")
    assert [one.info.status for one in found] == ["FINISHED"]
    return [one.step for one in client.get_metric_history(found[0].info.run_id, "loss")]


def observed(servers: DagsterServers) -> list[set[str]]:
    """What the observations of the asset tell."""
    with servers.instance() as instance:
        found = instance.fetch_observations(AssetRecordsFilter(AssetKey("long_stories")), limit=1000).records
        events = [one.asset_observation for one in found]
    return [set(one.metadata) for one in events if one is not None]
