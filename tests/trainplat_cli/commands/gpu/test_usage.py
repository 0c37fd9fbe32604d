"""``trainplat gpu usage``: what was used, for people, programs and spreadsheets."""

import json

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
