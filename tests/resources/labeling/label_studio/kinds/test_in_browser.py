"""Names in a text and boxes in a picture, marked by a person in Label Studio's own page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from resources.home import Home
from resources.kinds import Kind
from resources.labeling.model import Question
from resources.labeling.service import LabelingService
from resources.marks import Box, Span, boxes_in, written
from resources.terms import DatasetName, Label
from tests.resources.labeling.people import ANNA, V1, sample_id
from tests.servers.browser import keep
from tests.servers.label_studio import EMAIL, LabelStudioServer

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.needs("chromium"),
    pytest.mark.timeout(400),
]
MARKED = DatasetName("marked")
PERSON, PLACE = Label("person"), Label("place")
WHERE_A_WORD_IS = """word => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const at = walker.currentNode.textContent.indexOf(word);
    if (at < 0 || !walker.currentNode.parentElement.closest('[class*="richtext"]')) continue;
    const range = document.createRange();
    range.setStart(walker.currentNode, at);
    range.setEnd(walker.currentNode, at + word.length);
    const box = range.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  }
  return null;
}"""


@pytest.fixture
def people(label_studio: LabelStudioServer) -> LabelingService:
    assert label_studio
    home = Home.from_environment()
    return LabelingService(home, home.database())


@pytest.fixture
def page(label_studio: LabelStudioServer, browser: Browser) -> Iterator[Page]:
    """A page of somebody who has signed in."""
    opened = browser.new_page(viewport={"width": 1400, "height": 900}, locale="en-US")
    opened.set_default_timeout(90_000)
    opened.goto(f"{label_studio.address}/user/login/")
    opened.fill("input[name=email]", EMAIL)
    opened.fill("input[name=password]", label_studio.password)
    opened.click("button[type=submit]")
    opened.wait_for_url(lambda url: "/user/login" not in url)
    yield opened
    opened.close()


def open_task(page: Page, people: LabelingService, kind: Kind, file: Path, guess: Label) -> None:
    """Ask about one sample and open its task."""
    question = Question(sample_id(0), guess, 0.5, file)
    people.ask(
        MARKED, "Marked", (PERSON, PLACE), V1, [question], model_version="marked-1", actor=ANNA, kind=kind
    )
    (asked,) = people.questions(MARKED)
    page.goto(f"{people.project_address(MARKED)}?task={asked.task}")


def submit(page: Page) -> None:
    with page.expect_response(lambda answer: "/annotations" in answer.url and answer.status == 201):
        page.get_by_test_id("bottombar-submit-button").click()


def confirmed(people: LabelingService) -> Label:
    people.poll(MARKED, None, actor=ANNA)
    (answer,) = people.confirmed(MARKED)
    return answer.label


@pytest.mark.parametrize(
    "text",
    [
        "\N{GRINNING FACE} Ada saw Rome.",
        "\N{GRINNING FACE}\r\nAda \N{GRINNING FACE}\r\n\r\nsaw\tRome.",
        "  \tAda e\N{COMBINING ACUTE ACCENT} \N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN} &amp; <b>saw</b>  Rome.",
    ],
    ids=["emoji", "windows line ends", "marks, tabs and tags"],
)
def test_a_word_that_is_selected_becomes_a_span_beside_what_was_found(
    people: LabelingService, page: Page, tmp_path: Path, text: str
) -> None:
    (tmp_path / "a.txt").write_bytes(text.encode())
    ada = Span(text.index("Ada"), text.index("Ada") + 3, PERSON)
    rome = Span(text.index("Rome"), text.index("Rome") + 4, PLACE)
    open_task(page, people, Kind.ENTITIES, tmp_path / "a.txt", written([ada]))
    expect(page.get_by_text("Regions").first).to_be_visible()

    page.wait_for_function(f"({WHERE_A_WORD_IS})('Rome') !== null")
    page.keyboard.press("2")  # the key of the second class
    x, y = page.evaluate(WHERE_A_WORD_IS, "Rome")
    page.mouse.dblclick(x, y)
    keep(page, "label-studio-entities")
    submit(page)

    assert confirmed(people) == written([ada, rome])


def test_a_box_that_is_drawn_stands_beside_the_one_that_was_found(
    people: LabelingService, page: Page, tmp_path: Path
) -> None:
    Image.new("L", (40, 40), 90).save(tmp_path / "a.png")
    found = Box(10.0, 10.0, 25.0, 25.0, PERSON)
    open_task(page, people, Kind.BOXES, tmp_path / "a.png", written([found]))
    picture = page.locator("canvas").first
    picture.wait_for()
    page.wait_for_timeout(1_000)
    shown = picture.bounding_box()
    assert shown is not None

    page.keyboard.press("2")
    at = [(shown["x"] + shown["width"] * share, shown["y"] + shown["height"] * share) for share in (0.5, 0.9)]
    page.mouse.move(*at[0])
    page.mouse.down()
    page.mouse.move(*[(a + b) / 2 for a, b in zip(*at, strict=True)])
    page.mouse.move(*at[1])
    page.mouse.up()
    keep(page, "label-studio-boxes")
    submit(page)

    drawn = [box for box in boxes_in(confirmed(people)) if box.label == PLACE]
    assert found in boxes_in(confirmed(people))
    assert [box.overlap(Box(50.0, 50.0, 40.0, 40.0, PLACE)) > 0.8 for box in drawn] == [True]
