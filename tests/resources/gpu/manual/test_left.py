"""What is left of a lease whose time is over."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from resources.gpu.environment import LEASE_VARIABLE, RUN_ID_VARIABLE
from resources.gpu.inventory.model import DeviceId, DeviceProcess, DeviceReading
from resources.gpu.manual.left import left_of
from resources.gpu.model import Attempt, Lease, LeaseState, Origin, Owner, RunId
from resources.gpu.requests.grammar import parse_request
from resources.process import ProcessIdentity

CARD = DeviceId("cuda:0")
SLEEP = [sys.executable, "-c", "input()"]


def lease(run: str, user: str = "ann", device: str = CARD) -> Lease:
    return Lease(
        RunId(run), Attempt(1), (DeviceId(device),), parse_request("1"), Owner("vision", user), Origin.MANUAL,
        "manual", LeaseState.CLAIMED, datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


def reading(*processes: DeviceProcess) -> dict[DeviceId, DeviceReading]:
    return {CARD: DeviceReading(CARD, processes=processes)}


@contextmanager
def started() -> Iterator[int]:
    """A process that was started in the environment of lease:mine."""
    process = subprocess.Popen(SLEEP, stdin=subprocess.PIPE, env={RUN_ID_VARIABLE: "lease:mine"})
    try:
        yield process.pid
    finally:
        process.communicate(b"\n")


@pytest.fixture
def marked() -> Iterator[int]:
    """The same, for the length of a test."""
    with started() as pid:
        yield pid


MINE = lease("lease:mine")


def test_a_card_that_nobody_uses_is_free() -> None:
    assert not left_of(MINE, [MINE], reading())


def test_a_process_of_its_user_or_of_nobody_that_can_be_seen_is_taken_for_its_own() -> None:
    on_card = reading(DeviceProcess(11, "Ann", 10), DeviceProcess(12, None, 10), DeviceProcess(13, "root", 1))
    assert [one.pid for one in left_of(MINE, [MINE], on_card).processes] == [11, 12]


def test_a_process_that_carries_its_name_is_its_own_whoever_runs_it(marked: int) -> None:
    left = left_of(MINE, [MINE], reading(DeviceProcess(marked, "eve", 10)))
    assert [one.pid for one in left.processes] == [marked]
    assert left.text == f"process {marked} of eve"


def test_what_belongs_to_another_lease_on_the_card_is_not_its_own(marked: int) -> None:
    other = lease("lease:other")
    named_mine = replace(MINE, run_id=RunId("lease:third"))
    on_card = reading(DeviceProcess(marked, "ann", 10))
    assert left_of(other, [other, MINE], on_card).processes == ()
    assert left_of(named_mine, [named_mine], on_card).processes != ()


def test_the_process_of_another_run_is_not_its_own() -> None:
    process = subprocess.Popen(SLEEP, stdin=subprocess.PIPE)
    other = replace(lease("run"), holder=ProcessIdentity.of(process.pid))
    on_card = reading(DeviceProcess(process.pid, "ann", 10))
    assert not left_of(MINE, [MINE, other], on_card)
    process.communicate(b"\n")
    assert left_of(MINE, [MINE, other], on_card), "it is dead, and the driver still lists the number"


def test_on_a_slot_what_carries_its_name_counts() -> None:
    slot = replace(MINE, devices=(DeviceId("cpu:0"),))
    with started() as pid:
        assert [one.pid for one in left_of(slot, [slot], {}).processes] == [pid]
        assert not left_of(replace(slot, run_id=RunId("lease:x")), [slot], {})


def test_a_card_that_is_gone_has_what_carries_its_name(marked: int) -> None:
    ill = {CARD: DeviceReading(CARD, fault="It does not answer.")}
    assert [one.pid for one in left_of(MINE, [MINE], ill, [CARD]).processes] == [marked]
    assert not left_of(lease("lease:other"), [MINE], ill, [CARD])


def test_the_daemon_of_mps_keeps_no_lease_even_if_it_was_started_under_it() -> None:
    environment = {RUN_ID_VARIABLE: "lease:mine", "TRAINPLAT_MPS": "run/mps"}
    with subprocess.Popen(SLEEP, stdin=subprocess.PIPE, env=environment) as server:
        assert not left_of(MINE, [MINE], reading(DeviceProcess(server.pid, "ann", 10)))
        server.communicate(b"\n")


def test_of_a_second_lease_what_carries_its_mark_is_left() -> None:
    second = replace(lease("run+1"), origin=Origin.DIRECT, holder=ProcessIdentity.current())
    environment = {RUN_ID_VARIABLE: "run", LEASE_VARIABLE: "run+1#1"}
    on_card = reading(DeviceProcess(11, "ann", 10))
    assert not left_of(second, [second], on_card)
    with subprocess.Popen(SLEEP, stdin=subprocess.PIPE, env=environment) as child:
        assert [one.pid for one in left_of(second, [second], on_card).processes] == [child.pid]
        child.communicate(b"\n")


def test_a_card_that_cannot_be_read_may_have_anything_on_it() -> None:
    ill = {CARD: DeviceReading(CARD, fault="It does not answer.")}
    left = left_of(MINE, [MINE], ill)
    assert (left.unread, left.text) == ((CARD,), "cuda:0 cannot be read")
    assert not left_of(MINE, [MINE], {CARD: DeviceReading(CARD)}), "a driver that lists no processes"
