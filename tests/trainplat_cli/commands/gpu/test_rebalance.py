"""``trainplat gpu rebalance``: what would move, what moved, and back."""

import json

from tests.trainplat_cli.commands.gpu.homes import add_runs, run

SHARED = """
cohorts: {research: {}}
projects:
  vision: {cohort: research, quotas: {'*': 1}}
  speech: {cohort: research, quotas: {'*': 1}}
"""


def test_moves_are_told_and_made_and_undone() -> None:
    add_runs()
    run("quota", "set", "-", stdin=SHARED)
    told = json.loads(run("rebalance", "--dry-run", "--json").stdout)
    assert told["written"] is False
    assert ("vision", "take back", 1000, 0, "L2") in [
        (one["name"], one["kind"], one["from"], one["to"], one["rule"]) for one in told["moves"]
    ]
    assert "Nothing was changed." in run("rebalance", "--dry-run").stdout
    assert "takes back" in run("rebalance").stdout
    quotas = json.loads(run("quota", "show", "--json").stdout)["quotas"]
    [vision] = [one for one in quotas if one["name"] == "vision" and one["user"] is None]
    assert vision["lends_now"] == 0
    assert vision["lending_limit"] is None
    assert vision["lending_reason"].startswith("L2: vision takes")
    assert "The lending limits of the quotas hold again" in run("rebalance", "--undo").stdout
    assert json.loads(run("rebalance", "--undo", "--json").stdout) == {"undone": 0}
    assert run("rebalance", "--undo", "--dry-run").exit_code == 2


def test_without_quotas_nothing_moves() -> None:
    assert run("rebalance").stdout.startswith("Nothing moves")
    assert json.loads(run("rebalance", "--json").stdout) == {"written": True, "moves": []}
