"""Runs launched in Dagster's page faster than any could start: from the first click to the last lease."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import yaml

from benchmarks.stack import environment, say, temporary_home, trainplat
from resources.errors import Unavailable
from resources.gpu.inventory.slots import CPU_SLOTS_VARIABLE, MOST_CPU_SLOTS
from resources.ports import LOOPBACK, free_port
from resources.terms import FIRST_VERSION

AT_ONCE = 8
"""So many clicks are under way at a time."""
READY_TIMEOUT_S = 120.0
BOUND_TIMEOUT_S = 600.0


def launched_to_bound_s(number: int) -> float:
    """How long it takes until each of so many runs has a lease of its own, from the first ``launchRun`` on.

    The web server, the queue's coordinator, the arbiter and the storages are those of the embedded stack; no
    daemon runs, so that no run begins.
    """
    with temporary_home() as path:
        trainplat(path, "up", "--detach")
        trainplat(path, "down")
        with _web_server(path) as address:
            return _launch(path, address, number)


def _launch(path: Path, address: str, number: int) -> float:
    from resources.gpu.resource import GpuResource
    from trainplat_cli.demo.dagster_page import DagsterPage

    page = DagsterPage(address)
    page.add_version(FIRST_VERSION)
    page.launch_round(FIRST_VERSION)  # whatever is made once is made by now
    os.environ["TRAINPLAT_HOME"] = str(path)
    service = GpuResource().service()
    begin = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as clicks:
        for at, _ in enumerate(clicks.map(lambda _: page.launch_round(FIRST_VERSION), range(number))):
            if (at + 1) % max(1, number // 10) == 0:
                say(f"{at + 1} of {number} runs are launched")
    while len(service.live_leases()) < number + 1:
        if time.perf_counter() - begin > BOUND_TIMEOUT_S:
            raise Unavailable(f"{len(service.live_leases())} of {number} runs have a lease", "Run it again.")
        time.sleep(0.05)
    page.close()
    return time.perf_counter() - begin


@contextmanager
def _web_server(path: Path) -> Iterator[str]:
    from trainplat_cli.supervisor.prepare import LOCATION

    workspace = path / "benchmark-workspace.yaml"
    module = {"module_name": "trainplat_assets.definitions", "location_name": LOCATION}
    workspace.write_text(yaml.safe_dump({"load_from": [{"python_module": module}]}))
    port = free_port()
    given = {
        **environment(path),
        "DAGSTER_HOME": str(path / "dagster"),
        CPU_SLOTS_VARIABLE: str(MOST_CPU_SLOTS),
    }
    command = [
        sys.executable,
        "-m",
        "dagster_webserver",
        "-h",
        LOOPBACK,
        "-p",
        str(port),
        "-w",
        str(workspace),
    ]
    with (path / "benchmark-webserver.log").open("w") as log:
        server = subprocess.Popen(command, env=given, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(f"http://{LOOPBACK}:{port}/server_info", server)
        yield f"http://{LOOPBACK}:{port}"
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    until_s = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < until_s and server.poll() is None:
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise Unavailable("the web server did not answer", "Look at benchmark-webserver.log of the home.")
