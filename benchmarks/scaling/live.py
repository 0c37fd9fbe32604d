"""How long it really takes: from the decision to the replica that answers, and from nothing to an answer."""

import os
import signal
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from resources.clock import utc_now
from resources.deploy_plan import DeployPlan, Strategy
from resources.errors import Unavailable
from resources.home import Home
from resources.process import ProcessIdentity

if TYPE_CHECKING:
    from resources.serving.client import ModelClient

REPLICAS = 4
PLAN = DeployPlan(
    strategy=Strategy.ROLLING, least_requests=0, most_replicas=REPLICAS, autoscale="queue:1,down:300s"
)
CLIENTS = 16
ROWS = 64
COLD_STARTS = 3
WAIT_S = 120.0


def measured() -> dict[str, float]:
    """Seconds, of a server with the network of the digits that is asked until it has grown to its most.

    Raises :class:`Unavailable` where it does not.
    """
    from benchmarks.serving import models
    from resources.serving.client import ModelClient
    from resources.serving.running import begin
    from resources.serving.scaling.records.service import ScalingRecords

    with tempfile.TemporaryDirectory(prefix="trainplat-scaling-") as folder, ExitStack() as opened:
        home = Home(Path(folder) / "home")
        opened.enter_context(models.at_home(home))
        models.fill(home, PLAN)
        record = begin(home, leave_after_s=600)
        try:
            with ModelClient(record.address) as client:
                cold_s = [_cold_start_s(client, models.NAME) for _ in range(COLD_STARTS)]
                ready = _grown(record.address, client, models.NAME)
        finally:
            _end(record.process)
        steps = ScalingRecords(home, home.database()).steps(models.NAME)
    decided = {count: min(step.at for step in steps if step.decision.replicas >= count) for count in ready}
    return {
        "live_cold_start_s": median(cold_s),
        "live_decision_to_ready_s": max((ready[at] - decided[at]).total_seconds() for at in ready),
        "live_replicas": float(max(ready)),
    }


def _cold_start_s(client: "ModelClient", name: str) -> float:
    """From a request to a model that is not loaded to its answer."""
    client.unload(name)
    while any(model["replicas"] for model in client.status()["models"]):
        time.sleep(0.1)
    began_s = time.monotonic()
    client.ask(name, np.zeros((1, 8, 8), np.uint8))
    return time.monotonic() - began_s


def _grown(address: str, client: "ModelClient", name: str) -> dict[int, datetime]:
    """When it had how many replicas ready, from the second on, while many ask without a pause."""
    from resources.serving.client import ModelClient

    ends = threading.Event()

    def ask() -> None:
        with ModelClient(address) as own:
            while not ends.is_set():
                own.ask(name, np.zeros((ROWS, 8, 8), np.uint8))

    asking = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for one in asking:
        one.start()
    ready: dict[int, datetime] = {}
    deadline_s = time.monotonic() + WAIT_S
    try:
        while REPLICAS not in ready:
            if time.monotonic() > deadline_s:
                raise Unavailable(
                    f"the server has {max(ready, default=1)} replicas after {WAIT_S:g} s; "
                    f"expected {REPLICAS}",
                    "See why by `trainplat model scaling`, and run this on a machine with less to do.",
                )
            count = sum(len(model["replicas"]) for model in client.status()["models"])
            for reached in range(2, count + 1):
                ready.setdefault(reached, utc_now())
            time.sleep(0.05)
    finally:
        ends.set()
        for one in asking:
            one.join()
    return ready


def _end(process: ProcessIdentity) -> None:
    os.kill(process.pid, signal.SIGTERM)
    while process.is_alive():
        time.sleep(0.05)
