"""``trainplat gpu reserve``: set aside, shown, cancelled."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.trainplat_cli.commands.gpu.homes import run

SOON = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT09:00+00:00")


@pytest.fixture(autouse=True)
def _two_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "2")


def test_devices_are_set_aside_listed_and_given_up() -> None:
    made = run("reserve", "demo", "2", "--from", SOON, "--for", "4h", "--project", "vision", "--user", "ann")
    assert made.exit_code == 0, made.stderr
    assert made.stdout.startswith("cpu:0, cpu:1 are set aside for vision/ann from ")
    [listed] = json.loads(run("reserve", "list", "--json").stdout)["reservations"]
    assert (listed["name"], listed["project"], listed["user"]) == ("demo", "vision", "ann")
    assert listed["devices"] == ["cpu:0", "cpu:1"]
    assert datetime.fromisoformat(listed["from"]) == datetime.fromisoformat(SOON)
    assert any(
        line.startswith("demo") and "vision/ann" in line
        for line in run("reserve", "list").stdout.splitlines()
    )
    assert run("reserve", "cancel", "demo").stdout == "Reservation demo is cancelled.\n"
    assert run("reserve", "list").stdout == "Nothing is set aside.\n"


def test_one_device_is_set_aside() -> None:
    assert run("reserve", "demo", "1", "--from", SOON, "--for", "4h").stdout.startswith(
        "cpu:0 is set aside for "
    )


def test_machines_get_what_was_made() -> None:
    told = json.loads(
        run("reserve", "demo", "1", "--from", SOON, "--for", "90m", "--cpus", "1", "--json").stdout
    )
    assert (told["name"], told["request"], told["project"], told["cpus"]) == ("demo", "1", "default", 1.0)
    assert datetime.fromisoformat(told["to"]) - datetime.fromisoformat(told["from"]) == timedelta(minutes=90)
    assert json.loads(run("reserve", "cancel", "demo", "--json").stdout) == {
        "name": "demo",
        "cancelled": True,
    }


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (["demo", "1", "--from", "soon", "--for", "1h"], 2, "--from is 'soon'; expected a date and a time"),
        (["demo", "1", "--from", "2020-01-01T00:00", "--for", "1h"], 2, "in the past"),
        (["demo", "1", "--from", SOON, "--for", "long"], 2, "expected a length of time"),
        (["demo", "1", "--for", "1h"], 2, "--from"),
        (["demo", "9", "--from", SOON, "--for", "1h"], 2, "this machine has 2"),
        (["cancel", "demo"], 4, "there is no reservation 'demo'"),
    ],
)
def test_what_is_refused_ends_with_its_code(arguments: list[str], code: int, what: str) -> None:
    result = run("reserve", *arguments)
    assert result.exit_code == code
    assert what in result.stderr


def test_what_would_oversell_ends_with_5_and_names_the_nearest_time() -> None:
    assert run("reserve", "demo", "2", "--from", SOON, "--for", "1h").exit_code == 0
    result = run("reserve", "more", "1", "--from", SOON, "--for", "1h")
    assert result.exit_code == 5
    assert "reservation demo of default until" in result.stderr
    assert "--from " in result.stderr


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59", "9999-12-31T23:59:59-10:00", "0001-01-01", "soon"])
def test_a_moment_of_no_use_is_refused_in_words(moment: str) -> None:
    told = run("reserve", "demo", "1", "--from", moment, "--for", "4h")
    assert told.exit_code == 2
    assert "Next:" in told.stderr
