"""The whole supervised stack for tests: what ``trainplat up`` starts, in a home of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from resources.home import Addresses, Home
from resources.process import ProcessIdentity
from tests.needs import needs
from trainplat_cli.supervisor.marked import end_marked, marked_processes
from trainplat_cli.supervisor.model import PartName, PartState, StackPhase, StackStatus
from trainplat_cli.supervisor.record import read_running

READY_TIMEOUT_S = 240.0
STOP_TIMEOUT_S = 90.0

_Found = TypeVar("_Found")


@dataclass
class Stack:
    """A stack that a test starts, kills parts of, and stops. ``settings`` go into its environment."""

    home: Home
    settings: Mapping[str, str] = field(default_factory=dict)
    supervisor: "subprocess.Popen[bytes] | None" = None

    @property
    def environment(self) -> dict[str, str]:
        """What ``trainplat`` and ``dagster`` need to meet this stack, as ``trainplat env`` says."""
        ours = {"TRAINPLAT_HOME": str(self.home.path), "DAGSTER_HOME": str(self.home.dagster)}
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, **ours, "PATH": programs, **self.settings}

    @property
    def addresses(self) -> Addresses:
        """Where the parts listen."""
        return self.home.addresses()

    def start(self, *, wait: bool = True) -> "Stack":
        """Start the supervisor as ``trainplat up`` does; wait until all is ready unless told otherwise."""
        self.home.logs.mkdir(parents=True, exist_ok=True)
        with (self.home.logs / "supervisor.log").open("ab") as log:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-m", "trainplat_cli.main", "up"],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if wait:
            self.wait_until_ready()
        return self

    def wait_until_ready(self, timeout_s: float = READY_TIMEOUT_S) -> StackStatus:
        """Wait until every part is ready now."""

        def ready() -> StackStatus | None:
            if self.supervisor is not None and self.supervisor.poll() is not None:
                pytest.fail(f"the supervisor ended:\n{self.log_tail('supervisor')}")
            status = read_running(self.home)
            if status is None or status.phase is not StackPhase.RUNNING:
                return None
            well = all(part.state is PartState.READY for part in status.parts)
            return status if well else None

        return self.wait_for(ready, "every part to be ready", timeout_s)

    def status(self) -> StackStatus:
        """The status as the supervisor wrote it last."""
        status = read_running(self.home)
        assert status is not None, "no supervisor runs"
        return status

    def process(self, part: PartName) -> ProcessIdentity:
        """The process of a part now."""
        process = self.status().part(part).process
        assert process is not None, f"{part} does not run"
        return process

    def kill(self, part: PartName) -> None:
        """``kill -9`` of one part."""
        os.kill(self.process(part).pid, signal.SIGKILL)

    def kill_supervisor(self) -> None:
        """``kill -9`` of the supervisor."""
        assert self.supervisor is not None
        self.supervisor.kill()
        self.supervisor.wait()
        self.supervisor = None

    def wait_for_restart(
        self, part: PartName, restarts_before: int, timeout_s: float = READY_TIMEOUT_S
    ) -> None:
        """Wait until a part that died is ready again."""

        def again() -> bool:
            now = self.status().part(part)
            return now.restarts > restarts_before and now.state is PartState.READY

        self.wait_for(lambda: again() or None, f"{part} to be ready again", timeout_s)

    def processes(self) -> list[ProcessIdentity]:
        """Every living process of this home's stack, the supervisor not counted."""
        return marked_processes(self.home.path)

    def command(self, *arguments: str, timeout_s: float = 120) -> "subprocess.CompletedProcess[str]":
        """Run ``trainplat`` with these arguments."""
        return subprocess.run(
            [sys.executable, "-m", "trainplat_cli.main", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )

    def stop(self) -> None:
        """Stop it as Ctrl-C does, and make sure that nothing is left, trainings included."""
        if self.supervisor is not None and self.supervisor.poll() is None:
            self.supervisor.send_signal(signal.SIGTERM)
            try:
                self.supervisor.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.supervisor.kill()
                self.supervisor.wait()
        self.supervisor = None
        end_marked(self.home.path, grace_s=0)
        if self.home.run.exists():
            self.command("down")  # trainings outlive a stack that was killed

    def log_tail(self, part: str, lines: int = 30) -> str:
        """The end of a part's log."""
        log = self.home.logs / f"{part}.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""

    def wait_for(self, look: Callable[[], _Found | None], what: str, timeout_s: float) -> _Found:
        """Look until something is found; fails, with the state of the stack, when it never is."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            found = look()
            if found is not None:
                return found
            time.sleep(0.2)
        status = read_running(self.home)
        parts = {part.name: (part.state, part.detail) for part in status.parts} if status else "no supervisor"
        pytest.fail(f"waited {timeout_s:g} s for {what}; {json.dumps(parts, indent=1, default=str)}")


@contextmanager
def running_stack(home: Home, settings: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """A stack of ``home`` that is ready; stopped afterwards, whatever happened to it meanwhile."""
    needs("label studio")
    stack = Stack(home, settings or {})
    try:
        yield stack.start()
    finally:
        stack.stop()


@pytest.fixture
def make_stack(trainplat_home: Path) -> Iterator[Callable[[Mapping[str, str]], Stack]]:
    """Makes a stack of this test's home, not started; stopped after the test."""
    needs("label studio")
    made: list[Stack] = []

    def make(settings: Mapping[str, str]) -> Stack:
        made.append(Stack(Home(trainplat_home), settings))
        return made[-1]

    yield make
    for stack in made:
        stack.stop()


@pytest.fixture(scope="module")
def module_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that is ready, shared by the tests of one file."""
    with running_stack(Home(tmp_path_factory.mktemp("stack") / "home")) as stack:
        yield stack
