"""Steps on a ledger, each by processes that are killed (``kill -9``) at a statement of their choice.

Its arguments are the database, and at every how many statements. For each step, and each such number from 0
on, a child is forked that does the step and is killed just before its statement of that number, or before its
commit; until one gets to the end. After each child a line is written with the step and the number, and a line
is read before it goes on.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from resources.database.engine import Database, sqlite_url
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.model import Device, DeviceId
from resources.gpu.model import Attempt, Origin, Owner, RunId, Terms
from resources.gpu.policy.quota_model import Membership, QuotaRow, QuotaRows, project
from resources.gpu.service import GpuService
from resources.process import ProcessIdentity
from resources.terms import Actor

DEVICES = tuple(Device(DeviceId(f"cpu:{number}"), None, None) for number in range(2))
ACTOR = Actor("user:test")
DEAD = ProcessIdentity(2**22 + 1, 1.0)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
PREEMPTED = "it made room for another run"
STARTER = ProcessIdentity.current()
"""Whoever imports this, which outlives the children."""
GIVES_BACK = "give probe back"
"""It says first that its time is over, and releases it once nothing of it is left: a transaction for each."""


def service_of(url: str, after_s: float = 0.0) -> GpuService:
    """The real service on two devices, at a time of the test's."""
    now = NOW + timedelta(seconds=after_s)
    return GpuService(Database(url), inventory=lambda: one_node(DEVICES), clock=lambda: now)


def _submit(name: str, text: str = "1", **terms: Any) -> Callable[[str], object]:
    def step(url: str) -> object:
        return service_of(url).submit(
            RunId(name),
            text,
            owner=Owner("vision", "ann"),
            origin=Origin.QUEUE,
            instance="x",
            actor=ACTOR,
            terms=Terms(**terms),
        )

    return step


def _decide(after_s: float = 0.0) -> Callable[[str], object]:
    return lambda url: service_of(url, after_s).decide_now(ACTOR)


STEPS: dict[str, Callable[[str], object]] = {
    "submit low": _submit("low", "2", preemptible=True),
    "grant low": _decide(),
    "claim low": lambda url: service_of(url).claim(RunId("low"), DEAD),
    "hold low": lambda url: service_of(url).set_holder(RunId("low"), Attempt(1), DEAD),
    "submit high": _submit("high", priority=5),
    "submit second": _submit("second", "0.5(vgpu)"),
    "stop low for high": _decide(4000),
    "ask low to stop": lambda url: service_of(url, 4001).ask_to_stop(RunId("low"), Attempt(1)),
    "put low back": lambda url: service_of(url, 4010).try_again(
        RunId("low"), Attempt(1), reason=PREEMPTED, actor=ACTOR
    ),
    "grant high and second": _decide(4011),
    "claim high": lambda url: service_of(url, 4012).claim(RunId("high"), DEAD),
    "release high": lambda url: service_of(url, 4013).release(
        RunId("high"), Attempt(1), reason="the run ended", actor=ACTOR
    ),
    "withdraw second": lambda url: service_of(url, 4014).withdraw(
        RunId("second"), reason="cancelled", actor=ACTOR
    ),
    "grant low again": _decide(4015),
    "claim low again": lambda url: service_of(url, 4016).claim(RunId("low"), DEAD),
    "drain a device": lambda url: service_of(url, 4017).drain("cpu:1", evict=True, actor=ACTOR),
    "stop low for the drain": _decide(8000),
    "put low back for the drain": lambda url: service_of(url, 8010).try_again(
        RunId("low"), Attempt(2), reason=PREEMPTED, actor=ACTOR
    ),
    "undrain it": lambda url: service_of(url, 8011).undrain("cpu:1", ACTOR),
    "withdraw low": lambda url: service_of(url, 8012).withdraw(RunId("low"), reason="cancelled", actor=ACTOR),
    "allocate probe": lambda url: service_of(url, 8013).allocate(
        "probe", "1", for_s=3600, owner=Owner("vision", "ann"), actor=ACTOR, holder=STARTER
    ),
    "grant probe": _decide(8014),
    "claim probe": lambda url: service_of(url, 8015).claim(RunId("lease:probe"), STARTER),
    "renew probe": lambda url: service_of(url, 8016).renew(
        "probe", for_s=7200, owner=Owner("vision", "ann"), actor=ACTOR
    ),
    "reserve demo": lambda url: service_of(url, 8017).reserve(
        "demo", "2", project="speech", starts_at=NOW + timedelta(days=1), for_s=3600, actor=ACTOR
    ),
    "cancel demo": lambda url: service_of(url, 8018).cancel_reservation("demo", ACTOR),
    "set quotas": lambda url: service_of(url, 8019).set_quotas(
        QuotaRows((Membership(project("vision")),), (QuotaRow(project("vision"), nominal=1000),)), ACTOR
    ),
    GIVES_BACK: lambda url: service_of(url, 8020).give_back("probe", ACTOR, user="ann"),
}


def main(url: str, each: int) -> None:
    """Walk through the steps; see above."""
    _import_all()
    for place, name in enumerate(STEPS):
        number = place % each
        while True:
            child = os.fork()
            if child == 0:
                _be_killed(lambda name=name: STEPS[name](url), number)  # type: ignore[misc]
            _, status = os.waitpid(child, 0)
            ended = os.WIFEXITED(status)
            code = os.waitstatus_to_exitcode(status)
            print("done" if ended else "killed", name, number, code, sep="|", flush=True)  # noqa: T201
            if sys.stdin.readline() != "on\n":
                return
            if ended:
                break
            number += each


def _import_all() -> None:
    """Walk through them here on a ledger of no use, so that no child has to import anything."""
    with TemporaryDirectory() as folder:
        spare = sqlite_url(Path(folder) / "spare.db")
        for step in STEPS.values():
            step(spare)
        Database(spare).close()


def _be_killed(step: Callable[[], object], at: int) -> None:
    """Do a step in a forked child; never returns."""
    left = at

    def count(*_given: object) -> None:
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    try:
        step()
    except BaseException as problem:  # noqa: BLE001 - the child must not go on as its parent
        print(f"error|{problem!r}".replace("\n", " "), file=sys.stderr, flush=True)  # noqa: T201
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
