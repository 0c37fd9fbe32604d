"""``trainplat notebook`` as a process, killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx
import psutil
import pytest
from click.testing import CliRunner, Result

from resources.gpu.environment import RUN_ID_VARIABLE
from resources.gpu.service import GpuService
from resources.home import Home
from resources.terms import Actor
from tests.servers.dagster_servers import CHECKOUT, wait_until
from trainplat_cli.main import main

NOTEBOOK = [sys.executable, "-m", "trainplat_cli.main", "notebook"]


def answer(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["notebook", *arguments])


@pytest.fixture
def started() -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [*NOTEBOOK, "--no-browser"],
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize("outlives", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_kill_9_ends_the_server_and_its_kernels_and_the_devices_come_back(
    started: "subprocess.Popen[str]", outlives: bool
) -> None:
    assert started.stdout is not None
    address, _, token = started.stdout.readline().strip().partition("/lab?token=")
    [known] = json.loads(answer("--list", "--json").stdout)["notebooks"]
    assert known["address"] == f"{address}/lab?token={token}"
    allowed = {"Authorization": f"token {token}"}
    made = httpx.post(f"{address}/api/kernels", headers=allowed, trust_env=False, timeout=60)
    assert made.status_code == 201
    assert len(carriers(known["id"])) > 1
    if outlives:
        kill_all_but_a_kernel_that_cannot_hear(known["id"], started)
        assert carriers(known["id"])
    else:
        started.kill()
        started.wait()
        wait_until(lambda: not carriers(known["id"]), "the server and its kernel to end")
    gpu = GpuService(Home.from_environment().database())
    [freed] = gpu.free_dead_holders(Actor("user:ann"))
    assert freed.run_id == known["id"]
    assert carriers(known["id"]) == []
    assert gpu.live_leases() == []
    assert json.loads(answer("--list", "--json").stdout) == {"notebooks": []}


def test_what_cannot_be_asked_for_is_refused_with_the_code_for_it() -> None:
    assert answer("--gpus", "9").exit_code == 2
    assert answer("--json").exit_code == 2
    assert answer("--stop", "beef").exit_code == 4
    told = answer("--for", "soon")
    assert told.exit_code == 2
    assert "such as 8h" in told.stderr


def kill_all_but_a_kernel_that_cannot_hear(lease_id: str, keeper: "subprocess.Popen[str]") -> None:
    """A kernel in a long call is as deaf as one that is stopped: it does not end when its server does."""
    [kernel] = [pid for pid in carriers(lease_id) if "ipykernel_launcher" in psutil.Process(pid).cmdline()]
    os.kill(kernel, signal.SIGSTOP)
    for pid in (keeper.pid, *(one for one in carriers(lease_id) if one != kernel)):
        os.kill(pid, signal.SIGKILL)
    keeper.wait()
    wait_until(lambda: carriers(lease_id) == [kernel], "all but the kernel to end")


def carriers(lease_id: str) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(RUN_ID_VARIABLE) == lease_id and process.status() != "zombie":
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found
