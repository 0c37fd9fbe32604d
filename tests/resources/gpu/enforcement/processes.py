"""Real processes for the tests of enforcement: a program in its own session that does what it is told."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from resources.gpu.enforcement.model import Holder
from resources.gpu.environment import RUN_ID_VARIABLE
from resources.gpu.model import RunId
from resources.process import ProcessIdentity
from tests.environment import unmeasured

HELPERS = """
import os, subprocess, sys, time
def child(code, **how):
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, **how)
def say(*what):
    print(*what, flush=True)
"""


class Program:
    """A Python process that runs a line at a time."""

    def __init__(self, run_id: str, *, marked: bool = True) -> None:
        environment = {**unmeasured(os.environ), "PYTHONUNBUFFERED": "1"}
        environment.pop(RUN_ID_VARIABLE, None)
        if marked:
            environment[RUN_ID_VARIABLE] = run_id
        loop = f"{HELPERS}\nfor line in sys.stdin: exec(line)"
        self.process = subprocess.Popen(
            [sys.executable, "-c", loop],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )
        identity = ProcessIdentity.of(self.process.pid)
        assert identity is not None
        self.holder = Holder(RunId(run_id), identity)

    def does(self, line: str) -> str:
        """Run a line there, and wait for what it says, or for its end."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "; say()\n" if "say(" not in line else line + "\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], 60)
        assert ready, f"it does not come back from: {line}"
        return self.process.stdout.readline().strip()


@contextmanager
def program(run_id: str, *, marked: bool = True) -> Iterator[Program]:
    """The program, and its end with everything in its session."""
    one = Program(run_id, marked=marked)
    try:
        one.does("pass")
        yield one
    finally:
        with suppress(ProcessLookupError):
            os.killpg(one.process.pid, signal.SIGKILL)
        one.process.wait()
        assert one.process.stdin is not None
        assert one.process.stdout is not None
        one.process.stdin.close()
        one.process.stdout.close()
