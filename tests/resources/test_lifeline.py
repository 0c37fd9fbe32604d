"""Ending together with another process."""

import signal
import subprocess
import sys
import time

import psutil


def test_a_process_ends_with_the_one_that_started_it() -> None:
    child = (
        "import sys, time; from resources.lifeline import die_with;"
        "die_with(int(sys.argv[1])); print('bound', flush=True); time.sleep(600)"
    )
    parent = (
        f"import os, subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', {child!r}, "
        "str(os.getpid())]); print(child.pid, flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    assert process.stdout.readline() == "bound\n"
    process.kill()
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 30
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_process_whose_starter_is_dead_already_ends_at_once() -> None:
    code = "from resources.lifeline import die_with; die_with(1); print('not reached')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, "")
