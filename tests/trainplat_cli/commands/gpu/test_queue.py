"""``trainplat gpu queue``: the line."""

import json

import pytest

from resources.errors import Unavailable
from resources.gpu.service import GpuService
from tests.streamlit_app.homes import LARGE, SMALL
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


def test_each_has_its_place_and_its_expected_start_in_the_order_of_the_next_pass() -> None:
    add_runs()
    told = json.loads(run("queue", "--json").stdout)["waiting"]
    assert [(one["place"], one["run"]) for one in told] == [(1, LARGE), (2, SMALL)]
    # Nobody knows when both slots are free; until LARGE has waited for long, SMALL may go before it.
    assert [one["expected_at"] is not None for one in told] == [False, True]


def test_where_a_driver_does_not_answer_the_line_is_told_as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    add_runs()

    def silent(_service: GpuService) -> None:
        raise Unavailable("the NVIDIA driver does not answer", "Run nvidia-smi.")

    monkeypatch.setattr(GpuService, "line", silent)
    told = run("queue", "--json")
    assert [one["run"] for one in json.loads(told.stdout)["waiting"]] == [LARGE, SMALL]
    assert told.stderr.startswith("the NVIDIA driver does not answer. Run nvidia-smi.")


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
    assert lines[2].strip() == "means 2 whole devices"
    narrower = run("queue", columns=50).stdout.splitlines()
    assert narrower[2].strip().startswith("waits for 3 min")
    assert narrower[2].strip().endswith(" · means 2 whole devices")
