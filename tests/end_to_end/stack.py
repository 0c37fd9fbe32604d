"""The whole stack as a user runs it, over a home of its own, and the loop played on it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from resources.data.model import VersionState
from resources.data.service import DataService
from resources.gpu.model import Lease
from resources.gpu.service import GpuService
from resources.home import Home
from resources.process import ProcessIdentity
from resources.registry.client import VERSION_TAG
from resources.registry.service import RegistryService
from resources.terms import DatasetName
from tests.environment import unmeasured
from trainplat_cli.demo.play import GaveUp, Play
from trainplat_cli.supervisor.model import PartName, StackStatus
from trainplat_cli.supervisor.record import read_running, supervisor_of

CHECKOUT = Path(__file__).resolve().parents[2]
DIGITS = DatasetName("digits")
TRAINPLAT = [sys.executable, "-m", "trainplat_cli.main"]
ROUNDS_TIMEOUT_S = 800


@dataclass
class Lines:
    """What the demo says, kept instead of shown."""

    said: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        """Keep the line, and print it for who looks at a failed test."""
        self.said.append(line)
        print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)  # noqa: T201

    def doing(self, line: str) -> None:
        """What goes on is not kept."""

    def stack(self, status: StackStatus) -> None:
        """Nor are the parts."""


@dataclass
class Stack:
    """One supervised stack."""

    home: Home
    environment: Mapping[str, str]
    lines: Lines = field(default_factory=Lines)

    def command(self, *arguments: str, timeout_s: float = 300) -> "subprocess.CompletedProcess[str]":
        """Run ``trainplat`` with these arguments, as a user of this home."""
        return subprocess.run(
            [*TRAINPLAT, *arguments],
            cwd=CHECKOUT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )

    def up(self) -> None:
        """Start it and wait until every part is ready."""
        started = self.command("up", "--detach", timeout_s=550)
        assert started.returncode == 0, started.stdout + started.stderr

    def down(self) -> None:
        """Stop it; nothing of it may be left."""
        stopped = self.command("down")
        assert stopped.returncode == 0, stopped.stdout + stopped.stderr

    def status(self) -> StackStatus:
        """What the supervisor says of its parts."""
        status = read_running(self.home)
        assert status is not None
        return status

    def address(self, part: PartName) -> str:
        """Where a part listens."""
        address = self.status().part(part).address
        assert address is not None
        return address

    def play(self, rounds: int) -> None:
        """Play the demo's rounds to their end, whatever is killed meanwhile."""
        deadline = time.monotonic() + ROUNDS_TIMEOUT_S
        while time.monotonic() < deadline:
            play = Play(self.home, rounds, self.lines)
            try:
                if play.run(threading.Event()):
                    return
            except GaveUp as reason:
                self.lines.say(f"the demo gave up: {reason}")
                while read_running(self.home) is None and time.monotonic() < deadline:
                    time.sleep(0.5)  # who killed the supervisor starts the next one
        raise AssertionError(f"the rounds did not end within {ROUNDS_TIMEOUT_S} s; said: {self.lines.said}")

    def kill(self, process: ProcessIdentity | None, what: str) -> bool:
        """``kill -9`` of one process that this stack started. Returns whether it lived."""
        if process is None or not process.is_alive():
            return False
        os.kill(process.pid, signal.SIGKILL)
        self.lines.say(f"killed {what} ({process.pid})")
        return True

    def kill_part(self, part: PartName) -> bool:
        """``kill -9`` of one part."""
        status = read_running(self.home)
        return status is not None and self.kill(status.part(part).process, part)

    def kill_supervisor(self) -> bool:
        """``kill -9`` of the supervisor, and the next start."""
        if not self.kill(supervisor_of(self.home), "supervisor"):
            return False
        self.up()
        return True

    def kill_training(self) -> bool:
        """``kill -9`` of a run that holds devices."""
        leases = [lease for lease in self.leases() if lease.devices and lease.holder is not None]
        return any(self.kill(lease.holder, "training") for lease in leases)

    def dagster(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run ``dagster`` on the instance of this home, as the README says."""
        return subprocess.run(
            [sys.executable, "-m", "dagster", *arguments],
            cwd=CHECKOUT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def registered_versions(self) -> list[str]:
        """The data version of each model version that MLflow has, as its server tells."""
        from mlflow import MlflowClient

        client = MlflowClient(self.address(PartName.MLFLOW))
        found = client.search_model_versions(f"name = '{DIGITS}'")
        return sorted(str(one.tags[VERSION_TAG]) for one in found)

    def leases(self) -> list[Lease]:
        """The leases that are not released."""
        return GpuService(self.home.database()).live_leases()

    def registry(self) -> RegistryService:
        """The models, as any process sees them."""
        return RegistryService(self.home, self.home.database())

    def data(self) -> DataService:
        """The data sets."""
        return DataService(self.home, self.home.database())

    def sealed_versions(self) -> list[str]:
        """The versions that exist, in their order."""
        return [one.version for one in self.data().versions(DIGITS) if one.state is VersionState.SEALED]

    def processes(self) -> list[psutil.Process]:
        """Every living process that has this home in its environment, but for this one."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("TRAINPLAT_HOME") == str(self.home.path)
                if ours and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return found


@contextmanager
def environment_of(home: Home) -> Iterator[None]:
    """The environment of this process pointing at ``home``, for as long as it is looked at from here."""
    before = dict(os.environ)
    os.environ.update(TRAINPLAT_HOME=str(home.path), DAGSTER_HOME=str(home.dagster))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def stack_on(home: Home, *, measured: bool = True) -> Iterator[Stack]:
    """A stack on ``home``, started; stopped afterwards, and what a failed test left of it is killed.

    ``measured``: whether the lines that its processes run are counted.
    """
    environment = {**os.environ, "TRAINPLAT_HOME": str(home.path), "DAGSTER_HOME": str(home.dagster)}
    stack = Stack(home, environment if measured else unmeasured(environment))
    try:
        stack.up()
        yield stack
        stack.down()
        assert stack.processes() == []
    finally:
        for process in stack.processes():
            process.kill()
