"""The pictures of README.md, from a real run: ``make screenshots``.

Plays the demo in the home that ``--home`` names (in an empty one of its own by default; a finished one is
used as it is), then looks at each page with a real browser.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from scripts.checkout import ROOT, say, stop

PICTURES = ROOT / "docs/pictures"
WIDTH_PX, HEIGHT_PX = 1400, 900
WAIT_MS = 60_000
SETTLE_MS, GREETING_MS = 8_000, 15_000
"""Charts and graphs move into place after their data is there."""
CHAIN = "/assets/digits/champion?view=lineage&lineageScope=upstream&lineageDepth=20"
TESTS = {
    "tests/end_to_end/test_arbiter_in_dagster.py": ("dagster-arbiter",),
    "tests/end_to_end/test_arbiter_on_dashboard.py": ("cluster", "queue", "quotas", "preemptions", "usage"),
    "tests/end_to_end/test_two_users.py": ("data-versions", "data-conflict"),
    "tests/end_to_end/test_trainings.py": ("training",),
    "tests/streamlit_app/test_pipelines_in_browser.py": ("pipeline",),
    "tests/streamlit_app/test_live_models_in_browser.py": ("models-live",),
    "tests/streamlit_app/test_samples_in_browser.py": ("models-samples",),
}
"""The tests that play what no demo does, and the pictures that each leaves: a machine that several projects
share, two people who change one version at once, a long training, a pipeline that was just made, a model
that goes live, and the samples behind a number."""
QUESTIONS_S = 240
"""The last round asks when it is over."""
AGAIN = 25
"""More than are ever asked again in the demo, and fewer than a round asks."""
CHART = "canvas, svg.marks"
GREETINGS = {"dagster": "Skip", "mlflow": "Try it now"}
"""What a browser that a part has never seen must click away."""


@dataclass(frozen=True)
class Shot:
    """One picture: where to look, what must be there first, and what to do before."""

    name: str
    part: str
    path: str
    text: str
    language: str = "en-GB"
    prepare: Callable[[Page], None] | None = None
    height_px: int = HEIGHT_PX
    charts: int = 0
    """So many must be drawn."""


def main() -> None:
    """Take all pictures anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="a home to show instead of a new one")
    parser.add_argument("--only", nargs="+", metavar="PICTURE", help="these pictures only")
    asked = parser.parse_args()
    wanted = chosen(asked.only)
    if wanted & {shot.name for shot in shots({})}:
        take_from_demo(asked.home, wanted)
    take_from_tests(wanted)


def chosen(only: list[str] | None) -> frozenset[str]:
    """The pictures that are taken: all of them when none is named."""
    every = {shot.name for shot in shots({})} | {name for names in TESTS.values() for name in names}
    unknown = sorted(set(only or ()) - every)
    if unknown:
        stop(f"no picture is named {', '.join(unknown)}", f"There are {', '.join(sorted(every))}.")
    return frozenset(only or every)


def take_from_demo(asked_home: Path | None, wanted: frozenset[str]) -> None:
    """What the demo shows when it is over."""
    with tempfile.TemporaryDirectory(prefix="trainplat-screenshots-") as folder:
        if asked_home is None:
            os.environ["HOME"] = folder  # so that pages name the home as they do for most people
        home = asked_home or Path(folder) / ".trainplat"
        trainplat(home, "demo", "--once")
        ran_already = _addresses(home) != {}
        trainplat(home, "status") if ran_already else trainplat(home, "up", "--detach")
        try:
            take(home, _addresses(home), wanted)
        finally:
            if not ran_already:
                trainplat(home, "down")


def take_from_tests(wanted: frozenset[str]) -> None:
    """What the tests leave that play it: no demo has so many runs, or people, at once."""
    for test, names in TESTS.items():
        if not wanted.intersection(names):
            continue
        command = [sys.executable, "-m", "pytest", "-q", "-m", "slow or not slow", str(ROOT / test)]
        subprocess.run(command, cwd=ROOT, check=True)
        for name in wanted.intersection(names):
            shutil.copyfile(ROOT / f"test-results/picture-{name}.png", PICTURES / f"{name}.png")
            say(f"docs/pictures/{name}.png")


def take(home: Path, addresses: dict[str, str], wanted: frozenset[str]) -> None:
    """Look at each page that is wanted and write its picture."""
    browser_program = shutil.which("chromium")
    if browser_program is None:
        stop(
            "Chromium is not installed",
            "Install it: sudo apt-get install chromium, then run make screenshots.",
        )
    PICTURES.mkdir(parents=True, exist_ok=True)
    secrets = json.loads((home / "secrets.json").read_text())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_program, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        for shot in shots(secrets):
            if shot.name in wanted:
                _take_one(browser, shot, addresses[shot.part])
        browser.close()


def shots(secrets: dict[str, str]) -> list[Shot]:
    """What is shown. The dashboard comes last: by then the next questions are in Label Studio."""

    def sign_in(page: Page) -> None:
        page.fill("input[name=email]", secrets["label_studio_email"])
        page.fill("input[name=password]", secrets["label_studio_password"])
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(lambda url: "/user/login" not in url)
        page.goto(_newest_question(page))
        page.get_by_test_id("bottombar-submit-button").wait_for()

    def show_confusion(page: Page) -> None:
        page.get_by_text("[Show Markdown]").first.click()

    return [
        Shot("dagster-lineage", "dagster", CHAIN, "champion", height_px=700),
        Shot(
            "dagster-evaluation",
            "dagster",
            "/assets/digits/evaluation?view=overview",
            "evaluation",
            prepare=show_confusion,
        ),
        Shot("dagster-runs", "dagster", "/runs", "digits_round"),
        Shot("label-studio", "label_studio", "/user/login/", "", prepare=sign_in),
        Shot("mlflow", "mlflow", "/#/models/digits", "Version"),
        Shot("overview", "streamlit", "/", "Overview", charts=3),
        Shot("models", "streamlit", "/models?part=rounds", "Model comparison", height_px=1300, charts=4),
        Shot("active-learning", "streamlit", "/active-learning", "Active learning", height_px=1750, charts=3),
        Shot("overview-zh", "streamlit", "/", "总览", language="zh-CN", charts=3),
    ]


def trainplat(home: Path, *arguments: str) -> None:
    """Run the command line on ``home``."""
    environment = {**os.environ, "TRAINPLAT_HOME": str(home)}
    subprocess.run([sys.executable, "-m", "trainplat_cli.main", *arguments], env=environment, check=True)


def _take_one(browser: Browser, shot: Shot, address: str) -> None:
    page = browser.new_page(locale=shot.language, viewport={"width": WIDTH_PX, "height": shot.height_px})
    page.set_default_timeout(WAIT_MS)
    page.goto(address + shot.path)
    if shot.part in GREETINGS:
        with contextlib.suppress(PlaywrightTimeout):
            page.get_by_role("button", name=GREETINGS[shot.part]).click(timeout=GREETING_MS)
    if shot.prepare is not None:
        shot.prepare(page)
    if shot.text:
        page.get_by_text(shot.text).first.wait_for()
    if shot.charts:
        page.locator(CHART).nth(shot.charts - 1).wait_for()
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=PICTURES / f"{shot.name}.png")
    page.close()
    say(f"docs/pictures/{shot.name}.png")


def _newest_question(page: Page) -> str:
    """Where the last one is that was asked: those that are asked again come first in Label Studio's order."""
    site = page.url.split("/user")[0].split("/projects")[0].rstrip("/")
    (project,) = page.request.get(f"{site}/api/projects/", params={"title": "digits"}).json()["results"]
    query = {"project": project["id"], "page_size": 1000}
    for _ in range(QUESTIONS_S):
        tasks = page.request.get(f"{site}/api/tasks/", params=query).json()["tasks"]
        waiting = [task["id"] for task in tasks if not task["total_annotations"]]
        if len(waiting) > AGAIN:
            break
        page.wait_for_timeout(1000)
    else:
        stop("the last round has asked nothing", "See what the runs of digits_questions say, and try again.")
    return f"{site}/projects/{project['id']}/data?task={max(waiting)}"


def _addresses(home: Path) -> dict[str, str]:
    file = home / "run/addresses.json"
    found: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    return found


if __name__ == "__main__":
    main()
