"""The environment that tests run in is the same however they were started."""

import os
import subprocess
import sys
from pathlib import Path

SHOWS = (
    "import pathlib, signal, sys; from tests.environment import enter; "
    "before = signal.getsignal(signal.SIGINT); enter(pathlib.Path(sys.argv[1])); "
    "print(before.name, signal.getsignal(signal.SIGINT).__name__)"
)


def test_tests_that_were_started_behind_an_ampersand_can_be_interrupted(tmp_path: Path) -> None:
    command = '"$@" & wait'
    done = subprocess.run(
        ["sh", "-c", command, "sh", sys.executable, "-c", SHOWS, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["SIG_IGN", "default_int_handler"]
