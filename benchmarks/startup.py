"""How long the whole stack takes to be ready, and how much memory it takes."""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.result import spread
from benchmarks.stack import say, status, temporary_home, trainplat
from scripts.checkout import LABEL_STUDIO, PLATFORM, ROOT
from scripts.setup import is_ready

NAME = "startup"
DESCRIPTION = (
    "Time until every part of the stack is ready, in an empty home and again in the same one, time to stop "
    "it, and its resident memory when ready."
)

MIB = 2**20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its own options."""
    parser.add_argument("--repeat", type=int, default=5, help="starts of the home after the first one")


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Start, look, stop; once with an empty home, then ``--repeat`` times with the same."""
    metrics = _time_of_skipped_setup()
    starts: list[float] = []
    stops: list[float] = []
    with temporary_home() as home:
        for number in range(arguments.repeat + 1):
            begun = time.monotonic()
            trainplat(home, "up", "--detach")
            started_s = time.monotonic() - begun
            say(f"start {number}: {started_s:.1f} s")
            if number == 0:
                metrics["first_start_s"] = started_s
            else:
                starts.append(started_s)
            if number == arguments.repeat:
                metrics |= _memory(home)
            begun = time.monotonic()
            trainplat(home, "down")
            stops.append(time.monotonic() - begun)
    return {**metrics, **spread("start_s", starts), **spread("stop_s", stops)}


def _memory(home: Path) -> dict[str, float]:
    told = status(home)
    parts = {
        f"memory_{part['name'].replace(' ', '_').replace('-', '_')}_mib": part["memory_bytes"] / MIB
        for part in told["parts"]
    }
    return {"memory_total_mib": told["memory_bytes"] / MIB, **parts}


def _time_of_skipped_setup() -> dict[str, float]:
    """What make setup costs when it has nothing to do; left out where it has."""
    if not all(is_ready(environment) for environment in (PLATFORM, LABEL_STUDIO)):
        return {}
    begun = time.monotonic()
    subprocess.run([sys.executable, "-m", "scripts.setup"], cwd=ROOT, check=True)
    return {"setup_skipped_s": time.monotonic() - begun}
