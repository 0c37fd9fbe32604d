"""``trainplat gpu simulate``: what would happen."""

import json

import pytest

from resources.home import Home
from tests.trainplat_cli.commands.gpu.homes import add_runs, run


def test_people_see_that_it_would_wait_and_why() -> None:
    add_runs()
    lines = [
        " ".join(line.split()) for line in run("simulate", "2", "--project", "speech").stdout.splitlines()
    ]
    assert "Means 2 whole devices" in lines
    assert "Outcome It would wait." in lines
    assert any(line.startswith("Because W") for line in lines)
    assert "Start at the earliest nobody knows" in lines
    assert any(line.startswith("Wait already ") for line in lines)


def test_machines_get_it_flat_and_nothing_is_changed() -> None:
    before = run("queue", "--json").stdout
    told = json.loads(run("simulate", "2", "--for", "2h", "--json").stdout)
    assert (told["outcome"], told["rule"], told["devices"]) == ("granted", "A2", ["cpu:0", "cpu:1"])
    assert (told["cost"], told["cost_seconds"], told["victims"]) == (None, 7200, [])
    assert run("queue", "--json").stdout == before


def test_the_cost_is_shown_where_there_are_prices() -> None:
    home = Home.from_environment()
    home.path.mkdir(parents=True, exist_ok=True)
    home.prices_file.write_text("currency: EUR\nper_gpu_hour: {'*': 0.5}\n")
    told = json.loads(run("simulate", "2", "--for", "90m", "--json").stdout)
    assert (float(told["cost"]), told["currency"]) == (1.5, "EUR")
    assert "1.50 EUR" in run("simulate", "2", "--for", "90m").stdout
    assert "Cost per hour" in run("simulate", "2").stdout


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["lots"], "not a GPU quantity"),
        (["9"], "this machine has 2"),
        (["1", "--for", "soon"], "expected a length of time"),
        (["1", "--cpus", "many"], "--cpus is 'many'; expected a number of cores"),
        (["1", "--priority", "high"], "--priority is 'high'; expected a whole number"),
    ],
)
def test_what_would_be_refused_ends_with_2(arguments: list[str], what: str) -> None:
    result = run("simulate", *arguments)
    assert result.exit_code == 2
    assert what in result.stderr


def test_a_number_below_0_is_a_request_and_an_option_that_is_none_is_not() -> None:
    result = run("simulate", "-1")
    assert (result.exit_code, "asks for shared use" in result.stderr) == (2, True)
    assert "position 1 expected -1, which asks for shared use" in run("simulate", "-2").stderr
    assert run("simulate", "1", "--priority", "-5").exit_code == 0
    result = run("simulate", "1", "--preemptable")
    assert (result.exit_code, "No such option" in result.stderr) == (2, True)
