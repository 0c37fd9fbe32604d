"""The watch listens to what the driver tells of cards, and what stands on an ill one stops."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.resources.gpu.inventory import conftest

nvml_library = conftest.nvml_library
ACT = """
import json, os
from pathlib import Path
from dagster import DagsterInstance
from resources.gpu.model import Attempt, Origin, Owner, RunId, Terms
from resources.gpu.service import GpuService
from resources.home import Home
from resources.process import ProcessIdentity
from resources.runs.watching import ACTOR, Watch, WatchThread

cards = Path(os.environ["FAKE_NVML"])
home = Home.from_environment()
service = GpuService(home.database())

def card(*errors):
    cards.write_text(f"Tesla T4\\t15360\\tuuid=GPU-1\\txid={';'.join(map(str, errors))}\\n")

def stopped_for():
    service.tend_devices(ACTOR)
    return service.newest_lease(RunId("run")).stop_for

card()
service.submit(RunId("run"), "1(T4)", owner=Owner("vision", "ann"), origin=Origin.QUEUE, instance="x",
               actor=ACTOR, terms=Terms(preemptible=True))
service.decide_now(ACTOR)
thread = WatchThread(Watch(DagsterInstance.ephemeral(), service, home))
thread._look()
told = {}
card(31)
thread._look()
told["after an error of a program"] = stopped_for()
card(31, 79)
thread._look()
told["after one of the card"] = stopped_for()
told["reason"] = service.newest_lease(RunId("run")).stop_reason
thread.ensure()
thread.stop()
print(json.dumps(told))
"""


def test_a_critical_error_that_the_driver_tells_stops_what_stands_on_the_card(
    nvml_library: Path, tmp_path: Path
) -> None:
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": str(nvml_library),
        "TRAINPLAT_ACCELERATOR": "auto",
        "TRAINPLAT_HOME": str(tmp_path / "home"),
        "FAKE_NVML": str(tmp_path / "cards"),
    }
    done = subprocess.run([sys.executable, "-c", ACT], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["after an error of a program"] is None
    assert told["after one of the card"] == "device:cuda:0"
    assert "cuda:0 is out of order: Its driver told of Xid 79 (it fell off the bus)" in told["reason"]
