"""``trainplat gpu quota show``: the quotas and what is used of them."""

import json
from pathlib import Path

import pytest

from resources.clock import utc_now
from resources.gpu import lending_store
from resources.gpu.policy.amounts import ANY_DEVICE
from resources.gpu.policy.quota_model import project
from resources.gpu.policy.reason import Reason
from resources.gpu.policy.rebalance import Move, MoveKind
from resources.home import Home
from tests.trainplat_cli.commands.gpu.homes import add_runs, run

QUOTAS = """\
cohorts:
  research: {}
projects:
  vision:
    cohort: research
    quotas:
      '*': {nominal: 0.5, borrowing_limit: 1}
      memory: {nominal: 64G}
  speech:
    cohort: research
    quotas:
      '*': {nominal: 1.5, lending_limit: 1}
"""


@pytest.fixture
def quotas(tmp_path: Path) -> Path:
    file = tmp_path / "quotas.yaml"
    file.write_text(QUOTAS)
    return file


def test_people_see_what_is_used_owed_and_borrowed(quotas: Path) -> None:
    add_runs()
    assert run("quota", "set", str(quotas)).exit_code == 0
    lines = [" ".join(line.split()) for line in run("quota", "show").stdout.splitlines()]
    assert "project vision any device 1 0.5 0.5 - 1.5 research 1 all" in lines
    assert "project speech any device 0 1.5 - 0.5 2 research no limit 1" in lines
    assert "project vision memory 0 MiB 65536 MiB - - 65536 MiB research no limit all" in lines


def test_what_the_rules_of_lending_made_of_a_limit_stands_beside_it(quotas: Path) -> None:
    add_runs()
    run("quota", "set", str(quotas))
    moved = Move(project("speech"), ANY_DEVICE, MoveKind.TAKE_BACK, 1000, 500, Reason("L2", "It is short."))
    with Home.from_environment().database().write() as connection:
        lending_store.put(connection, [moved], utc_now())
    assert run("quota", "show").stdout.count("1, 0.5 now") == 1
    told = json.loads(run("quota", "show", "--json").stdout)["quotas"]
    speech = next(one for one in told if (one["name"], one["resource"]) == ("speech", "*"))
    assert (speech["lending_limit"], speech["lends_now"], speech["lending_reason"]) == (
        1000,
        500,
        "L2: It is short.",
    )


def test_all_of_it_can_be_read_on_a_narrow_terminal(quotas: Path) -> None:
    add_runs()
    run("quota", "set", str(quotas))
    said = run("quota", "show", columns=80).stdout
    assert "…" not in said
    assert max(map(len, said.splitlines())) <= 80
    lines = [" ".join(line.split()) for line in said.splitlines()]
    at = lines.index("project vision any device 1 0.5 0.5 - 1.5")
    assert lines[at + 1] == "cohort research · borrows at most 1 · lends at most all"


def test_machines_get_the_same_in_the_units_of_the_rows(quotas: Path) -> None:
    add_runs()
    run("quota", "set", str(quotas))
    told = json.loads(run("quota", "show", "--json").stdout)["quotas"]
    vision = next(one for one in told if (one["name"], one["resource"]) == ("vision", "*"))
    assert vision == {
        "scope": "project",
        "name": "vision",
        "user": None,
        "parent": "research",
        "weight": 1.0,
        "resource": "*",
        "unit": "thousandths",
        "used": 1000,
        "nominal": 500,
        "borrowed": 500,
        "lent": 0,
        "borrowing_limit": 1000,
        "lending_limit": None,
        "limit": 1500,
        "lends_now": None,
        "lending_reason": None,
    }


def test_machines_get_of_a_cohort_what_people_see_of_it(tmp_path: Path) -> None:
    add_runs()
    file = tmp_path / "quotas.yaml"
    file.write_text(QUOTAS.replace("research: {}", "research: {quotas: {'*': 1}}"))
    run("quota", "set", str(file))
    told = json.loads(run("quota", "show", "--json").stdout)["quotas"]
    research = next(one for one in told if (one["name"], one["resource"]) == ("research", "*"))
    # Of the 3 devices that all in it are owed, speech keeps half of one for itself.
    assert (research["nominal"], research["limit"]) == (3000, 3000)
    lines = [" ".join(line.split()) for line in run("quota", "show").stdout.splitlines()]
    assert any(line.startswith("cohort research any device 1 3 - - 3 ") for line in lines)


def test_a_pipe_into_which_nothing_was_written_takes_no_quota_away(quotas: Path) -> None:
    run("quota", "set", str(quotas))
    refused = run("quota", "set", "-", stdin="")
    assert refused.exit_code == 2
    assert "- says nothing" in refused.stderr
    assert json.loads(run("quota", "show", "--json").stdout)["quotas"] != []
    assert run("quota", "set", "-", stdin="{}").exit_code == 0
    assert json.loads(run("quota", "show", "--json").stdout)["quotas"] == []


def test_what_is_shown_can_be_edited_and_set_again(quotas: Path) -> None:
    run("quota", "set", str(quotas))
    shown = run("quota", "show", "--yaml").stdout
    assert "The file says what holds already." in run("quota", "set", "-", stdin=shown).stdout
    edited = shown.replace("nominal: 1.5", "nominal: 2.5")
    assert run("quota", "set", "-", stdin=edited).exit_code == 0
    assert run("quota", "show", "--yaml").stdout == edited


def test_without_quotas_it_says_how_to_set_some() -> None:
    result = run("quota", "show")
    assert result.exit_code == 0
    assert result.stdout.startswith("No quota is set: everybody may use everything.")
    assert json.loads(run("quota", "show", "--json").stdout) == {"quotas": [], "budgets": []}
    assert run("quota", "show", "--yaml").stdout == "{}\n"


def test_one_form_at_a_time() -> None:
    assert run("quota", "show", "--yaml", "--json").exit_code == 2
