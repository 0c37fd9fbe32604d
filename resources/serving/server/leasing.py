"""Devices for replicas: a lease from the arbiter before one loads, given back when it ends.

While it waits it is a request of the server's process, so that a server that is killed leaves none in the
line; when it runs its lease is that of the replica's own process.
"""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from resources.gpu.enforcement.start import run_environment, start_mps
from resources.gpu.environment import THREADS_VARIABLE
from resources.gpu.model import Lease, LeaseState, Origin, Owner, RunId
from resources.gpu.service import GpuService
from resources.home import Home
from resources.process import ProcessIdentity
from resources.terms import Actor
from resources.users import current_user

INSTANCE = "serving"
PROJECT = "default"
NO_DEVICE = "0"
WAIT_S = 0.5
DEATH_S = 5.0
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Held:
    """What a replica works with."""

    lease: Lease
    environment: dict[str, str]

    @property
    def device(self) -> str:
        """As torch calls it: the devices that the process sees begin with its own."""
        return "cuda" if any(one.startswith("cuda") for one in self.lease.devices) else "cpu"

    @property
    def threads(self) -> int:
        """How many the lease is worth."""
        return int(self.environment.get(THREADS_VARIABLE, "1"))


class Leasing:
    """The leases of one server's replicas. The database is asked by a thread, one thing after the other."""

    def __init__(self, home: Home, actor: Actor) -> None:
        self._home, self._actor = home, actor
        self._thread = ThreadPoolExecutor(1, "leases")
        self._work: set[asyncio.Task[None]] = set()
        self._given_back: set[RunId] = set()

    async def take(self, request: str, waits: Callable[[str], None]) -> Held:
        """Wait for devices; ``waits`` is told why, and nothing when they are there.

        Raises as ``GpuService.submit`` does for a request that can never be met.
        """
        run_id = RunId(f"{secrets.token_hex(4)}-serving")
        me = ProcessIdentity.current()
        submit = partial(
            self._gpu().submit,
            run_id,
            request,
            owner=Owner(PROJECT, current_user()),
            origin=Origin.DIRECT,
            instance=INSTANCE,
            actor=self._actor,
            holder=me,
        )
        try:
            await self._do(submit)
            while True:
                lease, reason = await self._do(lambda: self._look(run_id, me))
                if lease is not None:
                    environment = await self._do(partial(self._environment, lease))
                    waits("")
                    return Held(lease, environment)
                waits(reason)
                await asyncio.sleep(WAIT_S)
        except BaseException:
            waits("")
            self._later(self._do(lambda: self._leave(run_id)))
            raise

    async def hand_over(self, held: Held, replica: ProcessIdentity | None) -> None:
        """Let the lease be that of the replica's process."""
        if replica is not None:
            lease = held.lease
            await self._do(lambda: self._gpu().hand_over(lease.run_id, lease.attempt, replica))

    def give_back(self, held: Held, replica: ProcessIdentity | None, reason: str) -> None:
        """Give it back as soon as the process is dead; once, however often it is said."""
        if held.lease.run_id in self._given_back:
            return
        self._given_back.add(held.lease.run_id)
        self._later(self._give_back(held, replica, reason))

    async def close(self) -> None:
        """Finish what is under way."""
        await asyncio.gather(*self._work)
        self._thread.shutdown()

    async def _give_back(self, held: Held, replica: ProcessIdentity | None, reason: str) -> None:
        for _ in range(int(DEATH_S / 0.05)):
            if replica is None or not replica.is_alive():
                break
            await asyncio.sleep(0.05)
        await self._do(lambda: self._gpu().end(held.lease, reason=reason, actor=self._actor))

    def _look(self, run_id: RunId, me: ProcessIdentity) -> tuple[Lease | None, str]:
        gpu = self._gpu()
        gpu.free_dead_holders(self._actor)
        gpu.decide_now(self._actor)
        lease = gpu.claim(run_id, me)
        asked = gpu.newest_request(run_id)
        return lease, "" if asked is None or asked.reason is None else str(asked.reason)

    def _environment(self, lease: Lease) -> dict[str, str]:
        gpu = self._gpu()
        start_mps(self._home, gpu.fractions)
        return run_environment(lease, gpu.devices(), self._home)

    def _leave(self, run_id: RunId) -> None:
        """Out of the line; a lease that was taken up meanwhile is given back."""
        lease = self._gpu().newest_lease(run_id)
        if lease is not None and lease.state is LeaseState.CLAIMED:
            self._gpu().end(lease, reason="its model is not loaded any more", actor=self._actor)
        else:
            self._gpu().withdraw(run_id, reason="its model is not loaded any more", actor=self._actor)

    def _gpu(self) -> GpuService:
        return GpuService(self._home.database())

    async def _do(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _later(self, work: Any) -> None:
        async def done() -> None:
            await work

        task = asyncio.get_running_loop().create_task(done())
        self._work.add(task)
        task.add_done_callback(self._work.discard)
