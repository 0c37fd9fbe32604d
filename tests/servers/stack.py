"""The whole supervised stack for tests: what ``trainplat up`` starts."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from resources.home import Addresses, Home
from resources.process import ProcessIdentity
from tests.end_to_end import stack as played
from trainplat_cli.supervisor.marked import end_marked, marked_processes
from trainplat_cli.supervisor.model import PartName, PartState, StackPhase, StackStatus
from trainplat_cli.supervisor.record import read_running, supervisor_of

READY_TIMEOUT_S = 240.0
STOP_TIMEOUT_S = 90.0

_Found = TypeVar("_Found")


@dataclass
class Stack:
    """A stack that a test starts, kills parts of, and stops."""

    home: Home
    supervisor: "subprocess.Popen[bytes] | None" = None

    @property
    def environment(self) -> dict[str, str]:
        """What ``trainplat`` and ``dagster`` need to meet this stack, as ``trainplat env`` says."""
        ours = {"TRAINPLAT_HOME": str(self.home.path), "DAGSTER_HOME": str(self.home.dagster)}
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, **ours, "PATH": programs}

    @property
    def addresses(self) -> Addresses:
        """Where the parts listen."""
        return self.home.addresses()

    def start(self) -> "Stack":
        """Start the supervisor as ``trainplat up`` does, and wait until all is ready."""
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
        supervisor = supervisor_of(self.home)
        assert supervisor is not None, "no supervisor runs"
        os.kill(supervisor.pid, signal.SIGKILL)
        self.wait_for(lambda: not supervisor.is_alive() or None, "the supervisor to be gone", 10)

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


@pytest.fixture(scope="module")
def module_stack(real_stack: played.Stack) -> Iterator[Stack]:
    """The session's stack, for the tests of one file that kill parts of it and stop it in the end.

    They come after all that look at what it has done: those are marked ``end_to_end``.
    """
    stack = Stack(real_stack.home)
    stack.wait_until_ready()
    yield stack
    if stack.supervisor is not None:
        stack.stop()
