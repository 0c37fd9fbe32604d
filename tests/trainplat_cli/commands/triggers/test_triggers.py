"""``trainplat trigger`` and ``trainplat triggers``: wishes and pauses, and what is told of them."""

import json

import pytest
from click.testing import CliRunner, Result

from resources.database.audit import recent
from resources.home import Home
from resources.learning.triggering.judging import judge
from resources.learning.triggering.service import TriggerService
from resources.triggers import TriggerPolicy
from resources.users import current_user
from tests.resources.data.shapes import ACTOR, SHAPES, service
from tests.resources.learning.triggering.policies import NOTHING, NOW
from trainplat_cli.main import main

ME = f"user:{current_user()}"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.fixture
def home(trainplat_home: object) -> Home:
    home = Home.from_environment()
    service(home.path).plan_first(SHAPES, ACTOR)
    return home


def test_a_wish_is_kept_with_who_asked_and_can_be_taken_back(home: Home) -> None:
    made = json.loads(run("trigger", "shapes", "--reason", "before the fair", "--json").stdout)
    assert (made["actor"], made["reason"], made["after"]) == (ME, "before the fair", None)
    assert recent(home.database(), 1)[0].action == "triggers.wish"
    assert made["is_new"]
    again = run("trigger", "shapes")
    assert "You have asked for a training of shapes already" in " ".join(again.stdout.split())
    assert "1 wish is taken back." in run("trigger", "shapes", "--withdraw").stdout
    again = run("trigger", "shapes", "--withdraw")
    assert (again.exit_code, "no wish for a training of shapes is open" in again.output) == (4, True)


@pytest.mark.parametrize(
    "command",
    [["trigger", "cats"], ["triggers", "show", "cats"], ["triggers", "pause", "cats", "--reason", "x"]],
)
def test_a_data_set_that_is_not_there_is_told_of(home: Home, command: list[str]) -> None:
    told = run(*command)
    assert (told.exit_code, "has no data set cats with a version" in told.output) == (4, True)


def test_a_pause_is_shown_with_its_reason_and_ends(home: Home) -> None:
    assert run("triggers", "pause", "shapes").exit_code == 2
    assert run("triggers", "pause", "shapes", "--what", "both", "--reason", "a new guide").exit_code == 0
    assert f"by {ME}: a new guide" in run("triggers", "show", "shapes").stdout
    shown = json.loads(run("triggers", "show", "shapes", "--json").stdout)["triggers"][0]
    assert [one["what"] for one in shown["pauses"]] == ["training", "asking"]
    assert run("triggers", "resume", "shapes").exit_code == 0
    assert run("triggers", "resume", "shapes").exit_code == 5


def test_what_was_found_is_shown_with_each_condition(home: Home) -> None:
    assert "No trigger was evaluated yet" in run("triggers", "show").stdout
    verdict = judge(TriggerPolicy(), NOTHING, NOW)
    TriggerService(home.database()).keep(SHAPES.name, verdict)
    told = run("triggers", "show").stdout
    assert "0 of 10 new labels, 10 missing" in told
    shown = json.loads(run("triggers", "show", "--json").stdout)["triggers"][0]
    row = shown["evaluation"]["conditions"][1]
    assert (row["kind"], row["value"], row["threshold"], row["missing"]) == ("LabelCount", 0, 10, 10)
