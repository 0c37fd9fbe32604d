"""``trainplat gpu usage``: what was used, for people, programs and spreadsheets."""

import json

import pytest

from resources.home import Home
from tests.trainplat_cli.commands.gpu.homes import add_runs, run


def test_people_see_hours_by_project_and_the_sum() -> None:
    add_runs()
    lines = run("usage").stdout.splitlines()
    assert lines[0].split() == ["project", "GPU-hours", "CPU", "slot", "hours", "leases"]
    assert lines[1].split()[0] == "vision"
    assert lines[-1].split()[:2] == ["in", "all"]


def test_machines_get_flat_lines_and_the_cost_where_there_is_a_price() -> None:
    add_runs()
    told = json.loads(run("usage", "--by", "user", "--by", "model", "--json").stdout)
    assert [(one["user"], one["model"]) for one in told["usage"]] == [("mara", "CPU-SLOT")]
    assert told["total"]["gpu_hours"] == 0
    assert told["total"]["slot_hours"] > 0
    assert told["total"]["cost"] is None
    home = Home.from_environment()
    home.prices_file.write_text("currency: EUR\nper_gpu_hour: {CPU-slot: 3600}\n")
    total = json.loads(run("usage", "--json").stdout)["total"]
    assert total["currency"] == "EUR"
    assert abs(float(total["cost"]) - 3600 * total["slot_hours"]) < 1
    assert run("usage").stdout.splitlines()[-1].rstrip().endswith(" EUR")


def test_a_spreadsheet_gets_a_file() -> None:
    add_runs()
    lines = run("usage", "--csv", "--by", "day").stdout.splitlines()
    assert lines[0] == "project,user,model,day,gpu_hours,slot_hours,leases,cost,currency"
    assert len(lines) >= 2
    assert run("usage", "--csv", "--json").exit_code == 2


def test_a_time_in_which_nobody_held_anything_says_so() -> None:
    assert run("usage", "--since", "2026-01-01", "--until", "2026-01-02").stdout.startswith(
        "Nobody held a device"
    )
    assert run("usage", "--since", "2999-01-01").exit_code == 2
    assert run("usage", "--since", "yesterday").exit_code == 2


BUDGETS = """
projects:
  vision: {budget: 0.001}
  speech: {budget: {7 days: 30}}
"""


def test_budgets_are_set_from_the_file_of_quotas_and_told_as_they_stand() -> None:
    add_runs()
    assert run("usage", "--budgets").stdout.startswith("No budget is set.")
    assert "budget month: nothing → 0.001" in run("quota", "set", "-", stdin=BUDGETS).stdout
    lines = run("usage", "--budgets").stdout.splitlines()
    assert lines[0].split()[:2] == ["budget", "of"]
    assert lines[1].split()[0] == "speech"
    assert "the last 7 days" in lines[1]
    assert "B1: vision has used" in lines[2]
    # At another moment more is used: what is told is compared, and not how much.
    assert [line.split()[0] for line in run("quota", "show").stdout.splitlines()] == [
        line.split()[0] for line in lines
    ]
    told = json.loads(run("usage", "--budgets", "--json").stdout)["budgets"]
    assert json.loads(run("quota", "show", "--json").stdout)["budgets"][0]["name"] == "speech"
    assert [(one["name"], one["period"], one["over"], one["rule"]) for one in told] == [
        ("speech", "7 days", False, None),
        ("vision", "month", True, "B1"),
    ]
    assert told[1]["used_hours"] > 0.001
    # Both are rounded, and summed in another order.
    assert told[1]["burn_down"][-1]["used_hours"] == pytest.approx(told[1]["used_hours"], abs=2e-6)
    assert run("quota", "show", "--yaml").stdout.count("budget") == 2
    assert run("usage", "--budgets", "--csv").exit_code == 2


def test_a_day_that_is_none_is_refused_with_an_example() -> None:
    result = run("usage", "--since", "x")
    assert result.exit_code == 2
    assert "'x' is no day; expected one such as 2026-01-31" in " ".join(result.stderr.split())
    moment = json.loads(run("usage", "--since", "2026-01-31T09:00:00+02:00", "--json").stdout)["since"]
    assert moment.startswith("2026-01-31T07:00:00")
