"""``trainplat gpu history``: what was decided and who had devices."""

import json

from resources.home import Home
from tests.streamlit_app.homes import FIRST_RUN, LARGE
from tests.trainplat_cli.commands.gpu.homes import add_runs, run


def test_people_see_decisions_and_past_leases() -> None:
    add_runs()
    said = run("history").stdout
    assert "Decisions\n" in said
    past = said.partition("Past leases\n")[2].splitlines()
    assert past[1].split()[:4] == [FIRST_RUN[:8], "1", "vision/mara", "1"]
    assert "48.0 s" in past[1]
    assert past[1].endswith("the run ended")


def test_machines_get_as_many_as_they_ask_for_the_newest_first() -> None:
    add_runs()
    told = json.loads(run("history", "--json").stdout)
    assert {one["kind"] for one in told["decisions"]} == {"grant", "wait"}
    assert [one["run"] for one in told["leases"]] == [FIRST_RUN]
    assert any(one["run"] == LARGE and one["kind"] == "wait" for one in told["decisions"])
    newest = json.loads(run("history", "--json", "--limit", "1").stdout)["decisions"]
    assert newest == told["decisions"][:1]


def test_an_empty_home_says_what_to_do() -> None:
    result = run("history")
    assert result.exit_code == 0
    assert result.stdout.startswith("Nothing was decided yet. Start a run with the tag trainplat/gpu")
    assert json.loads(run("history", "--json").stdout) == {"decisions": [], "leases": []}


def test_a_limit_of_nothing_is_refused() -> None:
    assert run("history", "--limit", "0").exit_code == 2


def test_what_past_leases_cost_is_said_where_there_are_prices() -> None:
    add_runs()
    Home.from_environment().prices_file.write_text("currency: EUR\nper_gpu_hour: {'*': 75}\n")
    [lease] = json.loads(run("history", "--json").stdout)["leases"]
    assert (lease["cost"], lease["currency"]) == ("1.0000", "EUR")
    said = run("history").stdout
    assert said.splitlines()[-1].endswith("1.00 EUR  the run ended")
    explained = json.loads(run("explain", FIRST_RUN, "--json").stdout)
    assert (explained["cost"], explained["unpriced"]) == ("1.0000", [])
    assert "Cost so far  1.00 EUR" in run("explain", FIRST_RUN).stdout


def test_all_of_it_can_be_read_on_a_narrow_terminal() -> None:
    add_runs()
    lines = run("history", columns=80).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert not any("…" in line for line in lines)
    assert any(line.strip().endswith("because the run ended") for line in lines)
