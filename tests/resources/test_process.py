"""Processes by pid and start time."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from resources.process import (
    Mark,
    ProcessIdentity,
    carriers_of,
    end_group,
    group_members,
    kill_carriers,
    kill_remains,
    remains_of,
)
from tests.servers.dagster_servers import wait_until

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
MARKER = Mark("MARK", "mine")
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def test_a_process_lives_until_it_ends_and_a_zombie_does_not(sleeper: "subprocess.Popen[bytes]") -> None:
    identity = ProcessIdentity.of(sleeper.pid)
    assert identity is not None
    assert identity.is_alive()
    assert identity.memory_bytes() > 0
    sleeper.kill()
    wait_until(lambda: not identity.is_alive(), "the end")  # not waited for: a zombie
    sleeper.wait()
    assert not identity.is_alive()
    assert identity.memory_bytes() == 0
    assert ProcessIdentity.of(sleeper.pid) is None


def test_a_pid_that_was_given_to_another_process_is_not_the_old_one() -> None:
    me = ProcessIdentity.current()
    assert me.is_alive()
    assert not ProcessIdentity(me.pid, me.started_at - 60).is_alive()


def test_a_clock_that_somebody_sets_changes_no_process(
    sleeper: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ProcessIdentity.of(sleeper.pid)
    assert before is not None
    assert 0 <= before.age_s() < 60
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: 1_000_000_000.0)
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)

    assert ProcessIdentity.of(sleeper.pid) == before
    assert before.is_alive()
    assert 0 <= before.age_s() < 60
    assert group_members(sleeper.pid) == [before]
    assert remains_of(before, MARKER) == [before]


def test_a_command_with_parentheses_and_blanks_does_not_hide_the_start_time(tmp_path: Path) -> None:
    program = tmp_path / "a) b (c"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([program, "600"]) as process:
        identity = ProcessIdentity.of(process.pid)
        assert identity is not None
        assert 0 <= identity.age_s() < 60
        process.kill()


def test_ending_a_group_ends_all_of_it(sleeper: "subprocess.Popen[bytes]") -> None:
    assert [one.pid for one in group_members(sleeper.pid)] == [sleeper.pid]
    assert end_group(sleeper.pid, grace_s=5)
    assert sleeper.wait() == -signal.SIGTERM
    assert end_group(sleeper.pid, grace_s=5)


def test_a_group_that_does_not_listen_is_killed() -> None:
    stubborn = subprocess.Popen(
        [sys.executable, "-c", STUBBORN], start_new_session=True, stdout=subprocess.PIPE
    )
    assert stubborn.stdout is not None
    stubborn.stdout.readline()
    assert end_group(stubborn.pid, grace_s=0.2)
    stubborn.communicate()
    assert stubborn.returncode == -signal.SIGKILL


def test_without_grace_nobody_is_asked(sleeper: "subprocess.Popen[bytes]") -> None:
    assert end_group(sleeper.pid, grace_s=0)
    assert sleeper.wait() == -signal.SIGKILL


def test_a_group_whose_number_another_process_has_is_left_alone(sleeper: "subprocess.Popen[bytes]") -> None:
    living = ProcessIdentity.of(sleeper.pid)
    assert living is not None
    old = ProcessIdentity(living.pid, living.started_at - 3600)
    assert remains_of(old, MARKER) == []
    assert kill_remains(old, MARKER)
    assert living.is_alive()


def test_of_a_group_without_its_leader_only_those_with_the_marker_are_ended() -> None:
    children = "; ".join(
        f"print(subprocess.Popen({SLEEP!r}, stdout=subprocess.DEVNULL, env={env}).pid, flush=True)"
        for env in ("os.environ | {'MARK': 'mine'}", "os.environ")
    )
    leader = subprocess.Popen(
        [sys.executable, "-c", f"import os, subprocess, time; {children}; time.sleep(600)"],
        start_new_session=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert leader.stdout is not None
    identity = ProcessIdentity.of(leader.pid)
    mine, other = (ProcessIdentity.of(int(leader.stdout.readline())) for _ in range(2))
    assert identity is not None
    assert mine is not None
    assert other is not None
    try:
        assert len(remains_of(identity, MARKER)) == 3
        leader.kill()
        leader.communicate()
        assert remains_of(identity, MARKER) == [mine]
        assert kill_remains(identity, MARKER)
        assert not mine.is_alive()
        assert other.is_alive()
    finally:
        end_group(leader.pid, grace_s=0)


def test_what_carries_a_mark_is_found_in_whatever_session_and_ended_with_its_leader() -> None:
    leader, child, other = (
        subprocess.Popen(SLEEP, start_new_session=True, env={"OWN": value}) for value in ("a", "a", "b")
    )
    identities = [ProcessIdentity.of(one.pid) for one in (leader, child, other)]
    first, second, third = (one for one in identities if one is not None)
    own = Mark("OWN", "a")
    try:
        assert carriers_of(own) == sorted([first, second], key=lambda one: one.pid)
        leader.kill()
        leader.wait()
        assert remains_of(first, MARKER) == []
        assert remains_of(first, MARKER, own) == [second]
        assert kill_remains(first, MARKER, own)
        assert not second.is_alive()
        assert third.is_alive()
        assert kill_carriers(Mark("OWN", "b"))
        assert not third.is_alive()
    finally:
        for one in (leader, child, other):
            one.kill()
            one.wait()


def test_the_helper_of_multiprocessing_that_only_counts_names_keeps_nothing_alive() -> None:
    code = "from multiprocessing import resource_tracker; resource_tracker.ensure_running(); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, env={"OWN": "c"}) as parent:
        helper = wait_until(lambda: psutil.Process(parent.pid).children(), "the helper")
        assert helper[0].environ()["OWN"] == "c"
        assert [one.pid for one in carriers_of(Mark("OWN", "c"))] == [parent.pid]
        parent.communicate(b"\n")
