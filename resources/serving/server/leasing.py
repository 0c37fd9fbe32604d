"""Devices for replicas: a lease from the arbiter before one loads, given back when it ends.

While it waits it is a request of the server's process, so that a server that is killed leaves none in the
line; as soon as the replica's own process lives, its lease is that one's.
"""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from resources.gpu.enforcement.start import run_environment, start_mps
from resources.gpu.environment import THREADS_VARIABLE, torch_device
from resources.gpu.inventory.model import DeviceId
from resources.gpu.inventory.visible import visible_devices
from resources.gpu.model import Lease, LeaseState, Offer, Origin, Owner, RunId
from resources.gpu.service import GpuService
from resources.home import Home
from resources.process import ProcessIdentity
from resources.serving.server.claims import Claim
from resources.serving.server.replica import Replica
from resources.serving.server.target import Target
from resources.terms import Actor
from resources.users import current_user

INSTANCE = "serving"
NO_DEVICE = visible_devices(())
"""The environment of a replica that has no lease: no accelerator of the machine is its."""
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
        return torch_device(self.lease.devices)

    @property
    def threads(self) -> int:
        """How many the lease is worth."""
        return int(self.environment.get(THREADS_VARIABLE, "1"))


class NotWanted(asyncio.CancelledError):
    """A replica is not wanted any more while it waits: its start ends, and is no failure."""


@dataclass(frozen=True)
class InUse:
    """A replica and the lease that it works under."""

    target: Target
    held: Held
    replica: Replica


class Leasing:
    """The leases of one server's replicas. The database is asked by a thread, one thing after the other."""

    def __init__(self, home: Home, actor: Actor) -> None:
        self._home, self._actor = home, actor
        self._thread = ThreadPoolExecutor(1, "leases")
        self._work: set[asyncio.Task[None]] = set()
        self.in_use: dict[RunId, InUse] = {}
        self._given_back: dict[RunId, int] = {}
        """Thousandths of devices."""

    async def take(self, claim: Claim, waits: Callable[[str], None], *, is_guaranteed: bool) -> Held:
        """Wait for devices; ``waits`` is told why, and nothing when they are there.

        ``waits`` may raise to leave the line. Raises as ``GpuService.submit`` does for a request that can
        never be met.
        """
        run_id = RunId(f"{secrets.token_hex(4)}-serving")
        me = ProcessIdentity.current()
        submit = partial(
            self._gpu().submit,
            run_id,
            claim.request,
            owner=Owner(claim.project, current_user()),
            origin=Origin.DIRECT,
            instance=INSTANCE,
            actor=self._actor,
            holder=me,
            terms=claim.terms(is_guaranteed=is_guaranteed),
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

    def hand_over(self, target: Target, held: Held, replica: Replica) -> None:
        """Let the lease be that of the replica's process."""
        self.in_use[held.lease.run_id] = InUse(target, held, replica)
        lease, process = held.lease, replica.process
        if process is not None:
            self._later(self._do(lambda: self._gpu().hand_over(lease.run_id, lease.attempt, process)))

    def give_back(self, held: Held, reason: str) -> None:
        """Give it back as soon as the process is dead; once, however often it is said."""
        if held.lease.run_id in self._given_back:
            return
        self._given_back[held.lease.run_id] = held.lease.request.units_milli
        used = self.in_use.pop(held.lease.run_id, None)
        self._later(self._give_back(held, None if used is None else used.replica.process, reason))

    async def offer(self, claim: Claim, count: int) -> Offer:
        """How many more replicas the arbiter would give now. Raises as ``GpuService.submit`` does."""
        owner, terms = Owner(claim.project, current_user()), claim.terms(is_guaranteed=False)
        return await self._do(lambda: self._gpu().offer(claim.request, owner=owner, terms=terms, count=count))

    async def utilisation(self) -> dict[DeviceId, float]:
        """How busy the accelerators are. Raises :class:`Unavailable` where they do not answer."""
        return await self._do(lambda: self._gpu().utilisation())

    def units_milli(self, claim: Claim) -> int:
        """Thousandths of devices that one replica takes up. Raises :class:`BadInput`."""
        return self._gpu().units_milli(claim.request)

    @property
    def coming_milli(self) -> int:
        """Thousandths of devices of replicas that have ended, whose leases are not given back yet."""
        return sum(self._given_back.values())

    def devices_of(self, replica: Replica) -> list[str]:
        """The devices that a replica holds, by the arbiter's names."""
        return [
            device
            for one in self.in_use.values()
            if one.replica is replica
            for device in one.held.lease.devices
        ]

    async def leases(self) -> dict[RunId, Lease]:
        """The live leases of this server's replicas as they are now, those on their way back too."""
        ours = {*self.in_use, *self._given_back}
        if not ours:
            return {}
        live = {one.run_id: one for one in await self._do(lambda: self._gpu().live_leases())}
        self._given_back = {one: milli for one, milli in self._given_back.items() if one in live}
        return {run_id: one for run_id, one in live.items() if run_id in ours}

    async def stop_asked(self, lease: Lease) -> None:
        """Say that a replica gives its lease back now: nobody else need ask its process."""
        await self._do(lambda: self._gpu().ask_to_stop(lease.run_id, lease.attempt))

    async def set_preemptible(self, lease: Lease, *, preemptible: bool) -> None:
        """Let a lease be one that is stopped for others, or one that is not."""
        await self._do(lambda: self._gpu().set_preemptible(lease, self._actor, preemptible=preemptible))

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
