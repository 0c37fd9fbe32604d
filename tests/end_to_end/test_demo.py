"""``trainplat demo`` as people run it: interrupted, and interrupted again and played to its end."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from resources.home import Home
from tests.end_to_end.stack import CHECKOUT, TRAINPLAT, Stack
from tests.environment import unmeasured
from tests.needs import needs
from trainplat_cli.supervisor.record import supervisor_of

pytestmark = [pytest.mark.end_to_end, pytest.mark.real, pytest.mark.timeout(600)]

BEGINS_S = 240
ENDS_S = 150


class Demo:
    """One demo of one round, in a process group of its own, as a terminal starts it."""

    def __init__(self, stack: Stack, output: Path) -> None:
        self.stack = stack
        self.output = output
        with output.open("w") as file:
            self.process = subprocess.Popen(
                [*TRAINPLAT, "demo", "--once", "--rounds", "0"],
                cwd=CHECKOUT,
                env=stack.environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until(self, look: Callable[[], object]) -> None:
        """Wait until the demo has come so far; it may not end before."""
        deadline = time.monotonic() + BEGINS_S
        while not look():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.02)

    def interrupt(self) -> int:
        """Ctrl-C. Returns the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(ENDS_S)

    def has_launched_a_supervisor(self) -> bool:
        """Whether the process of the supervisor is there; it need not have done anything."""
        return bool(psutil.Process(self.process.pid).children())

    def said(self) -> str:
        """What it has said so far."""
        return self.output.read_text()


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """The stack of an empty home, not started; whatever a failed test left of it is killed."""
    needs("label studio")
    home = Home(tmp_path / "home")
    environment = {**os.environ, "TRAINPLAT_HOME": str(home.path), "DAGSTER_HOME": str(home.dagster)}
    stack = Stack(home, unmeasured(environment))
    yield stack
    for process in stack.processes():
        process.kill()


def test_an_interrupt_before_the_supervisor_has_begun_leaves_nothing(stack: Stack, tmp_path: Path) -> None:
    demo = Demo(stack, tmp_path / "said")
    demo.wait_until(demo.has_launched_a_supervisor)
    assert supervisor_of(stack.home) is None
    assert demo.interrupt() == 130, demo.said()
    assert "interrupted" in demo.said()
    assert stack.processes() == []


@pytest.mark.slow
def test_a_demo_that_is_interrupted_in_a_training_leaves_nothing_and_goes_on_to_its_end(
    stack: Stack, tmp_path: Path
) -> None:
    demo = Demo(stack, tmp_path / "said")
    demo.wait_until(lambda: "round v1.0: runs" in demo.said())
    assert demo.interrupt() == 130, demo.said()
    assert stack.processes() == []
    assert stack.leases() == []

    demo = Demo(stack, tmp_path / "said after it")
    assert demo.process.wait(BEGINS_S + ENDS_S) == 0, demo.said()
    assert re.search(r"^v1\.0 +100 +0\.\d{4} +- +.*model 1 \(v1\.0\)$", demo.said(), re.MULTILINE), (
        demo.said()
    )
    assert stack.processes() == []
    assert stack.leases() == []
    assert stack.sealed_versions() == ["v1.0"]
