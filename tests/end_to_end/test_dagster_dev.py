"""``DAGSTER_HOME=$PWD dagster dev`` in a checkout: the project as any user of Dagster starts it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from resources.errors import Unavailable
from resources.home import Home
from resources.registry.service import RegistryService
from resources.runs.instance import open_instance
from resources.terms import FIRST_VERSION
from tests.end_to_end.stack import DIGITS
from tests.environment import unmeasured
from tests.house.files import files, name_of
from tests.servers.dagster_servers import free_port, wait_until
from trainplat_cli.demo.dagster_page import DagsterPage
from trainplat_cli.demo.model import RunState

pytestmark = [pytest.mark.end_to_end, pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(600)]

STARTED_S, MADE_S = 180, 240


@dataclass
class DagsterDev:
    """``dagster dev`` that runs."""

    checkout: Path
    page: DagsterPage
    process: "subprocess.Popen[bytes]"

    def left(self) -> list[str]:
        """The processes of this checkout that live."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("DAGSTER_HOME") == str(self.checkout)
                if ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(" ".join(process.cmdline()))
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return found


@pytest.fixture
def dev(tmp_path: Path, trainplat_home: Path) -> Iterator[DagsterDev]:
    """It, in a copy of the checkout, with a home that is not there yet; ended as by Ctrl-C."""
    checkout = tmp_path / "checkout"
    for file in files():
        copy = checkout / name_of(file)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)
    subprocess.run(["git", "init", "-q"], cwd=checkout, check=True)
    subprocess.run(["git", "add", "-A"], cwd=checkout, check=True)
    port = free_port()
    with (tmp_path / "dev.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dagster", "dev", "-p", str(port)],
            cwd=checkout,
            env=unmeasured({**os.environ, "DAGSTER_HOME": str(checkout)}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    page = DagsterPage(f"http://127.0.0.1:{port}")
    try:
        yield DagsterDev(checkout, page, process)
    finally:
        page.close()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_it_makes_a_version_and_its_model_and_leaves_nothing_behind(
    dev: DagsterDev, trainplat_home: Path
) -> None:
    wait_until(lambda: _launched(dev), "the round to be taken", STARTED_S)
    run = wait_until(
        lambda: next((run for run in dev.page.runs() if run.state in (RunState.DONE, RunState.FAILED)), None),
        "the round to end",
        MADE_S,
    )
    assert run.state is RunState.DONE, dev.page.failure(run.run_id)
    assert run.reason.startswith("A")  # it went through the gate
    home = Home(trainplat_home)
    champion = RegistryService(home, home.database()).champion(DIGITS)
    assert champion is not None
    assert champion.dataset_version == FIRST_VERSION
    with open_instance(dev.checkout) as instance:
        assert instance.get_dynamic_partitions("digits_versions") == [FIRST_VERSION]
    _is_asleep_without_label_studio(dev)
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=dev.checkout, capture_output=True, text=True, check=True
    )
    assert [line for line in status.stdout.splitlines() if not line.startswith("A ")] == []
    os.killpg(dev.process.pid, signal.SIGINT)
    assert dev.process.wait(60) == 0
    wait_until(lambda: not dev.left(), f"the processes to end: {dev.left()}")


def _launched(dev: DagsterDev) -> bool:
    if dev.process.poll() is not None:
        pytest.fail((dev.checkout.parent / "dev.log").read_text()[-3000:], pytrace=False)
    try:
        return bool(dev.page.launch_round(FIRST_VERSION))
    except (Unavailable, httpx.HTTPError):
        return False  # the code location is not loaded yet


def _is_asleep_without_label_studio(dev: DagsterDev) -> None:
    """The sensor that asks people says what is missing, and spends no attempt on it."""
    query = """query { sensorOrError(sensorSelector: {
        repositoryName: "__repository__", repositoryLocationName: "trainplat", sensorName: "digits_questions"
    }) { ... on Sensor { sensorState { ticks(limit: 1) { skipReason } } } } }"""

    def reason() -> str | None:
        answer = httpx.post(f"{dev.page.address}/graphql", json={"query": query}, timeout=60).json()
        ticks = answer["data"]["sensorOrError"]["sensorState"]["ticks"]
        said = ticks[0]["skipReason"] if ticks else None
        return said if said and "champion" not in said else None

    assert "no address of Label Studio is known" in wait_until(reason, "the sensor to tick", 90)
