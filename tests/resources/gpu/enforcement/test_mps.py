"""The control daemon of MPS: a stand-in's program, and real processes that are really killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from resources.errors import Unavailable
from resources.gpu.enforcement.mps import (
    LONGEST_SOCKET_PATH,
    PROGRAM,
    Change,
    Mps,
    client_environment,
)
from resources.gpu.inventory.model import DeviceId
from resources.home import Home
from resources.process import ProcessIdentity
from tests.environment import unmeasured
from tests.resources.gpu.enforcement.mps_on_path import put_mps_on_path

KEEP = """
import sys
from pathlib import Path
from resources.gpu.enforcement.mps import Mps
from resources.home import Home
print("began", flush=True)
Mps(Home(Path(sys.argv[1]))).keep(lambda: 1)
print("kept", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_mps_on_path(tmp_path / "bin", monkeypatch)


@pytest.fixture
def mps(programs: None, trainplat_home: Path) -> Iterator[Mps]:
    one = Mps(Home(trainplat_home))
    yield one
    one.stop()
    assert one.processes() == ()


def kill(one: ProcessIdentity | None) -> None:
    assert one is not None
    os.kill(one.pid, signal.SIGKILL)
    while one.is_alive():
        time.sleep(0.01)


def tell(mps: Mps, command: str) -> str:
    environment = {**os.environ, "CUDA_MPS_PIPE_DIRECTORY": str(mps.pipes)}
    told = subprocess.run(
        [PROGRAM], env=environment, input=command, capture_output=True, text=True, check=True
    )
    return told.stdout


def test_it_lives_while_there_are_fractions(mps: Mps) -> None:
    assert mps.keep(lambda: 0) is Change.NONE
    assert mps.keep(lambda: 2) is Change.STARTED
    daemon = mps.daemon()
    assert daemon is not None
    assert mps.answers()
    assert mps.keep(lambda: 1) is Change.NONE
    assert mps.daemon() == daemon
    assert mps.keep(lambda: 0) is Change.STOPPED
    assert not daemon.is_alive()
    assert mps.keep(lambda: 0) is Change.NONE


def test_a_daemon_that_died_is_started_again(mps: Mps) -> None:
    mps.keep(lambda: 1)
    first = mps.daemon()
    kill(first)
    assert mps.daemon() is None
    assert mps.keep(lambda: 1) is Change.RESTARTED
    assert mps.daemon() not in (None, first)


def test_servers_of_a_killed_daemon_are_ended_with_the_last_fraction(mps: Mps) -> None:
    mps.keep(lambda: 1)
    tell(mps, "start_server -uid 0\n")
    kill(mps.daemon())
    mps.keep(lambda: 1)
    tell(mps, "start_server -uid 0\n")
    assert len(mps.processes()) == 3
    assert mps.keep(lambda: 0) is Change.STOPPED
    assert mps.processes() == ()


def test_a_daemon_that_hangs_is_killed_with_the_last_fraction(
    mps: Mps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resources.gpu.enforcement.mps.ANSWER_WAIT_S", 0.2)
    monkeypatch.setattr("resources.gpu.enforcement.mps.QUIT_WAIT_S", 0)
    mps.keep(lambda: 1)
    daemon = mps.daemon()
    assert daemon is not None
    os.kill(daemon.pid, signal.SIGSTOP)
    monkeypatch.setattr("resources.gpu.enforcement.mps.TERM_WAIT_S", 0.1)
    assert mps.stop()
    assert not daemon.is_alive()


def starter(home: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", KEEP, str(home)],
        env=unmeasured(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def says(process: "subprocess.Popen[str]", word: str) -> None:
    assert process.stdout is not None
    while line := process.stdout.readline():
        if line.strip() == word:
            return
    pytest.fail(f"it ended without saying {word}")


def end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()


def test_the_next_one_adopts_the_daemon_of_a_killed_starter(mps: Mps, trainplat_home: Path) -> None:
    process = starter(trainplat_home)
    says(process, "kept")
    daemon = mps.daemon()
    end(process)
    assert daemon is not None
    assert mps.keep(lambda: 1) is Change.NONE
    assert mps.daemon() == daemon


def test_a_starter_that_was_killed_halfway_leaves_one_daemon(
    mps: Mps, trainplat_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_MPS", "slow:1")
    process = starter(trainplat_home)
    says(process, "began")
    while not mps.processes():
        time.sleep(0.01)
    end(process)
    assert mps.keep(lambda: 1) is Change.NONE
    assert len(mps.processes()) == 1


def test_two_that_start_at_once_start_one(mps: Mps, trainplat_home: Path) -> None:
    both = [starter(trainplat_home) for _ in range(2)]
    for process in both:
        says(process, "kept")
        end(process)
    assert len(mps.processes()) == 1


def test_somebody_else_s_daemon_is_left_alone(programs: None, mps: Mps, tmp_path: Path) -> None:
    theirs = Mps(Home(tmp_path / "other"))
    theirs.keep(lambda: 1)
    daemon = theirs.daemon()
    assert daemon is not None
    try:
        mps.pipes.mkdir(parents=True)
        (mps.pipes / "nvidia-cuda-mps-control.pid").write_text(str(daemon.pid))
        assert mps.daemon() is None
        mps.stop()
        assert daemon.is_alive()
        assert mps.keep(lambda: 1) is Change.STARTED
        assert mps.daemon() != daemon
    finally:
        theirs.stop()


def test_a_daemon_that_does_not_start_is_told(mps: Mps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_MPS", "broken")
    monkeypatch.setattr("resources.gpu.enforcement.mps.START_WAIT_S", 1.0)
    with pytest.raises(Unavailable, match="does not start: The driver is too old for MPS"):
        mps.keep(lambda: 1)


def test_a_machine_without_the_program_is_told(trainplat_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match=f"{PROGRAM} is not installed"):
        Mps(Home(trainplat_home)).keep(lambda: 1)


def test_a_home_with_a_long_path_has_its_sockets_elsewhere(programs: None, tmp_path: Path) -> None:
    long = Mps(Home(tmp_path / ("long" * 25)))
    assert len(str(long.pipes / "control_privileged")) <= LONGEST_SOCKET_PATH
    assert long.pipes != Mps(Home(tmp_path / ("long" * 26))).pipes
    try:
        assert long.keep(lambda: 1) is Change.STARTED
        assert long.pipes.stat().st_mode & 0o777 == 0o700
    finally:
        long.stop()
    assert not long.pipes.exists()


def test_the_daemon_counts_as_nvml_does_and_knows_nothing_of_our_own_hiding(
    mps: Mps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    mps.keep(lambda: 1)
    assert (mps.logs / "control.log").read_text() == "order PCI_BUS_ID visible None\n"


def test_a_daemon_for_some_devices_counts_these(programs: None, trainplat_home: Path) -> None:
    mps = Mps(Home(trainplat_home), ("GPU-b", "GPU-c"))
    try:
        mps.keep(lambda: 1)
        assert "visible GPU-b,GPU-c" in (mps.logs / "control.log").read_text()
    finally:
        mps.stop()
    environment = mps.client_environment(500, 4096, [DeviceId("cuda:2")], ["GPU-c"])
    assert environment["CUDA_VISIBLE_DEVICES"] == "GPU-c"
    assert environment["CUDA_MPS_PINNED_DEVICE_MEM_LIMIT"] == "0=4096MB,1=4096MB"
    with pytest.raises(ValueError, match="does not serve GPU-a"):
        mps.client_environment(500, 4096, [DeviceId("cuda:0")], ["GPU-a"])


def test_a_client_is_told_where_the_daemon_is_and_its_limits(trainplat_home: Path) -> None:
    mps = Mps(Home(trainplat_home))
    assert mps.client_environment(250, 8192, [DeviceId("cuda:0")]) == {
        "CUDA_MPS_PIPE_DIRECTORY": str(trainplat_home / "run/mps"),
        "CUDA_MPS_LOG_DIRECTORY": str(trainplat_home / "logs/mps"),
        "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE": "25",
        "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT": "0=8192MB",
    }


@pytest.mark.parametrize(
    ("milli", "percentage"), [(1, "1"), (10, "1"), (19, "1"), (333, "33"), (999, "99"), (1000, "100")]
)
def test_a_share_is_a_whole_number_of_hundredths(milli: int, percentage: str) -> None:
    assert client_environment(milli, None, [0]) == {"CUDA_MPS_ACTIVE_THREAD_PERCENTAGE": percentage}


@pytest.mark.parametrize("milli", [0, -1, 1001])
def test_a_share_that_is_none_is_refused(milli: int) -> None:
    with pytest.raises(ValueError, match="expected 1 to 1000"):
        client_environment(milli, None, [0])


@pytest.mark.parametrize(
    ("indexes", "limit"),
    [([0], "0=9MB"), ([3], "0=9MB,3=9MB"), ([2, 3], "0=9MB,1=9MB,2=9MB,3=9MB"), ([0, 1], "0=9MB,1=9MB")],
)
def test_memory_is_limited_by_the_daemon_s_count_and_the_client_s_own(indexes: list[int], limit: str) -> None:
    assert client_environment(500, 9, indexes)["CUDA_MPS_PINNED_DEVICE_MEM_LIMIT"] == limit


def test_the_client_of_a_daemon_is_not_taken_for_the_platform_s_own(mps: Mps) -> None:
    mps.keep(lambda: 1)
    environment = {**os.environ, **mps.client_environment(500, 100, [DeviceId("cuda:0")])}
    client = psutil.Popen(["/bin/sleep", "600"], env=environment)
    try:
        assert client.pid not in {one.pid for one in mps.processes()}
        assert mps.stop()
        assert client.is_running()
    finally:
        client.kill()
        client.wait()
