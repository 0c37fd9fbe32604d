"""How long a run that finds a device free takes from its submission until it runs."""

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.result import spread
from benchmarks.scale.launches import launched_to_bound_s
from benchmarks.stack import say, temporary_home, trainplat
from resources.errors import Unavailable
from resources.home import Home
from resources.terms import FIRST_VERSION

if TYPE_CHECKING:
    from dagster import DagsterInstance, DagsterRunStatus

NAME = "start"
DESCRIPTION = (
    "From the submission of a run in the page of Dagster to its states STARTING and STARTED, on the embedded "
    "stack with a device free, one run after the other. `launch_to_bound`: so many runs launched through "
    "`launchRun`, eight at a time, until each has a lease; no daemon runs, so that none begins."
)
LOOK_S = 0.2
TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Start:
    """How long one run took, in seconds after its submission."""

    answered_s: float
    """Until the page had its answer."""
    starting_s: float
    started_s: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare its own options."""
    parser.add_argument(
        "--repeat", type=int, default=7, help="submissions, of which the first is not counted"
    )
    parser.add_argument("--launches", type=int, default=1000, help="runs launched at once; 0 leaves them out")


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Submit rounds of the demo's data set; each is cancelled once it has started."""
    with temporary_home() as path:
        trainplat(path, "up", "--detach")
        os.environ |= {"TRAINPLAT_HOME": str(path), "DAGSTER_HOME": str(path / "dagster")}
        starts = [_start(path) for _ in range(arguments.repeat)][1:]
        trainplat(path, "down")
    launched = {}
    if arguments.launches:
        took_s = launched_to_bound_s(arguments.launches)
        launched = {f"launch_to_bound_{arguments.launches}_s": took_s}
    return {
        **launched,
        "runs": float(len(starts)),
        **spread("submit_to_answer_s", [one.answered_s for one in starts]),
        **spread("submit_to_starting_s", [one.starting_s for one in starts]),
        **spread("submit_to_started_s", [one.started_s for one in starts]),
    }


def _start(path: Path) -> Start:
    from dagster import DagsterEventType, DagsterInstance, DagsterRunStatus

    from trainplat_cli.demo.dagster_page import DagsterPage

    address = Home(path).addresses().dagster
    if address is None:
        raise Unavailable(f"the web server of {path} has no address", "See `trainplat status`.")
    page = DagsterPage(address)
    page.add_version(FIRST_VERSION)
    submitted_at = time.time()
    run_id = page.launch_round(FIRST_VERSION)
    answered_s = time.time() - submitted_at
    page.close()
    with DagsterInstance.get() as instance:
        _wait_for(instance, run_id, (DagsterRunStatus.STARTED,))
        events = {
            kind: instance.all_logs(run_id, of_type=kind)[0].timestamp - submitted_at
            for kind in (DagsterEventType.RUN_STARTING, DagsterEventType.RUN_START)
        }
        instance.run_launcher.terminate(run_id)
        _wait_for(instance, run_id, (DagsterRunStatus.CANCELED,))
    made = Start(answered_s, events[DagsterEventType.RUN_STARTING], events[DagsterEventType.RUN_START])
    say(f"answered {made.answered_s:.2f} s, starting {made.starting_s:.2f} s, started {made.started_s:.2f} s")
    return made


def _wait_for(instance: "DagsterInstance", run_id: str, wanted: "tuple[DagsterRunStatus, ...]") -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        found = instance.get_run_by_id(run_id)
        if found is not None and found.status in wanted:
            return
        if found is not None and found.is_finished:
            break
        time.sleep(LOOK_S)
    state = "gone" if found is None else found.status.value
    raise Unavailable(
        f"run {run_id} is {state}; expected {' or '.join(one.value for one in wanted)}",
        "See the logs of the home's run.",
    )
