"""Active learning as people meet it: answers are clicked in Label Studio, a page tells what comes of them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from resources.asking import Why
from resources.home import Home
from resources.labeling.predictions import Drawing, Pick, PoolPredictions, PredictionFiles, Query
from resources.learning.triggering.model import Paused
from resources.learning.triggering.service import TriggerService
from resources.terms import FIRST_VERSION, SampleId
from tests.resources.data.shapes import SHAPES
from tests.sensors.daemon import SensorDaemon, sensor_daemon
from tests.sensors.shapes_loop import ShapesLoop, begun
from tests.servers.label_studio import EMAIL, LabelStudioServer
from tests.streamlit_app.test_in_browser import Look, is_calm, is_drawn, looks, picture, served, unfold

pytestmark = [
    pytest.mark.slow,
    pytest.mark.real,
    pytest.mark.browser,
    pytest.mark.needs("chromium"),
    pytest.mark.timeout(1000),  # the first one may make the tables of Label Studio
]
SENSOR = "shapes_annotations"
TITLE = "Active learning"
PAINT_TIMEOUT_MS = 60_000


@pytest.fixture
def loop(label_studio: LabelStudioServer, trainplat_home: Path) -> ShapesLoop:
    """The first version decided, and its champion's guesses and query kept."""
    loop = begun(trainplat_home)
    files, pool = PredictionFiles(loop.home), tuple(sorted(loop.pool()))
    truth = loop.data.true_labels(SHAPES.name)
    sure = [(0.55 + 0.02 * place, truth[one] == SHAPES.classes[0]) for place, one in enumerate(pool)]
    said = np.array([[p, 1 - p] if is_first else [1 - p, p] for p, is_first in sure])
    guesses = PoolPredictions("shapes-1", SHAPES.classes, pool, said)
    files.write_predictions(SHAPES.name, FIRST_VERSION, guesses)
    picks = tuple(Pick(one, SHAPES.classes[0], 0.6, Why.STRATEGY) for one in pool[:3])
    files.write_query(SHAPES.name, FIRST_VERSION, Query("shapes-1", "margin", picks, Drawing(4, 0.25, 7)))
    return loop


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[SensorDaemon]:
    with sensor_daemon(tmp_path / "dagster", "tests.sensors.loop_location") as started:
        yield started


@pytest.fixture
def look(browser: Browser, loop: ShapesLoop) -> Iterator[Look]:
    with served(loop.home.path) as dashboard:
        yield looks(browser, dashboard)


@pytest.fixture
def annotator(label_studio: LabelStudioServer, browser: Browser) -> Iterator[Page]:
    """Somebody who has signed in to Label Studio."""
    page = browser.new_page(viewport={"width": 1400, "height": 900}, locale="en-US")
    page.set_default_timeout(PAINT_TIMEOUT_MS)
    page.goto(f"{label_studio.address}/user/login/")
    page.fill("input[name=email]", EMAIL)
    page.fill("input[name=password]", label_studio.password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/user/login" not in url)
    yield page
    page.close()


def click_an_answer(page: Page, loop: ShapesLoop, sample: SampleId) -> None:
    """Open the task, choose the true class, and press Submit."""
    [question] = [one for one in loop.people.questions_open(SHAPES.name) if one.sample == sample]
    page.goto(f"{loop.people.project_address(SHAPES.name)}?task={question.task}")
    truth = loop.data.true_labels(SHAPES.name)[sample]
    page.get_by_role("checkbox", name=truth).check()
    with page.expect_response(lambda answer: "/annotations" in answer.url and answer.status == 201):
        page.get_by_test_id("bottombar-submit-button").click()


def test_what_a_person_clicks_in_label_studio_moves_the_gauges_until_it_trains(
    loop: ShapesLoop, daemon: SensorDaemon, look: Look, annotator: Page
) -> None:
    first, second, third = loop.ask()
    click_an_answer(annotator, loop, first)
    daemon.tick(SENSOR)
    with look("active-learning", TITLE) as page:
        told = page.get_by_text("Does not train: 1 of 3 new labels, 2 missing; 2 questions wait")
        expect(told.first).to_be_visible()
        expect(page.get_by_text("1 / 3", exact=True)).to_be_visible()
        is_calm(page)
        picture(page, "active-learning-waits")
    for sample in (second, third):
        click_an_answer(annotator, loop, sample)
    daemon.tick(SENSOR)
    with look("active-learning", TITLE) as page:
        expect(page.get_by_text("Trains, because 3 new labels, 3 are enough").first).to_be_visible()
        unfold(page, "What was found before")
        expect(page.get_by_role("cell", name="v1.1", exact=True)).to_be_visible()
        row = page.locator("tr", has_text="margin").first
        expect(row).to_contain_text("3")  # answered, of those that the strategy picked
        is_calm(page)
        picture(page, "active-learning-trains")
    [run] = daemon.runs("shapes_round")
    assert run.tags["trainplat/trigger"].startswith("Trains, because 3 new labels")


@pytest.mark.needs("chinese font")
def test_a_person_pauses_asks_by_hand_and_tries_the_next_query(
    loop: ShapesLoop, daemon: SensorDaemon, look: Look, annotator: Page
) -> None:
    sample, *_others = loop.ask()
    click_an_answer(annotator, loop, sample)
    triggers = TriggerService(Home.from_environment().database())
    daemon.tick(SENSOR)
    with look("active-learning", TITLE) as page:
        page.get_by_label("Reason").first.fill("the guide is rewritten")
        page.get_by_role("button", name="Pause").first.click()
        expect(page.get_by_text("the guide is rewritten").first).to_be_visible()
        pause = triggers.paused(SHAPES.name, Paused.TRAINING)
        assert pause is not None
        assert pause.reason == "the guide is rewritten"
        page.get_by_label("Why now").fill("before the fair")
        page.get_by_role("button", name="Train by hand").click()
        expect(page.get_by_text("asked for a training: before the fair")).to_be_visible()
        page.get_by_role("button", name="Try it").click()
        is_drawn(page)
        expect(page.get_by_text("would ask 4 of")).to_be_visible()
        shown = page.locator(".tp-about img")
        expect(shown).to_have_count(4)
        assert shown.first.evaluate("picture => picture.naturalWidth") == 48
        assert len(loop.people.questions(SHAPES.name)) == 3, "nothing was sent"
        page.get_by_role("button", name="Resume").click()
        expect(page.get_by_role("button", name="Resume")).to_have_count(0)
        is_calm(page)
        picture(page, "active-learning-by-hand")
    assert triggers.paused(SHAPES.name, Paused.TRAINING) is None
    daemon.tick(SENSOR)
    assert [run.tags["dagster/partition"] for run in daemon.runs("shapes_round")] == ["v1.1"]
    [wish] = triggers.past_wishes(SHAPES.name)
    daemon.tick(SENSOR)
    [wish] = triggers.past_wishes(SHAPES.name)
    assert wish.version == "v1.1"
    with look("active-learning", "主动学习", locale="zh-CN") as page:
        unfold(page, "以往的判断")
        expect(page.get_by_text("手动要求：before the fair").first).to_be_visible()
        picture(page, "active-learning-zh")
