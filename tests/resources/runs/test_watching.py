"""The watch over runs of a real instance, with real processes: said on the run, then done as declared."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus

from resources.gpu.enforcement.model import Action, Finding
from resources.gpu.enforcement.report import read_report
from resources.gpu.enforcement.rules import Patience
from resources.gpu.enforcement.watch import WatchState
from resources.gpu.model import Attempt, LeaseState, Origin, Owner, RunId, Terms
from resources.gpu.resource import instance_key
from resources.gpu.service import GpuService
from resources.gpu.terms import terms_of
from resources.home import Home
from resources.runs.watching import MPS_PAUSE_S, Watch, WatchThread, lock_of, look_where_nobody_does
from tests.resources.gpu.enforcement.processes import Program, program
from tests.resources.runs import test_reconcile
from tests.resources.runs.test_reconcile import ME, TEST, later, mend, new_run, status

instance = test_reconcile.instance
service = test_reconcile.service
NOW = Patience(grace_s=0, again_s=0)


@dataclass
class Watched:
    """A run with a real process."""

    run: DagsterRun
    program: Program
    instance: DagsterInstance
    service: GpuService
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Watch(self.instance, self.service, Home.from_environment(), patience=NOW)

    def leased(self, origin: Origin = Origin.QUEUE, **tags: str) -> None:
        leader = self.program.holder.leader
        self.service.submit(
            RunId(self.run.run_id),
            "1",
            owner=Owner("vision", "ann"),
            origin=origin,
            instance=instance_key(self.instance),
            actor=TEST,
            holder=leader if origin is Origin.DIRECT else None,
            terms=terms_of({f"trainplat/{name}": value for name, value in tags.items()}),
        )
        self.service.decide_now(TEST)
        assert self.service.claim(RunId(self.run.run_id), leader)
        if origin is Origin.QUEUE:
            assert self.service.set_holder(RunId(self.run.run_id), Attempt(1), leader)

    def looks(self, times: int) -> list[Action]:
        """What each look led to for this run."""
        found: list[Finding] = []
        for _ in range(times):
            found += [one for one in self.watch.look() if one.run_id == self.run.run_id]
        return [one.action for one in found]

    @property
    def said(self) -> str:
        return "\n".join(str(one) for one in self.instance.all_logs(self.run.run_id))

    @property
    def terms(self) -> Terms:
        lease = self.service.newest_lease(RunId(self.run.run_id))
        assert lease is not None
        return lease.terms

    @property
    def decided(self) -> list[tuple[str, str]]:
        return [(one.kind, one.why.rule) for one in self.service.decisions_of(RunId(self.run.run_id))]


@pytest.fixture
def watched(instance: DagsterInstance, service: GpuService) -> Iterator[Watched]:
    run = new_run(instance, DagsterRunStatus.STARTED)
    with program(run.run_id) as one:
        yield Watched(run, one, instance, service)


TAKES = "kept = bytearray(os.urandom(1 << 20) * 120)"


def test_a_run_that_takes_too_much_memory_is_warned_on_the_run_and_left_where_it_says_nothing(
    watched: Watched,
) -> None:
    watched.leased(memory="100M")
    watched.program.does(TAKES)
    assert watched.looks(4) == [Action.NOTE, Action.WARN, Action.LEAVE, Action.NONE]
    assert "U4: It has " in watched.said
    assert "of main memory; its lease has 100 MiB." in watched.said
    assert watched.decided == [("grant", "A2"), ("warn", "U4")]
    assert status(watched.instance, watched.run) is DagsterRunStatus.STARTED
    report = read_report(Home.from_environment())
    assert report is not None
    assert [(one.run_id, one.reason.rule) for one in report.noted] == [(watched.run.run_id, "U4")]


def test_a_run_that_declares_so_gets_a_larger_lease_while_there_is_room(watched: Watched) -> None:
    watched.leased(memory="100M", overuse="resize")
    watched.program.does(TAKES)
    assert watched.looks(4) == [Action.NOTE, Action.WARN, Action.RESIZE, Action.NONE]
    assert watched.terms.host_memory_mib == 256
    assert watched.decided[-1] == ("resize", "U4")
    assert "Its lease grows to that." in watched.said


def test_a_run_that_declares_so_is_evicted_the_way_of_a_preempted_one(watched: Watched) -> None:
    watched.leased(memory="100M", overuse="evict")
    watched.program.does(
        "import signal; signal.signal(signal.SIGUSR1, lambda *_: print('checkpoint', flush=True))"
    )
    watched.program.does(TAKES)
    assert watched.looks(3) == [Action.NOTE, Action.WARN, Action.EVICT]
    assert watched.decided[-1] == ("stop", "U4")
    mend(watched.instance, watched.service)
    assert watched.program.process.stdout is not None
    assert watched.program.process.stdout.readline() == "checkpoint\n"
    mend(watched.instance, watched.service, later(seconds=11))
    assert watched.program.process.wait(10) == -9
    first, second = watched.service.leases_of(RunId(watched.run.run_id))
    assert first.release_reason == "it was stopped because it used more than its lease"
    assert (second.state, second.attempt) == (LeaseState.GRANTED, 2)
    assert status(watched.instance, watched.run) is DagsterRunStatus.QUEUED


def test_a_project_declares_for_runs_that_say_nothing(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINPLAT_OVERUSE", "vision=evict")
    watched.leased(memory="100M")
    watched.program.does(TAKES)
    assert watched.looks(3)[-1] is Action.EVICT


def test_a_direct_run_that_is_evicted_is_asked_to_end(watched: Watched) -> None:
    watched.leased(Origin.DIRECT, memory="100M", overuse="evict")
    watched.program.does(TAKES)
    assert watched.looks(3)[-1] is Action.EVICT
    mend(watched.instance, watched.service)
    assert watched.program.process.wait(10) == -15
    assert "Is asked to end. U4: It has" in watched.said


def test_a_warning_is_taken_back(watched: Watched) -> None:
    watched.leased(memory="100M")
    watched.program.does(TAKES)
    watched.looks(2)
    watched.program.does("kept = None")
    assert watched.looks(2)[-1] in {Action.CLEAR, Action.NONE}
    assert "rule U4 holds" not in watched.said.split("U1:")[0]
    assert "U1: It is within its lease again" in watched.said


def test_one_watch_looks_at_a_time(watched: Watched) -> None:
    watched.leased(memory="100M")
    with lock_of(watched.watch.home):
        assert look_where_nobody_does(watched.watch) == ()
    assert len(look_where_nobody_does(watched.watch)) == 1


def test_what_was_seen_long_ago_is_seen_anew(watched: Watched) -> None:
    watched.leased(memory="100M")
    watched.program.does(TAKES)
    watched.looks(1)
    watched.watch.state = WatchState(
        type(watched.watch.state.cpu)(at_s=-1e6, used_s={}), watched.watch.state.history
    )
    assert watched.looks(1) == [Action.NOTE]


def test_the_thread_looks_until_it_is_stopped_and_outlives_a_look_that_fails(
    instance: DagsterInstance, service: GpuService
) -> None:
    run = new_run(instance, DagsterRunStatus.STARTED)
    test_reconcile.lease(service, instance, run, claimer=ME, holder=ME)
    looked, failed = threading.Event(), threading.Event()

    class Failing(Watch):
        def look(self) -> tuple[Finding, ...]:
            if not failed.is_set():
                failed.set()
                raise OSError("no space left on device")
            found = super().look()
            looked.set()
            return found

    thread = WatchThread(Failing(instance, service, Home.from_environment()), every_s=0.01)
    thread.ensure()
    assert looked.wait(30)
    thread.stop()
    with lock_of(Home.from_environment()).acquire(timeout=0):
        assert failed.is_set()


def test_after_mps_did_not_start_the_next_looks_do_not_wait_for_it(
    watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = tmp_path / "tries"
    control = tmp_path / "bin" / "nvidia-cuda-mps-control"
    control.parent.mkdir()
    control.write_text(f"#!/bin/sh\necho try >> {tries}\nexit 1\n")
    control.chmod(0o755)
    monkeypatch.setenv("PATH", f"{control.parent}:{os.environ['PATH']}")
    monkeypatch.setattr("resources.gpu.enforcement.mps.START_WAIT_S", 2.0)
    monkeypatch.setattr(watched.service, "fractions", lambda: 1)  # a machine with a GPU has some

    def starts() -> int:
        tries.unlink(missing_ok=True)
        watched.watch.look()
        return tries.exists()

    assert starts()
    assert [starts() for _ in range(3)] == [False] * 3
    assert watched.watch.state.mps_failures == 1
    watched.watch.state.mps_again_s = 0.0  # the pause is over
    assert starts()
    assert watched.watch.state.mps_again_s - time.monotonic() > MPS_PAUSE_S, "the next one is longer"
