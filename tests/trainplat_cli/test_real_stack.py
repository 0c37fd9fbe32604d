"""``trainplat up`` with every real part. The tests follow one another on the session's stack, and end it."""

import json
import os
import signal
import subprocess
import sys

import httpx
import psutil
import pytest

from resources.home import read_or_make_secrets
from resources.process import group_members
from tests.servers.stack import Stack
from trainplat_cli.supervisor.model import PartName, PartState
from trainplat_cli.supervisor.prepare import CHECKOUT, marker_file
from trainplat_cli.supervisor.record import supervisor_of

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]


def test_every_part_answers_at_its_address(module_stack: Stack) -> None:
    addresses = module_stack.addresses
    for address, path in (
        (addresses.dagster, "/server_info"),
        (addresses.mlflow, "/health"),
        (addresses.label_studio, "/health"),
        (addresses.streamlit, "/_stcore/health"),
        (addresses.webhook, "/health"),
    ):
        assert httpx.get(f"{address}{path}", timeout=30).status_code == 200


def test_nothing_listens_beyond_loopback(module_stack: Stack) -> None:
    heard = [
        connection.laddr.ip.removeprefix("::ffff:")
        for process in module_stack.processes()
        for connection in psutil.Process(process.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(heard) >= 6
    assert set(heard) == {"127.0.0.1"}


def test_secrets_are_for_the_owner_only(module_stack: Stack) -> None:
    home = module_stack.home
    assert home.path.stat().st_mode & 0o077 == 0
    for made in (home.run, home.dagster, home.mlflow / "mlflow.db", home.logs / "daemon.log"):
        assert made.stat().st_mode & 0o077 == 0, made
    for file in (home.secrets_file, home.label_studio / ".env"):
        assert file.stat().st_mode & 0o077 == 0
    logs = "".join(log.read_text(errors="replace") for log in home.logs.glob("*.log"))
    assert read_or_make_secrets(home).label_studio_password not in logs
    assert marker_file(home).exists()


def test_status_shows_every_part_and_the_memory_of_all(module_stack: Stack) -> None:
    document = json.loads(module_stack.command("status", "--json").stdout)
    assert {part["name"] for part in document["parts"]} == set(PartName)
    assert all(part["state"] == "ready" for part in document["parts"])
    in_parts = sum(part["memory_bytes"] for part in document["parts"])
    assert in_parts < document["memory_bytes"] < 4 * 1024**3


def test_the_doctor_finds_nothing_to_mend(module_stack: Stack) -> None:
    done = module_stack.command("doctor", "--json")
    findings = json.loads(done.stdout)["findings"]
    assert [finding for finding in findings if finding["verdict"] == "ill"] == []
    assert done.returncode == 0
    assert "Label Studio token" in {finding["subject"] for finding in findings}


def test_the_dagster_command_meets_the_same_instance(module_stack: Stack) -> None:
    shell = 'eval "$(trainplat env)" && dagster instance info'
    environment = module_stack.environment
    del environment["DAGSTER_HOME"]
    done = subprocess.run(["sh", "-c", shell], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert f"$DAGSTER_HOME: {module_stack.home.dagster}\n" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["sensor", "list", "-w", "workspace.yaml"], "digits_annotations [RUNNING]"),
        (["job", "list", "-w", "workspace.yaml"], "digits_round"),
        (["asset", "list", "-m", "trainplat_assets.definitions"], "digits/champion"),
    ],
)
@pytest.mark.slow
def test_the_dagster_command_finds_the_project_in_the_checkout(
    module_stack: Stack, arguments: list[str], expected: str
) -> None:
    command = [sys.executable, "-m", "dagster", *arguments]
    done = subprocess.run(
        command, cwd=CHECKOUT, env=module_stack.environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert expected in done.stdout


def test_a_second_up_is_refused(module_stack: Stack) -> None:
    done = module_stack.command("up", "--detach")
    assert done.returncode == 5
    assert "runs already" in done.stderr


@pytest.mark.parametrize(
    "part",
    [
        PartName.WEBHOOK,
        pytest.param(PartName.DAEMON, marks=pytest.mark.slow),
        pytest.param(PartName.STREAMLIT, marks=pytest.mark.slow),
        pytest.param(PartName.DAGSTER, marks=pytest.mark.slow),
        pytest.param(PartName.MLFLOW, marks=pytest.mark.slow),
        pytest.param(PartName.LABEL_STUDIO, marks=pytest.mark.slow),
    ],
)
def test_a_part_that_is_killed_comes_back(module_stack: Stack, part: PartName) -> None:
    restarts = module_stack.status().part(part).restarts
    module_stack.kill(part)
    module_stack.wait_for_restart(part, restarts)


@pytest.mark.slow
def test_a_code_server_whose_inner_process_is_killed_comes_back(module_stack: Stack) -> None:
    before = module_stack.status().part(PartName.CODE_SERVER)
    assert before.process is not None
    inner = [member for member in group_members(before.process.pid) if member.pid != before.process.pid]
    for process in inner:
        os.kill(process.pid, signal.SIGKILL)
    module_stack.wait_for_restart(PartName.CODE_SERVER, before.restarts)
    module_stack.wait_until_ready()


@pytest.mark.slow
def test_nothing_is_left_of_a_killed_supervisor_and_the_next_start_works(module_stack: Stack) -> None:
    left = module_stack.processes()
    module_stack.kill_supervisor()
    module_stack.wait_for(lambda: (not module_stack.processes()) or None, "the warden to end all", 60)
    assert not any(process.is_alive() for process in left)
    module_stack.start()
    assert all(part.state is PartState.READY for part in module_stack.status().parts)


def test_down_from_another_terminal_leaves_nothing(module_stack: Stack) -> None:
    supervisor = supervisor_of(module_stack.home)
    assert supervisor is not None
    done = module_stack.command("down")
    assert done.returncode == 0
    assert done.stderr.endswith("Stopped.\n")
    assert module_stack.processes() == []
    assert module_stack.addresses.dagster is None
    assert not supervisor.is_alive()
