"""Why a training ended, in words."""

import os
from pathlib import Path

import pytest

from resources.learning.distributed.endings import why_it_ended
from resources.learning.distributed.launching import AGENT_LOG, LOGS

# What torchrun 2.13 writes, shortened.
TOLD = """
resources.learning.distributed.worker FAILED
------------------------------------------------------------
Failures:
[1]:
  rank      : 0 (local_rank: 0)
  exitcode  : 1 (pid: 42)
------------------------------------------------------------
Root Cause (first observed failure):
[0]:
  rank      : 1 (local_rank: 1)
  exitcode  : {code} (pid: 43)
  error_file: <N/A>
============================================================
"""


@pytest.mark.parametrize(
    ("code", "told", "next_step"),
    [
        (
            -9,
            "a process of the training was ended by SIGKILL 3 times",
            "the kernel did for memory (see dmesg)",
        ),
        (-15, "was ended by SIGTERM", "it goes on from its last checkpoint"),
        (-11, "was ended by SIGSEGV", "See the logs for which"),
        (-10, "was ended by SIGUSR1", "it goes on from its last checkpoint"),
        (-99, "was ended by signal 99", "it goes on from its last checkpoint"),
        (1, "failed with exit code 1 3 times: ValueError: no such thing", "Mend what they name"),
    ],
)
def test_what_the_first_process_ended_with_is_told_with_what_to_do(
    tmp_path: Path, code: int, told: str, next_step: str
) -> None:
    (tmp_path / AGENT_LOG).write_text(TOLD.format(code=code))
    log = tmp_path / LOGS / "a" / "attempt_0" / "1" / "stderr.log"
    log.parent.mkdir(parents=True)
    log.write_text("Traceback\nValueError: no such thing\n\n")
    victim = log.parents[1] / "0" / "stderr.log"
    victim.parent.mkdir()
    victim.write_text("RuntimeError: Connection closed by peer\n")
    os.utime(victim, (2**32, 2**32))  # it is the last to write
    problem = why_it_ended(tmp_path, restarts=2)
    assert told in problem.problem
    assert next_step in problem.next_step
    assert str(tmp_path / LOGS) in problem.next_step


def test_where_torchrun_tells_nothing_its_log_is_named(tmp_path: Path) -> None:
    assert why_it_ended(tmp_path, restarts=0).problem == "torchrun ended before the training did"
    (tmp_path / AGENT_LOG).write_text("No module named torch\n")
    assert str(tmp_path / AGENT_LOG) in why_it_ended(tmp_path, restarts=0).next_step
