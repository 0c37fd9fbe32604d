"""One of many processes that use a ledger at once.

Its roles are threads: ``submit:25:4`` are 25 that submit four runs each, ``decide:2`` two that decide all the
time, ``work:3`` three that take up what was granted and give it back, ``stream:2`` two that submit until
the file :data:`ENOUGH` is there, and leave deciding to others. Roles are joined by commas. Whoever is
told by an error of ours what is wrong tries again; any other error is a problem.
"""

import json
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from resources.database.engine import Database
from resources.errors import TrainplatError
from resources.gpu.arbiter import Decided
from resources.gpu.duties import desk
from resources.gpu.duties.desk import Desk
from resources.gpu.inventory.discover import one_node
from resources.gpu.inventory.model import Device, DeviceId, Inventory
from resources.gpu.model import Attempt, LeaseState, Origin, Owner, RunId
from resources.gpu.service import GpuService
from resources.gpu.snapshot import Known
from resources.process import ProcessIdentity
from resources.terms import Actor

DEVICES = tuple(Device(DeviceId(f"cpu:{number}"), None, None) for number in range(8))
LEASE_S = 1.0
"""Of the role of the decider: so short that one that died is soon followed."""
PAUSE_S = 0.04
GIVES_UP_AFTER_S = 120.0
ENOUGH = "enough"
T = TypeVar("T")


class Mortal(GpuService):
    """Dies of ``kill -9`` between what it decided and what it writes, once its file is there."""

    dies_at: Path | None = None

    def _decide(
        self, connection: Connection, desk: Desk, inventory: Inventory, now: datetime
    ) -> tuple[Known, list[Decided]]:
        found = super()._decide(connection, desk, inventory, now)
        if found[1] and self.dies_at is not None and self.dies_at.exists():
            os.kill(os.getpid(), signal.SIGKILL)
        return found


class Rival:
    """Plays its roles until it is told to stop; what it was told stands in ``NAME.json`` then."""

    def __init__(self, url: str, folder: Path, name: str) -> None:
        self._name, self._folder = name, folder
        self._service = Mortal(Database(url), inventory=lambda: one_node(DEVICES))
        self._actor, self._me = Actor(f"user:{name}"), ProcessIdentity.current()
        self._over = threading.Event()
        self._told: Counter[str] = Counter()
        self._problems: list[str] = []

    def play(self, roles: str, stopped: int) -> int:
        """Returns 1 where something went wrong of which nobody was told in words."""
        if self._name.startswith("machine"):  # nobody on another machine can see that it is dead
            desk.LEASE_S = LEASE_S
            self._service.dies_at = self._folder / f"{self._name}.dies"
            socket.gethostname = lambda: self._name
        threads = [
            threading.Thread(target=self._safely, args=(getattr(self, f"_{role}"), number, *map(int, more)))
            for role, count, *more in (one.split(":") for one in roles.split(","))
            for number in range(int(count))
        ]
        for thread in threads:
            thread.start()
        os.read(stopped, 1)
        self._over.set()
        for thread in threads:
            thread.join()
        (self._folder / f"{self._name}.json").write_text(json.dumps([self._told, self._problems]))
        return int(bool(self._problems))

    def _safely(self, role: Callable[..., None], *arguments: int) -> None:
        try:
            role(*arguments)
        except BaseException as problem:  # noqa: BLE001 - it is told at the end
            self._problems.append(repr(problem))

    def _submit(self, number: int, runs: int) -> None:
        """Each run twice: the second time changes nothing."""
        for one in range(runs):
            run = RunId(f"{self._name}-{number}-{one}")
            for _ in range(2):
                self._insist(lambda run=run: self._ask(run))  # type: ignore[misc]
            self._insist(lambda: self._service.decide_now(self._actor))

    def _stream(self, number: int) -> None:
        one = 0
        while not self._over.is_set() and not (self._folder / ENOUGH).exists():
            run = RunId(f"{self._name}-{number}-{one}")
            self._insist(lambda run=run: self._ask(run))  # type: ignore[misc]
            self._over.wait(2 * PAUSE_S)
            one += 1

    def _ask(self, run: RunId) -> object:
        owner = Owner("vision", self._name)
        return self._service.submit(
            run, "1", owner=owner, origin=Origin.QUEUE, instance="x", actor=self._actor
        )

    def _decide(self, _: int) -> None:
        while not self._over.is_set():
            self._insist(lambda: self._service.decide_now(self._actor))
            self._over.wait(PAUSE_S)

    def _work(self, _: int) -> None:
        while not self._over.is_set():
            for lease in self._insist(self._service.live_leases):
                if lease.state is LeaseState.GRANTED:
                    self._take_up(lease.run_id, lease.attempt)
            self._over.wait(PAUSE_S)

    def _take_up(self, run: RunId, attempt: Attempt) -> None:
        """Who is not told whether its claim was written gives the lease back: else nobody would."""
        try:
            claimed = self._service.claim(run, self._me) is not None
        except TrainplatError as problem:
            self._told[type(problem).__name__] += 1
            claimed = True
        if claimed:
            self._insist(
                lambda: self._service.release(run, attempt, reason="the run ended", actor=self._actor)
            )

    def _insist(self, act: Callable[[], T]) -> T:
        until_s = time.monotonic() + GIVES_UP_AFTER_S
        while True:
            try:
                return act()
            except TrainplatError as problem:
                self._told[type(problem).__name__] += 1
                if time.monotonic() > until_s:
                    raise
                time.sleep(0.05)
