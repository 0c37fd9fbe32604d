import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.process import SUPERVISED_VARIABLE, ProcessIdentity
from trainplat_cli.supervisor.marked import (
    MARK_VARIABLE,
    end_marked,
    end_processes,
    mark_of,
    marked_processes,
)

SLEEP = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEP
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEP!r}])"


class Sleepers:
    def __init__(self) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, home: Path, generation: str = "one", code: str = SLEEP) -> ProcessIdentity:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, MARK_VARIABLE: mark_of(home, generation)},
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self.processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        return ProcessIdentity(process.pid, ProcessIdentity.of(process.pid).started_at)  # type: ignore[union-attr]

    def reap(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


@pytest.fixture
def sleepers() -> Iterator[Sleepers]:
    made = Sleepers()
    yield made
    made.reap()


def test_the_launcher_takes_the_same_mark_off_its_runs() -> None:
    assert MARK_VARIABLE == SUPERVISED_VARIABLE


def test_processes_are_found_by_home_and_generation(sleepers: Sleepers, tmp_path: Path) -> None:
    old = sleepers.start(tmp_path / "a", "one")
    new = sleepers.start(tmp_path / "a", "two")
    sleepers.start(tmp_path / "b", "one")
    assert {found.pid for found in marked_processes(tmp_path / "a")} == {old.pid, new.pid}
    assert [found.pid for found in marked_processes(tmp_path / "a", "two")] == [new.pid]


def test_a_generation_is_not_mistaken_for_one_that_begins_like_it(sleepers: Sleepers, tmp_path: Path) -> None:
    sleepers.start(tmp_path, "one-and-more")
    assert marked_processes(tmp_path, "one") == []


def test_a_home_is_the_same_through_a_link(sleepers: Sleepers, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "home")
    sleeper = sleepers.start(tmp_path / "link")
    assert [found.pid for found in marked_processes(tmp_path / "home")] == [sleeper.pid]


def test_what_a_marked_process_started_is_found_though_its_parent_is_gone(
    sleepers: Sleepers, tmp_path: Path
) -> None:
    parent = sleepers.start(tmp_path, code=PARENT)
    both = marked_processes(tmp_path)
    sleepers.processes[0].kill()
    sleepers.processes[0].wait()
    assert parent.pid in {found.pid for found in both}
    assert len(marked_processes(tmp_path)) == len(both) - 1 == 1
    assert end_marked(tmp_path) == 1


def test_only_the_stack_of_the_home_is_ended(sleepers: Sleepers, tmp_path: Path) -> None:
    mine, other = sleepers.start(tmp_path / "a"), sleepers.start(tmp_path / "b")
    assert end_marked(tmp_path / "a") == 1
    assert not mine.is_alive()
    assert other.is_alive()


def test_what_does_not_end_is_killed(sleepers: Sleepers, tmp_path: Path) -> None:
    stubborn = sleepers.start(tmp_path, code=STUBBORN)
    assert end_marked(tmp_path, grace_s=0.2) == 1
    assert not stubborn.is_alive()


def test_the_process_that_ends_the_others_spares_itself(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from trainplat_cli.supervisor.marked import *;"
        f"print(end_marked(Path({str(tmp_path)!r})))"
    )
    marked = {**os.environ, MARK_VARIABLE: mark_of(tmp_path, "one")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=marked, capture_output=True, text=True, check=True
    )
    assert done.stdout == "0\n"


def test_a_parent_that_ends_during_the_search_does_not_end_the_search(
    sleepers: Sleepers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = sleepers.start(tmp_path / "other")
    sleepers.reap()
    monkeypatch.setattr(os, "getppid", lambda: parent.pid)
    sleeper = sleepers.start(tmp_path / "a")
    assert [found.pid for found in marked_processes(tmp_path / "a")] == [sleeper.pid]


def test_a_process_that_took_the_pid_of_a_dead_one_is_left_alone(sleepers: Sleepers, tmp_path: Path) -> None:
    sleeper = sleepers.start(tmp_path)
    earlier = ProcessIdentity(sleeper.pid, sleeper.started_at - 100)
    assert end_processes([earlier], grace_s=0)
    time.sleep(0)
    assert sleeper.is_alive()
