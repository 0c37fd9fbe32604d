"""``trainplat gpu queue``: the line."""

import json

import pytest

from tests.streamlit_app.homes import LARGE
from tests.trainplat_cli.commands.gpu.homes import add_runs, run


def test_people_see_who_waits_for_what_and_why() -> None:
    add_runs()
    lines = run("queue").stdout.splitlines()
    assert lines[1].split()[:5] == ["1", LARGE[:8], "speech/jun", "2", "0"]
    assert lines[1].endswith("2 whole devices")
    assert any(line.startswith(f"{LARGE[:8]}  W") for line in lines)


def test_machines_get_the_rule_and_the_reason() -> None:
    add_runs()
    first = json.loads(run("queue", "--json").stdout)["waiting"][0]
    assert (first["place"], first["run"], first["project"], first["request"], first["count"]) == (
        1,
        LARGE,
        "speech",
        "2",
        2,
    )
    assert first["rule"].startswith("W")
    assert "2 device(s)" in first["reason"]


def test_an_empty_line_says_who_would_stand_in_it() -> None:
    result = run("queue")
    assert result.exit_code == 0
    assert result.stdout == "Nobody waits. A run that asks for devices while all are in use appears here.\n"
    assert json.loads(run("queue", "--json").stdout) == {"waiting": []}


def test_people_read_the_reason_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    add_runs()
    monkeypatch.setenv("TRAINPLAT_LANG", "zh_CN")
    said = run("queue").stdout
    assert "2 个整卡" in said
    assert "等待" in said


def test_all_of_it_can_be_read_on_a_narrow_terminal() -> None:
    add_runs()
    lines = run("queue", columns=80).stdout.splitlines()
    assert max(map(len, lines[:3])) <= 80
    assert not any("…" in line for line in lines)
    assert lines[1].split()[:3] == ["1", LARGE[:8], "speech/jun"]
    assert lines[1].rstrip().endswith("2 whole devices")
    narrower = run("queue", columns=50).stdout.splitlines()
    assert narrower[2].strip().startswith("waits for 3 min")
    assert narrower[2].strip().endswith(" · means 2 whole devices")
