"""The watch over real processes: what a run takes beyond its lease is found within two looks."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from resources.gpu.enforcement.model import Action, Finding, Limits
from resources.gpu.enforcement.rules import Patience
from resources.gpu.enforcement.watch import Watched, WatchState, watch_once
from resources.gpu.inventory.model import DeviceId
from resources.gpu.model import Overuse, RunId
from tests.resources.gpu.enforcement.processes import Program, program
from tests.resources.gpu.enforcement.test_usage import Card, OnDevice

GPU = DeviceId("cuda:0")


@dataclass
class Machine:
    """Leases that are written down, over processes that are real. Its clock moves on with each look."""

    leases: list[Watched] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    state: WatchState = field(default_factory=WatchState)
    now_s: float = 0.0

    def watched(self) -> list[Watched]:
        return self.leases

    def look(self) -> list[Finding]:
        self.now_s += 4
        patience = Patience(grace_s=4)
        return list(
            watch_once(self, lambda: self.cards, self.state, patience=patience, clock=lambda: self.now_s)
        )

    def look_until_warned(self, run: Program) -> list[Finding]:
        """Two looks; the second one's."""
        first = of(run, self.look())
        assert {one.action for one in first} <= {Action.NONE, Action.NOTE}
        return of(run, self.look())


def of(run: Program, findings: list[Finding]) -> list[Finding]:
    return [one for one in findings if one.run_id == run.holder.run_id]


@pytest.fixture
def run() -> Iterator[Program]:
    with program("watched") as one:
        yield one


def limits(cpu_milli: int | None = None, host_memory_mib: int | None = None) -> Limits:
    return Limits(RunId("watched"), {GPU: 1000}, cpu_milli, host_memory_mib, Overuse.EVICT)


def test_a_run_that_takes_more_main_memory_than_its_lease_is_warned_in_two_looks(run: Program) -> None:
    machine = Machine([Watched(limits(host_memory_mib=100), run.holder)])
    assert [one.rule for one in machine.look()] == ["U1"]
    run.does("kept = bytearray(os.urandom(1 << 20) * 120)")
    found = machine.look_until_warned(run)
    assert [(one.rule, one.action) for one in found] == [("U4", Action.WARN)]
    assert found[0].reason.values["allowed_mib"] == 100
    assert 120 <= int(found[0].reason.values["used_mib"]) < 180


def test_a_run_that_burns_more_cpu_than_its_lease_is_warned_in_two_looks(run: Program) -> None:
    # By the clock of the looks four seconds pass while 0.6 s are burnt: a real lease would take long to burn.
    machine = Machine([Watched(limits(cpu_milli=1), run.holder)])
    burn = "began = time.process_time(); exec('while time.process_time() < began + 0.6: pass')"
    machine.look()
    run.does(burn)
    first = machine.look()
    run.does(burn)
    found = of(run, machine.look())
    assert [one.action for one in first] == [Action.NOTE]
    assert [(one.rule, one.action) for one in found] == [("U3", Action.WARN)]
    assert int(found[0].reason.values["used_milli"]) >= 140


def test_a_run_that_goes_on_is_evicted_after_the_grace_and_cleared_when_it_gave_back(run: Program) -> None:
    machine = Machine([Watched(limits(host_memory_mib=80), run.holder)])
    run.does("kept = bytearray(os.urandom(1 << 20) * 90)")
    machine.look_until_warned(run)
    assert [one.action for one in machine.look()] == [Action.EVICT]
    run.does("kept = None")
    machine.look()
    assert Action.CLEAR in [one.action for one in machine.look()]


def test_the_neighbour_keeps_its_device_memory(run: Program) -> None:
    with program("neighbour") as neighbour:
        theirs = Limits(RunId("neighbour"), {GPU: 1000})
        machine = Machine([Watched(limits(), run.holder), Watched(theirs, neighbour.holder)])
        on_device = (OnDevice(run.process.pid, 1500), OnDevice(neighbour.process.pid, 100))
        machine.cards = [Card(GPU, 1600, 2000, on_device)]
        found = machine.look_until_warned(run)
        assert [(one.rule, one.action) for one in found] == [("U2", Action.WARN), ("U6", Action.EVICT)]


def test_a_run_that_died_is_within_its_lease(run: Program) -> None:
    machine = Machine([Watched(limits(host_memory_mib=1), run.holder)])
    machine.look_until_warned(run)
    run.process.send_signal(signal.SIGKILL)
    run.process.wait()
    assert [one.rule for one in machine.look()] == ["U1"]


def test_a_watch_that_begins_anew_sees_the_same_again(run: Program) -> None:
    machine = Machine([Watched(limits(host_memory_mib=1), run.holder)])
    machine.look_until_warned(run)
    machine.state = WatchState()
    assert [one.action for one in machine.look_until_warned(run)] == [Action.WARN]


def test_what_the_platform_itself_has_on_a_device_is_no_stranger(run: Program) -> None:
    card = Card(GPU, 26, 2000, (OnDevice(run.process.pid, 26),))
    machine = Machine([], [card])
    ours = frozenset({run.process.pid})
    assert watch_once(machine, lambda: [card], WatchState(), ours=ours) == ()
    assert [one.rule for one in machine.look()] == ["U5"]
