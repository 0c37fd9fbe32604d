"""``trainplat training``: how trainings stand, for people and programs."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result

from resources.home import Home
from resources.learning.trainings.service import TrainingService
from resources.learning.trainings.store import write_record
from tests.streamlit_app import training_home
from trainplat_cli.main import main

pytestmark = pytest.mark.usefixtures("trainplat_home")


def run(*arguments: str) -> Result:
    """``trainplat training`` on a wide terminal."""
    return CliRunner().invoke(main, ["training", *arguments], env={"COLUMNS": "240"})


def fill() -> None:
    """One that runs, one that waits, one that is done."""
    training_home.fill(Home.from_environment(), datetime.now(UTC))


def test_people_see_those_that_run_first_and_what_each_does() -> None:
    fill()
    lines = run("list").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["stories/a1", "sums/b1", "wine/c1"]
    assert "Resumed from step 36 after it hung." in lines[1]


def test_machines_get_all_of_it() -> None:
    fill()
    told = json.loads(run("list", "--json").stdout)["trainings"]
    assert [(one["training"], one["state"], one["step"]) for one in told] == [
        ("stories/a1", "running", 50),
        ("sums/b1", "waiting", 20),
        ("wine/c1", "done", 100),
    ]
    one = json.loads(run("show", "stories", "--json").stdout)
    assert [point["step"] for point in one["curve"]][-2:] == [48, 50]
    assert one["resumptions"][0]["cause"] == "hung"
    assert one["hang"]["stacks"] == ["stacks-0.txt"]
    assert one["checkpoints"][0]["step"] == 48
    assert one["use"][0]["device"] == "cpu:0"


def test_one_is_shown_with_its_checkpoints_its_scores_and_its_log() -> None:
    fill()
    told = run("show", "stories", "--log").stdout
    assert "At step 50 of 100." in told
    assert "2.5 MB" in told
    assert "[1] a warning of the second process" in told
    assert "0.9722" in run("show", "wine/c1").stdout
    assert "It made room after step 20 of 100" in run("show", "sums").stdout


def test_a_home_without_trainings_and_a_name_that_nobody_has_are_told() -> None:
    assert run("list").stdout.startswith("No training yet.")
    assert json.loads(run("list", "--json").stdout) == {"trainings": [], "coming": []}
    missing = run("show", "stories")
    assert missing.exit_code == 4
    assert "trainplat training list" in missing.output


@pytest.mark.parametrize("is_registered", [True, False])
def test_one_is_removed_once_a_person_says_so(is_registered: bool) -> None:
    fill()
    home = Home.from_environment()
    service = TrainingService(home, home.database())
    if not is_registered:
        wine = service.named("wine")
        write_record(service.folder(wine.id), replace(wine, model=None))
    asked = CliRunner().invoke(main, ["training", "remove", "wine"], input="n\n")
    assert asked.exit_code != 0
    assert ("its weights are nowhere else. Remove wine/c1" in asked.output) is (not is_registered)
    assert "wine/c1" in run("list").stdout
    told = json.loads(run("remove", "wine", "--yes", "--json").stdout)
    assert told["training"] == "wine/c1"
    assert "wine/c1" not in run("list").stdout


def test_what_runs_or_waits_for_devices_is_not_removed() -> None:
    fill()
    for name in ("stories", "sums"):
        refused = run("remove", name, "--yes")
        assert refused.exit_code == 5
        assert "Cancel that run in the Dagster UI first." in refused.output
    assert run("remove", "nothing", "--yes").exit_code == 4
