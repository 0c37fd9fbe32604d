"""Many at once over one ledger, some of them killed: nothing is lost, and nothing is given twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from resources.database.audit import recent
from resources.database.engine import Database
from tests.checker.tables import Row, broken, tables_of
from tests.environment import unmeasured
from tests.resources.gpu.rivals.rival import DEVICES, ENOUGH
from tests.servers.dagster_servers import CHECKOUT, wait_until
from tests.servers.postgres import PostgresServer, postgres_on


@dataclass
class Rivals:
    """The host of rivals, and what they have said."""

    process: "subprocess.Popen[str]"
    folder: Path

    def start(self, name: str, roles: str) -> None:
        assert self._ask(f"start {name} {roles}") == f"{name} started"

    def kill_while_it_decides(self, name: str) -> None:
        """``kill -9`` at its next pass, between what it decided and what it writes."""
        (self.folder / f"{name}.dies").touch()
        assert self._ask(f"wait {name}") == f"{name} {-signal.SIGKILL}"
        (self.folder / f"{name}.dies").unlink()

    def stop(self) -> Counter[str]:
        """End all, none of whom may have met an error that is not one of ours. Returns those that are."""
        ends, _ = self.process.communicate("stop\n", timeout=120)
        told: Counter[str] = Counter()
        for end in ends.splitlines():
            name, code = end.split()
            assert code in ("0", "1"), end
            errors, problems = json.loads((self.folder / f"{name}.json").read_text())
            assert problems == [], name
            told.update(errors)
        return told

    def _ask(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@contextmanager
def rivals_on(url: str, folder: Path) -> Iterator[Rivals]:
    """No rival yet; all are gone in the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.resources.gpu.rivals.host", url, str(folder)],
        cwd=CHECKOUT,
        env=unmeasured(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "host started\n"
        yield Rivals(process, folder)
    finally:
        if process.poll() is None:
            for one in psutil.Process(process.pid).children():
                one.kill()
            process.kill()
            process.communicate()


def all_over(url: str, runs: int | None = None) -> dict[str, list[Row]]:
    """Wait until so many runs, or all, have had their devices, and look whether all is as it must be."""

    def look() -> dict[str, list[Row]] | None:
        tables = tables_of(url)
        assert broken(tables, {device.id for device in DEVICES}) == []
        ended = [row for row in tables["gpu_leases"] if row["state"] == "released"]
        return tables if len(ended) >= (runs or len(tables["gpu_requests"])) else None

    tables = wait_until(look, f"{runs or 'all'} runs to end", 240)
    assert {row["state"] for row in tables["gpu_requests"]} == {"ended"}
    assert len(tables["gpu_leases"]) == len(tables["gpu_requests"])
    assert runs is None or len(tables["gpu_leases"]) == runs
    assert {row["attempt"] for row in tables["gpu_requests"]} == {1}
    return tables


@pytest.mark.slow
def test_of_a_hundred_submitters_among_those_who_claim_and_give_back_each_gets_its_devices_once(
    any_database: Database, tmp_path: Path
) -> None:
    any_database.migrate()
    with rivals_on(any_database.url, tmp_path) as rivals:
        for number in range(4):
            rivals.start(f"p{number}", "submit:25:1,work:2")
        rivals.start("decider", "decide:1")
        all_over(any_database.url, 100)
        assert rivals.stop() == {}, "nobody is turned away"


def test_a_decider_that_is_killed_while_it_decides_is_followed_by_the_other(
    any_database: Database, tmp_path: Path
) -> None:
    any_database.migrate()
    with rivals_on(any_database.url, tmp_path) as rivals:
        rivals.start("machine0", "decide:1")
        rivals.start("machine1", "decide:1")
        rivals.start("others", "stream:2,work:2")  # there is something to decide till the last kill
        for kill in range(4):
            name = f"machine{kill % 2}"
            rivals.kill_while_it_decides(name)
            rivals.start(name, "decide:1")
        (tmp_path / ENOUGH).touch()
        all_over(any_database.url)
        rivals.stop()
    takes = [row.detail for row in recent(any_database, limit=1000) if row.action == "leadership.take"]
    assert sum("after machine" in detail for detail in takes) >= 4


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.needs("postgresql")
def test_a_database_that_is_killed_again_and_again_loses_nothing(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    with postgres_on({"synchronous_commit": "on"}) as server:
        database = server.new_database()
        with rivals_on(database.url, tmp_path) as rivals:
            rivals.start("one", "submit:5:8,work:3,decide:2")
            rivals.start("two", "submit:5:8,work:3,decide:2")
            for _ in range(3):
                time.sleep(chance.uniform(0.1, 0.6))
                kill(server)
                server.start()
            all_over(database.url, 80)
            told = rivals.stop()
        database.close()
    assert set(told) <= {"Unavailable", "Conflict"}, told
    assert told["Unavailable"], "nobody noticed that the database was gone"


def kill(server: PostgresServer) -> None:
    """``kill -9`` of a server and of all that it has started."""
    assert server.process is not None
    parent = psutil.Process(server.process.pid)
    family = [parent, *parent.children(recursive=True)]
    for one in family:
        one.kill()
    server.process.wait()
    psutil.wait_procs(family)
    server.process = None
