"""Live models: a person compares two, reads why a gate bars one, watches a canary and a bad version that is
taken back by itself, and rolls back: in a real browser, beside a real model server that is always asked.
"""

import csv
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import Event

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from benchmarks.many_models import ManyModels, fill
from resources.deploy_plan import DeployPlan
from resources.gate_plan import GatePlan, QualityGate
from resources.home import Home
from resources.pipelines.folder import PIPELINES_VARIABLE
from resources.registry import store
from resources.registry.evaluations.service import EvaluationService
from resources.registry.gates.judging import judge
from resources.registry.gates.model import CheckOutcome, GateEvidence
from resources.registry.gates.service import GateService
from resources.registry.service import RegistryService
from resources.serving.client import ModelClient
from resources.serving.deployments.model import EventKind, Served
from resources.serving.deployments.service import DeploymentService
from resources.serving.references import parse_reference
from tests.resources.serving.examples import ACTOR
from tests.resources.serving.homes import SAMPLES, saying, saying_nothing
from tests.resources.serving.server.test_serving import server
from tests.streamlit_app.test_in_browser import (
    CLICK_TIMEOUT_MS,
    CLICKS,
    click_until,
    is_calm,
    is_drawn,
    looks,
    picture,
    served,
    unfold,
)

pytestmark = [
    *(pytest.mark.browser, pytest.mark.real, pytest.mark.slow),
    *(pytest.mark.needs("chromium"), pytest.mark.timeout(600)),
]
MANY = ManyModels(count=4, test_count=120)
SAYING_ONE, BARRED, SAYING_NOTHING = 2, 3, 4
PLAN = DeployPlan(step_s=6, least_requests=20)
STEP_MS = 60_000
PAUSE_S = 0.02
LIVE = "live-models"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Four measured models with weights: the third is barred by its gates, the fourth says nothing."""
    home = Home(tmp_path / "home")
    measured = {one.number: one for one in fill(home, MANY)}
    _give_weights(home, {1: saying(1), 2: saying(1), 3: saying(1), 4: saying_nothing()})
    gates = GateService(home, home.database())
    for number, one in measured.items():
        plan = GatePlan(quality=QualityGate(at_least=0.99 if number == BARRED else 0.1))
        evidence = GateEvidence(one, data_checks=(CheckOutcome("tree_is_whole", True),))
        judging = gates.record(one.dataset, number, judge(plan, evidence), ACTOR)
        assert bool(judging.failed_sentences) == (number == BARRED)
    return home


@pytest.fixture
def service(home: Home) -> DeploymentService:
    service = DeploymentService(home, home.database())
    service.promote(parse_reference("digits:1"), ACTOR, "the first that is good", declared=PLAN)
    return service


def test_a_person_compares_promotes_watches_and_rolls_back(
    browser: Browser, home: Home, service: DeploymentService, tmp_path: Path
) -> None:
    with (
        served(home.path, HOME=str(tmp_path), **{PIPELINES_VARIABLE: str(tmp_path / "none")}) as dashboard,
        server(home.path),
        asked(home) as answers,
    ):
        look = looks(browser, dashboard)
        with look(f"{LIVE}?version={SAYING_ONE}", "Models") as page:
            _it_stands_beside_what_is_live(page, service)
            page.get_by_role("link", name="Compare both").click()
            expect(page.get_by_role("heading", name="Model comparison")).to_be_visible()
            _two_models_are_compared(page, home)
        with look(f"{LIVE}?version={BARRED}", "Models") as page:
            _a_failing_gate_is_read(page, service)
        with look(f"{LIVE}?version={SAYING_ONE}", "Models") as page:
            _a_canary_is_watched(page, service)
        with look(f"{LIVE}?version={SAYING_NOTHING}", "Models") as page:
            _a_bad_version_is_taken_back_by_itself(page, service)
        with look(LIVE, "Models") as page:
            _what_was_live_before_comes_back(page, service)
            _the_history_says_all_of_it(page, service)
    assert set(answers) == {("digits:1", "1"), ("digits:2", "1")}
    assert service.verify() == []


def _it_stands_beside_what_is_live(page: Page, service: DeploymentService) -> None:
    """What is live and why, whether the new one is better, and how both scale, at one look."""
    card = page.locator(".tp-card").first
    expect(_live(page)).to_have_text("digits:1")
    expect(card).to_contain_text(f"{ACTOR} promoted digits:1.")
    expect(card).to_contain_text("the first that is good")
    expect(page.get_by_text("Beside digits:1, which is live")).to_be_visible()
    old, new = (
        EvaluationService(service.home, service.database).measurement(MANY.dataset, number)
        for number in (1, SAYING_ONE)
    )
    assert old is not None
    assert new is not None
    expect(page.get_by_text(f"accuracy: {new.value:.1%} against {old.value:.1%}")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Worse: (class|brightness)"))).to_be_visible()
    unfold(page, "Scaling")
    field = page.get_by_role("textbox", name="Try it by another text")
    field.fill("replicas:2-6")
    field.press("Enter")
    expect(page.get_by_text("48.0 replica-hours, at most 2 replicas at once.")).to_be_visible()
    expect(page.get_by_text("2 to 6 replicas.")).to_be_visible()
    picture(page, "models-beside-live")
    assert service.state("digits").plan.autoscale == ""


def _two_models_are_compared(page: Page, home: Home) -> None:
    expect(page).to_have_url(re.compile("part=slices&heat=gain"))
    expect(page.get_by_text("By slice", exact=True)).to_be_visible()
    page.get_by_role("radio", name="Models", exact=True).click()
    values = {
        one.number: one.value for one in EvaluationService(home, home.database()).measurements(MANY.dataset)
    }
    expect(page.get_by_text("4 of 4 models")).to_be_visible()
    expect(page.get_by_role("combobox", name="Baseline")).to_have_value("1")
    row = page.locator("table.tp-table tbody tr").filter(has=page.get_by_text("v1.1", exact=True))
    expect(row).to_contain_text(f"{values[2]:.1%}")
    expect(row).to_contain_text(re.compile(r"[+-]\d+\.\d \([+-]\d+\.\d … [+-]\d+\.\d\)"))
    page.get_by_role("radio", name="Differences", exact=True).click()
    expect(page.get_by_role("heading", name="Difference to model 1")).to_be_visible()
    is_drawn(page)
    page.get_by_role("radio", name="Samples", exact=True).click()
    expect(page).to_have_url(re.compile("part=samples"))
    expect(page.get_by_text("Samples behind the numbers")).to_be_visible()
    expect(page.locator(".tp-card").first).to_be_visible()
    is_calm(page)
    picture(page, "models-compared")


def _a_failing_gate_is_read(page: Page, service: DeploymentService) -> None:
    judging = GateService(service.home, service.database).judging(MANY.dataset, BARRED)
    assert judging is not None
    (result,) = [one for one in judging.results if not one.passed]
    expect(page.get_by_text("Its gates bar it:")).to_be_visible()
    expect(page.get_by_text(result.sentence).last).to_be_visible()
    expect(_put_it_live(page)).to_be_disabled()
    is_calm(page)
    picture(page, "models-gate-failed")
    assert service.state("digits").live == Served(1)


def _a_canary_is_watched(page: Page, service: DeploymentService) -> None:
    _promote(page, SAYING_ONE, "it is the better one")
    for percent in (10, 50, 100):
        share = page.locator(".tp-weights").get_by_text(f"digits:2 · {percent} %", exact=True)
        expect(share).to_be_visible(timeout=STEP_MS)
        rollout = service.state("digits").rollout
        assert rollout is not None
        assert (rollout.new, rollout.weight_percent) == (Served(2), percent)
        if percent == 50:
            expect(page.get_by_text(re.compile("^Done. "))).to_be_visible()
            expect(page.get_by_text("50 % now", exact=True)).to_be_visible()
            expect(page.get_by_text(re.compile(r"^Next: 100 % of the requests, in \d+ s"))).to_be_visible()
            is_calm(page)
            picture(page, "picture-models-live")
    expect(_live(page)).to_have_text("digits:2", timeout=STEP_MS)
    expect(page.locator(".tp-weights")).to_have_count(0)
    assert service.state("digits").live == Served(2)
    expect(page.locator(".tp-card").first).to_contain_text("it is the better one")


def _a_bad_version_is_taken_back_by_itself(page: Page, service: DeploymentService) -> None:
    _promote(page, SAYING_NOTHING, "a try")
    card = page.locator(".tp-card").first
    expect(card.get_by_text("taken back", exact=True)).to_be_visible(timeout=STEP_MS)
    expect(card).to_contain_text(re.compile(r"model 4 is taken back: \d+ of \d+ requests failed"))
    expect(_live(page)).to_have_text("digits:2")
    is_calm(page)
    picture(page, "models-taken-back")
    assert service.state("digits").live == Served(2)


def _what_was_live_before_comes_back(page: Page, service: DeploymentService) -> None:
    unfold(page, "Roll back")
    expect(
        page.get_by_text("digits:1 would be live again, as soon as a copy of it is ready.")
    ).to_be_visible()
    button = page.get_by_role("button", name="Roll back", exact=True)
    expect(button).to_be_disabled()
    field = page.get_by_label("Type digits to confirm").first
    field.fill("digit")
    page.keyboard.press("Enter")
    is_drawn(page)
    expect(button).to_be_disabled()
    field.fill("digits")
    page.keyboard.press("Enter")
    expect(button).to_be_enabled()
    done = page.get_by_text(re.compile("^Done. .*model 1 is coming back"))
    _press(button, done)
    expect(_live(page)).to_have_text("digits:1", timeout=STEP_MS)
    expect(done).to_be_visible()
    click_until(page.get_by_role("button", name="Dismiss"), page.locator("body:not(:has(.stAlert))"))
    assert service.state("digits").live == Served(1)


def _the_history_says_all_of_it(page: Page, service: DeploymentService) -> None:
    events = service.history("digits")
    kinds = [one.kind for one in events]
    assert kinds == [
        *(EventKind.PROMOTED, EventKind.PROMOTED),
        *(EventKind.ADVANCED, EventKind.ADVANCED, EventKind.ADVANCED, EventKind.COMPLETED),
        *(EventKind.PROMOTED, EventKind.ADVANCED, EventKind.ABORTED),
        *(EventKind.ROLLED_BACK, EventKind.COMPLETED),
    ]
    rows = page.locator("table.tp-table").last.locator("tbody tr")
    expect(rows).to_have_count(len(events))
    expect(rows.first).to_contain_text("digits:1")
    expect(rows.nth(2)).to_contain_text("requests failed")
    expect(rows.last).to_contain_text("the first that is good")
    is_drawn(page)
    with page.expect_download() as fetched:
        page.get_by_role("button", name="Download as CSV").click()
    written = list(csv.DictReader(Path(fetched.value.path()).read_text("utf-8-sig").splitlines()))
    assert [row["what"] for row in written] == [one.kind.value for one in events]
    assert [row["hash"] for row in written] == [one.hash for one in events]
    is_calm(page)
    picture(page, "models-history")


def _promote(page: Page, number: int, why: str) -> None:
    page.get_by_label("Why, for the history").first.fill(why)
    page.keyboard.press("Enter")
    is_drawn(page)
    page.get_by_text("I have read what this changes").click()
    expect(_put_it_live(page)).to_be_enabled()
    _press(_put_it_live(page), page.get_by_text(re.compile(f"^Done. .*model {number} ")))


def _press(button: Locator, comes: Locator) -> None:
    """Click, and again where that was swallowed: a page that is read every two seconds is seldom calm."""
    for _ in range(CLICKS):
        if button.is_enabled():
            button.click()
        with suppress(AssertionError):
            expect(comes).to_be_attached(timeout=CLICK_TIMEOUT_MS)
            return
    expect(comes).to_be_attached(timeout=CLICK_TIMEOUT_MS)


def _put_it_live(page: Page) -> Locator:
    return page.get_by_role("button", name="Put it live", exact=True)


def _live(page: Page) -> Locator:
    """What the card says is live."""
    return page.locator(".tp-card").first.locator("b code")


def _give_weights(home: Home, contents: dict[int, bytes]) -> None:
    blobs = home.models / "blobs"
    blobs.mkdir(parents=True, exist_ok=True)
    models = RegistryService(home, home.database()).models(MANY.dataset)
    with home.database().write() as connection:
        for one in models:
            digest = sha256(contents[one.number]).hexdigest()
            (blobs / f"sha256-{digest}").write_bytes(contents[one.number])
            store.put_model(connection, replace(one, weights_sha256=digest))


@contextmanager
def asked(home: Home) -> Iterator[list[tuple[str, str]]]:
    """Somebody asks all the time: which version answered, and what."""
    answers: list[tuple[str, str]] = []
    ends = Event()

    def ask() -> None:
        with ModelClient(home=home) as client:
            while not ends.is_set():
                answer = client.ask("digits", SAMPLES)
                answers.extend((answer.model, label) for label in answer.labels)
                time.sleep(PAUSE_S)

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        try:
            yield answers
        finally:
            ends.set()
            asking.result()
