"""The notebook as people meet it: by itself in Jupyter, and in Dagster's UI after a round."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from dagster import AssetKey
from playwright.sync_api import expect, sync_playwright

from resources.data.model import ConfirmedLabel
from resources.kinds import Kind
from resources.terms import FIRST_VERSION, VersionKey
from resources.train_settings import TrainSettings
from tests.needs import needs
from tests.notebooks.cells import execute, read
from tests.resources.data.byhand.others import OTHERS, first_of, pool_of, spec_of, truth_of
from tests.resources.data.shapes import ACTOR
from tests.servers.dagster_servers import CHECKOUT, DagsterServers, dagster_servers, wait_until
from tests.trainplat_assets.rounds import (
    SPEC,
    data_service,
    make_first,
    make_next,
    registry_service,
    run_round,
)
from trainplat_assets.comparison.notebook import PARAMETERS_TAG, READING_TAG, reading_of
from trainplat_assets.datasets import DIGITS
from trainplat_assets.model_round import Round
from trainplat_assets.reports import NOTEBOOK, report_file

RESULTS = Path(__file__).parents[2] / "test-results"
COMPARISON = AssetKey([DIGITS.name, "comparison"])


def test_the_source_holds_no_results_and_the_cells_that_dagster_looks_for() -> None:
    notebook = read(NOTEBOOK)
    tags = [tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])]
    assert tags == [PARAMETERS_TAG, READING_TAG]
    ran = [cell for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")]
    assert not ran, "clear the outputs before you commit the notebook"
    assert notebook.metadata.kernelspec.name == "python3"


@pytest.mark.slow
def test_it_runs_by_itself_on_the_newest_version_of_a_home(trainplat_home: Path) -> None:
    data = make_first(trainplat_home)
    run_round(FIRST_VERSION)
    second = make_next(data)
    run_round(second)
    notebook = read(NOTEBOOK)
    for cell in notebook.cells:
        cell.source = cell.source.replace(f'"{DIGITS.name}"', f'"{SPEC.name}"')

    execute(notebook)

    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type in {"stream", "error"}]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) >= 3
    (told,) = [
        cell.outputs[0].data for cell in notebook.cells if READING_TAG in cell.metadata.get("tags", [])
    ]
    assert f"The model of **{second}**" in told["text/markdown"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.usefixtures("mlflow_in_home")
def test_it_shows_the_samples_of_each_kind_that_changed_sides(kind: Kind, trainplat_home: Path) -> None:
    data, registry, spec = data_service(trainplat_home), registry_service(trainplat_home), spec_of(kind)
    first_of(data, spec)
    truth = truth_of(data, spec)
    labels = [ConfirmedLabel(one.id, truth[one.id], one.id) for one in pool_of(data, spec)[:15]]
    for version in (FIRST_VERSION, VersionKey("v1.1")):
        if version != FIRST_VERSION:
            data.plan_next(spec, labels, ACTOR)
            data.make(spec, version, ACTOR)
        work = Round(spec, version, data, registry, ACTOR, TrainSettings(epochs=40, incremental_epochs=10))
        work.train(device="cpu", threads=1, run_id="r")
        work.evaluate()
        work.decide()
    notebook = read(NOTEBOOK)
    for cell in notebook.cells:
        cell.source = cell.source.replace(f'"{DIGITS.name}"', f'"{spec.name}"')

    execute(notebook)

    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type in {"stream", "error"}]
    told = "\n".join(output.data.get("text/markdown", "") for output in outputs if "data" in output)
    assert "Fixed by the new model" in told
    assert kind.has_one_class or f"% {kind.measure.words} on the {spec.test_count} test" in told
    assert f"test {'text' if kind.is_text else 'image'}" in told


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, dagster_template: Path) -> Iterator[DagsterServers]:
    """A Dagster with the assets of a round and its report; its user has no home folder to write to."""
    extra = {"HOME": os.devnull, "TRAINPLAT_SEED": "0", "PYTHONPATH": str(CHECKOUT)}
    folder = tmp_path_factory.mktemp("reports")
    with dagster_servers(folder, "tests.notebooks.location", dagster_template, extra) as started:
        yield started


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.browser
@pytest.mark.needs("chromium")
@pytest.mark.timeout(600)
def test_a_report_follows_a_round_by_itself_and_is_read_in_the_ui(servers: DagsterServers) -> None:
    with servers.instance() as instance:
        instance.add_dynamic_partitions("digits_versions", [FIRST_VERSION])
    servers.launch("digits_round", {"dagster/partition": FIRST_VERSION})

    def reported() -> set[str]:
        with servers.instance() as instance:
            return instance.get_materialized_partitions(COMPARISON)

    wait_until(reported, "the report of v1.0", 400)
    with servers.instance() as instance:
        file = report_file(Path(instance.storage_directory()), DIGITS, FIRST_VERSION)
    assert "It is the first champion" in reading_of(file.read_bytes())

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=needs("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        )
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        servers.graphql("mutation { setNuxSeen }", {})  # a welcome that would lie over the page
        page.goto(f"{servers.url}/assets/digits/comparison?view=partitions&partition={FIRST_VERSION}")
        link = page.get_by_role("link", name="Open the executed notebook")
        expect(link).to_have_attribute(
            "href", f"/notebook?{urlencode({'path': str(file), 'repoLocName': 'test'})}", timeout=60_000
        )
        expect(page.get_by_text("It is the first champion")).to_be_visible()
        page.goto(f"{servers.url}{link.get_attribute('href')}")
        expect(page.get_by_role("heading", name="How does the new model compare?")).to_be_visible()
        expect(page.get_by_role("heading", name="What each takes for what")).to_be_visible()
        broken = "[...document.images].filter(shown => !shown.complete || !shown.naturalWidth).length"
        assert page.locator("img").count() >= 2
        assert page.evaluate(broken) == 0
        RESULTS.mkdir(exist_ok=True)
        page.screenshot(path=RESULTS / "report.png", full_page=True)
        browser.close()
