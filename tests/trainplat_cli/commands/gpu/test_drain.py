"""``trainplat gpu drain``: out of use, and into use again."""

import json

from tests.streamlit_app.homes import HOLDER
from tests.trainplat_cli.commands.gpu.homes import add_runs, run


def test_a_drained_device_is_shown_with_its_reason_until_it_is_in_use_again() -> None:
    add_runs()
    drained = json.loads(run("drain", "cpu:0", "--reason", "a fan", "--json").stdout)
    assert (drained["target"], drained["reason"], drained["evict"]) == ("cpu:0", "a fan", False)
    assert drained["runs"] == [HOLDER]
    shown = json.loads(run("status", "--json").stdout)
    first = shown["devices"][0]
    assert (first["id"], first["drained"], first["drain_reason"]) == ("cpu:0", True, "a fan")
    assert shown["drains"][0]["target"] == "cpu:0"
    assert "cpu:0 is drained since" in run("status").stdout
    assert "a fan" in run("doctor").stdout
    assert json.loads(run("doctor", "--json").stdout)["drains"][0]["reason"] == "a fan"
    assert run("drain", "cpu:0", "--undo").stdout == "cpu:0 is in use again.\n"
    assert json.loads(run("status", "--json").stdout)["drains"] == []


def test_people_are_told_what_is_left_on_it() -> None:
    add_runs()
    lines = run("drain", "cpu:0", "--evict").stdout.splitlines()
    assert lines[0].startswith("cpu:0 is drained since ")
    assert lines[1] == "1 lease is left on it; `trainplat gpu status` shows it."
    assert json.loads(run("drain", "cpu:0", "--undo", "--json").stdout) == {
        "target": "cpu:0",
        "drained": False,
    }


def test_an_idle_device_has_nothing_left_on_it() -> None:
    assert run("drain", "cpu:1").stdout.splitlines()[1] == "Nothing runs on it."
    assert any("drained" in line for line in run("status").stdout.splitlines() if line.startswith("cpu:1"))


def test_what_cannot_be_done_ends_with_its_code() -> None:
    assert run("drain", "cuda:9").exit_code == 4
    assert run("drain", "cpu:0", "--undo").exit_code == 4
    assert run("drain", "cpu:0", "--undo", "--evict").exit_code == 2


def test_draining_again_without_a_reason_keeps_the_one_that_was_said() -> None:
    add_runs()
    run("drain", "cpu:0", "--reason", "a fan")
    told = json.loads(run("drain", "cpu:0", "--evict", "--json").stdout)
    assert (told["reason"], told["evict"]) == ("a fan", True)
    assert (
        json.loads(run("drain", "cpu:0", "--reason", "the other fan", "--json").stdout)["reason"]
        == "the other fan"
    )
