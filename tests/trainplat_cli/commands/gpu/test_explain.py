"""``trainplat gpu explain``: one run."""

import json

import pytest

from resources.gpu.enforcement.model import Action, Finding
from resources.gpu.policy.reason import Reason
from resources.gpu.service import GpuService
from resources.home import Home
from resources.terms import Actor
from tests.streamlit_app.homes import FIRST_RUN, HOLDER, LARGE, SMALL
from tests.trainplat_cli.commands.gpu.homes import add_runs, run

USED = {"used_cores": "2.0", "allowed_cores": "1.0"}


def test_a_run_that_waits_is_told_who_holds_what_it_asks_for() -> None:
    add_runs()
    told = json.loads(run("explain", LARGE, "--json").stdout)
    assert (told["run"], told["state"], told["request"], told["devices"]) == (LARGE, "waits", "2", [])
    assert told["rule"].startswith("W")
    assert told["reason"]
    assert HOLDER in {one["run"] for one in told["in_the_way"]}
    assert [one["rule"] for one in told["decisions"]]
    lines = run("explain", LARGE).stdout.splitlines()
    assert any(" ".join(line.split()) == "State waits" for line in lines)
    at = lines.index("What it asks for is held by")
    assert any(HOLDER[:8] in line and "runs to its end" in line for line in lines[at:])


def test_a_run_that_waits_is_told_when_it_is_expected_to_start_as_the_line_tells_it() -> None:
    add_runs()
    line = json.loads(run("queue", "--json").stdout)["waiting"]
    assert line[1]["run"] == SMALL
    told = json.loads(run("explain", SMALL, "--json").stdout)
    assert told["expected_at"] is not None
    assert json.loads(run("explain", LARGE, "--json").stdout)["expected_at"] is None


def test_the_beginning_of_an_id_is_enough() -> None:
    add_runs()
    told = json.loads(run("explain", HOLDER[:4], "--json").stdout)
    assert (told["run"], told["state"], told["devices"]) == (HOLDER, "granted", ["cpu:0"])
    assert (told["rule"], told["in_the_way"]) == (None, [])


def test_a_run_that_ended_is_told_why() -> None:
    add_runs()
    told = json.loads(run("explain", FIRST_RUN, "--json").stdout)
    assert (told["state"], told["release_reason"]) == ("ended", "the run ended")
    assert [one["kind"] for one in told["decisions"]] == ["grant"]
    assert "the run ended" in run("explain", FIRST_RUN).stdout


@pytest.mark.parametrize("text", ["ffff", "", "%", "_"])
def test_a_run_that_is_not_known_ends_with_4(text: str) -> None:
    add_runs()
    result = run("explain", text)
    assert result.exit_code == 4
    assert repr(text) in result.stderr
    assert "Next: See `trainplat gpu history`" in result.stderr


def test_a_beginning_of_two_ids_ends_with_5_and_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.streamlit_app.homes.LARGE", f"{HOLDER[:-1]}f")
    add_runs()
    result = run("explain", HOLDER[:8])
    assert result.exit_code == 5
    assert HOLDER in result.stderr
    assert f"{HOLDER[:-1]}f" in result.stderr
    assert run("explain", HOLDER).exit_code == 0


def test_people_read_it_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    add_runs()
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    assert "状态" in run("explain", LARGE).stdout


def test_a_run_that_is_owed_devices_is_told_who_borrows_them() -> None:
    add_runs()
    quotas = (
        "{cohorts: {all: {}}, projects: {vision: {cohort: all}, speech: {cohort: all, quotas: {'*': 2}}}}"
    )
    assert run("quota", "set", "-", stdin=quotas).exit_code == 0
    GpuService(Home.from_environment().database()).decide_now(Actor("user:tester"))
    told = json.loads(run("explain", LARGE, "--json").stdout)
    assert told["rule"] == "Q6"
    assert [one["run"] for one in told["in_the_way"]] == [HOLDER, SMALL], "both run on what vision borrows"
    lines = run("explain", LARGE).stdout.splitlines()
    assert any(
        "Q6: speech is owed this, and has lent it; to give back: vision (1)." in line for line in lines
    )


def test_what_keeps_a_run_apart_is_told() -> None:
    add_runs()
    told = json.loads(run("explain", HOLDER, "--json").stdout)["apart"]
    assert [(one["level"], one["rule"]) for one in told["devices"]] == [("alone", "I1")]
    assert (told["cpu"], told["host_memory"]) == ("none", "none")
    assert "I1: cpu:0 is not shared: the run has it alone." in run("explain", HOLDER).stdout
    assert json.loads(run("explain", FIRST_RUN, "--json").stdout)["apart"] is None


def test_a_run_that_was_evicted_is_told_why() -> None:
    add_runs()
    why = Reason("U3", "It uses {used_cores} CPU cores; its lease has {allowed_cores}.", USED)
    service = GpuService(Home.from_environment().database())
    assert service.evict(Finding(why, Action.EVICT, HOLDER), Actor("watch"))
    shown = run("explain", HOLDER).stdout
    assert "U3: It uses 2.0 CPU cores; its lease has 1.0." in shown
    assert "is stopped: U3: It uses 2.0 CPU cores" in run("status").stdout
