"""Label Studio's own page, as annotators use it: clicked in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from resources.terms import Label
from tests.resources.labeling.people import CATS, Desk, desk, sample_id
from tests.servers.browser import keep
from tests.servers.label_studio import EMAIL, LabelStudioServer

pytestmark = [
    pytest.mark.real,
    pytest.mark.browser,
    pytest.mark.needs("chromium"),
    pytest.mark.timeout(300),
]
PAINT_TIMEOUT_MS = 60_000


@pytest.fixture
def anna(label_studio: LabelStudioServer, tmp_path: Path) -> Desk:
    return desk(tmp_path)


@pytest.fixture
def page(label_studio: LabelStudioServer, browser: Browser) -> Iterator[Page]:
    """A page of somebody who has signed in."""
    opened = browser.new_page(viewport={"width": 1400, "height": 900}, locale="en-US")
    opened.set_default_timeout(PAINT_TIMEOUT_MS)
    opened.goto(f"{label_studio.address}/user/login/")
    opened.fill("input[name=email]", EMAIL)
    opened.fill("input[name=password]", label_studio.password)
    opened.click("button[type=submit]")
    opened.wait_for_url(lambda url: "/user/login" not in url)
    yield opened
    opened.close()


def manager(anna: Desk, label_studio: LabelStudioServer) -> str:
    """The address of the project's tasks."""
    listed = anna.service.client.connection.get("/api/projects/", {"title": CATS}).json()["results"]
    [project] = [one["id"] for one in listed]
    return f"{label_studio.address}/projects/{project}/data"


def choose(page: Page, label: str) -> None:
    """Click the class, whose guess of another class is chosen already."""
    choice = page.get_by_role("checkbox", name=label)
    expect(choice).not_to_be_checked()
    choice.check()


def press(page: Page, button: str) -> None:
    """Press *Submit* or *Skip*, and wait until Label Studio has taken it."""
    with page.expect_response(lambda answer: "/annotations" in answer.url and answer.status == 201):
        page.get_by_test_id(f"bottombar-{button}-button").click()


def test_what_is_clicked_in_the_page_becomes_a_label(
    label_studio: LabelStudioServer, anna: Desk, page: Page
) -> None:
    anna.ask(range(2))
    page.goto(f"{manager(anna, label_studio)}?task={anna.task(0)}")
    expect(page.get_by_role("checkbox", name="cat")).to_be_checked()
    choose(page, "owl")
    keep(page, "label-studio-task")
    press(page, "submit")
    anna.poll()
    assert anna.labels() == {sample_id(0): Label("owl")}


@pytest.mark.slow
def test_people_go_through_the_questions_with_keys_and_skip_what_nobody_can_tell(
    label_studio: LabelStudioServer, anna: Desk, page: Page
) -> None:
    anna.ask(range(3))
    page.goto(manager(anna, label_studio))
    page.get_by_role("button", name="Label All Tasks").click()
    expect(page.get_by_role("checkbox", name="cat")).to_be_checked()  # the least sure question comes first
    page.keyboard.press("2")
    press(page, "submit")
    expect(page.get_by_role("checkbox", name="dog")).to_be_checked()
    press(page, "skip")
    expect(page.get_by_role("checkbox", name="owl")).to_be_checked()
    keep(page, "label-studio-stream")
    press(page, "submit")
    expect(page.get_by_text("All tasks in the queue have been completed")).to_be_visible()
    anna.poll()
    assert anna.labels() == {sample_id(0): Label("dog"), sample_id(2): Label("owl")}
    [problem] = anna.service.problems(CATS)
    assert problem.sample == sample_id(1)
    assert "skipped" in problem.problem
