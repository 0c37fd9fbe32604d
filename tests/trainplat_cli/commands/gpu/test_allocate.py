"""``trainplat gpu allocate`` and ``release``: devices without a run."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from resources.gpu.service import GpuService
from resources.home import Home
from resources.terms import Actor
from tests.trainplat_cli.commands.gpu.homes import run

TESTER = Actor("user:tester")


@pytest.fixture(autouse=True)
def _two_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINPLAT_CPU_SLOTS", "2")


def service() -> GpuService:
    return GpuService(Home.from_environment().database())


def test_people_get_an_environment_that_their_shell_can_take() -> None:
    result = run("allocate", "probe", "1", "--for", "1h")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert all(line.startswith("export ") for line in lines)
    assert "export TRAINPLAT_DEVICES=cpu:0" in lines
    assert "export CUDA_VISIBLE_DEVICES=''" in lines
    assert "Lease probe has cpu:0 until " in result.stderr
    shown = " ".join(run("status").stdout.split())
    assert "lease probe of default/" in shown
    assert ", asked for 1, until " in shown


def test_machines_get_the_same_and_its_end() -> None:
    told = json.loads(run("allocate", "probe", "2", "--project", "vision", "--json").stdout)
    assert (told["name"], told["run"], told["devices"]) == ("probe", "lease:probe", ["cpu:0", "cpu:1"])
    assert told["environment"]["TRAINPLAT_DEVICES"] == "cpu:0,cpu:1"
    assert (told["project"], told["renewed"]) == ("vision", False)
    held = json.loads(run("status", "--json").stdout)["holders"][0]
    assert (held["run"], held["expires_at"]) == ("lease:probe", told["expires_at"])
    assert json.loads(run("explain", "probe", "--json").stdout)["run"] == "lease:probe"


def test_the_same_command_again_renews_it() -> None:
    first = json.loads(run("allocate", "probe", "1", "--for", "1h", "--json").stdout)
    again = json.loads(run("allocate", "probe", "1", "--for", "2h", "--json").stdout)
    assert again["renewed"]
    assert again["expires_at"] > first["expires_at"]
    assert again["environment"] == first["environment"]
    other = run("allocate", "probe", "2")
    assert other.exit_code == 5
    assert "there is a lease probe already" in other.stderr


def test_it_is_given_back_once() -> None:
    run("allocate", "probe", "2")
    assert run("release", "probe").stdout == "Lease probe is given back.\n"
    assert run("release", "probe").exit_code == 4
    run("allocate", "probe", "2")
    told = json.loads(run("release", "probe", "--json").stdout)
    assert told == {"name": "probe", "released": True, "processes": [], "unread": []}


def test_what_is_left_of_it_is_told_and_shown() -> None:
    told = json.loads(run("allocate", "probe", "2", "--json").stdout)
    process = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, env=told["environment"]
    )
    result = run("release", "probe")
    assert result.exit_code == 0
    assert f"Its devices come back once this is gone: process {process.pid} of " in result.stderr
    assert f"process {process.pid} of " in run("status").stdout
    assert "overdue since" in " ".join(run("status").stdout.split())
    overdue = json.loads(run("status", "--json").stdout)["overdue"]
    assert [one["pid"] for one in overdue[0]["processes"]] == [process.pid]
    process.communicate(b"\n")
    assert run("allocate", "next", "2", "--no-wait").exit_code == 0


def test_without_waiting_nothing_stays_in_the_line() -> None:
    run("allocate", "probe", "2")
    result = run("allocate", "second", "1", "--no-wait")
    assert result.exit_code == 5
    assert "nothing is free for lease second: W1: Waits for 1 device(s)" in result.stderr
    assert service().waiting() == []


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (["probe", "lots"], 2, "not a GPU quantity"),
        (["probe", "3"], 2, "this machine has 2"),
        (["probe", "0"], 2, "a lease of nothing ('0') has no use"),
        (["probe", "-1"], 2, "asks for shared use"),
        (["probe", "1", "--project", "*"], 2, "the project '*' cannot be"),
        (["a b", "1"], 2, "the name 'a b' of the lease cannot be used"),
        (["probe", "1", "--for", "31d"], 2, "too long"),
        (["probe", "1", "--for", "8"], 2, "expected a length of time"),
    ],
)
def test_what_is_refused_ends_with_its_code(arguments: list[str], code: int, what: str) -> None:
    result = run("allocate", *arguments)
    assert result.exit_code == code
    assert what in result.stderr


def test_a_request_over_the_quota_ends_with_6() -> None:
    quotas = "{projects: {small: {quotas: {'*': 1}}}}"
    assert run("quota", "set", "-", stdin=quotas).exit_code == 0
    assert run("allocate", "probe", "2", "--project", "small").exit_code == 6


@pytest.fixture
def waiting() -> Iterator["subprocess.Popen[str]"]:
    """A command that waits for a slot and has said so."""
    run("allocate", "probe", "2")
    process = subprocess.Popen(
        [sys.executable, "-m", "trainplat_cli.main", "gpu", "allocate", "second", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
        start_new_session=True,
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    assert said.startswith("W1: Waits for 1 device(s)"), said
    yield process
    process.kill()
    process.communicate()


def test_a_waiting_command_takes_what_comes_free(waiting: "subprocess.Popen[str]") -> None:
    run("release", "probe")
    out, _err = waiting.communicate()
    assert waiting.returncode == 0
    assert "export TRAINPLAT_DEVICES=cpu:" in out
    assert [lease.run_id for lease in service().live_leases()] == ["lease:second"]


def test_ctrl_c_leaves_the_line(waiting: "subprocess.Popen[str]") -> None:
    waiting.send_signal(signal.SIGINT)
    waiting.communicate()
    assert waiting.returncode != 0
    assert service().waiting() == []


def test_sigterm_leaves_the_line_at_once(waiting: "subprocess.Popen[str]") -> None:
    waiting.terminate()
    waiting.communicate()
    assert waiting.returncode == 128 + signal.SIGTERM
    assert service().waiting() == []


def test_kill_9_of_a_waiting_command_leaves_nothing_behind(waiting: "subprocess.Popen[str]") -> None:
    waiting.kill()
    waiting.communicate()
    service().free_dead_holders(TESTER)
    assert service().waiting() == []
    run("release", "probe")
    service().decide_now(TESTER)
    assert service().live_leases() == []
