"""The notebook service: a lease, a JupyterLab that lives as long as it is used, and the lease given back."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from resources.clock import Clock, utc_now
from resources.errors import Conflict, Denied, NotFound, Unavailable
from resources.gpu.enforcement.start import run_environment, start_mps
from resources.gpu.environment import lease_mark
from resources.gpu.model import Lease, LeaseState, Origin, RunId, WaitingRequest
from resources.gpu.service import GpuService
from resources.home import Home
from resources.notebooks import server as jupyter
from resources.notebooks import store
from resources.notebooks.model import Notebook, Wanted, new_id
from resources.process import ProcessIdentity
from resources.terms import Actor

WAIT_S = 1.0
LOOK_S = 5.0
"""How often somebody looks whether it is still used."""
INSTANCE = "notebooks"
IDLE, OVER, ENDED = "nobody worked in it", "its time is over", "it was closed"
STOPPED = "the arbiter stopped it"


@dataclass(frozen=True)
class Told:
    """Who is told what happens."""

    waits: Callable[[str], None]
    """Why it waits, each time that this changes."""
    opened: Callable[[Notebook], None]


class NotebookService:
    """Notebooks of one home."""

    def __init__(
        self,
        home: Home,
        gpu: GpuService,
        *,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``clock`` tells moments to people; time passes by ``monotonic``, which nobody sets."""
        self._home = home
        self._gpu = gpu
        self._clock = clock
        self._monotonic = monotonic

    def running(self) -> list[Notebook]:
        """Those that run, the oldest first."""
        return store.read(self._home)

    def waiting(self) -> list[WaitingRequest]:
        """Those that wait for their devices, the oldest first."""
        return [one for one in self._gpu.waiting() if one.instance == INSTANCE]

    def stop(self, beginning: str, *, user: str, is_operator: bool = False) -> RunId:
        """Close a notebook by its id or the beginning of one; who keeps it gives its lease back.

        Only its ``user`` or an operator may. Raises NotFound where none runs or waits that is called so,
        Conflict where several do, and Denied.
        """
        known = {one.id: (one.owner, one.server) for one in self.running()}
        known |= {one.run_id: (one.owner, one.holder) for one in self.waiting() if one.holder is not None}
        found = [one for one in known if one.startswith(beginning)]
        if not found:
            raise NotFound(
                f"no notebook has an id that begins with {beginning!r}; there are: "
                + (", ".join(known) or "none"),
                "`trainplat notebook --list` shows those that run.",
            )
        if len(found) > 1:
            raise Conflict(
                f"several notebooks have an id that begins with {beginning!r}: {', '.join(found)}",
                "Give more of the id.",
            )
        owner, process = known[found[0]]
        if user != owner.user and not is_operator:
            raise Denied(
                f"notebook {found[0]} is of {owner.user} in project {owner.project}; you are {user}",
                f"Ask {owner.user}, or whoever runs the platform, to close it.",
            )
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
        return found[0]

    def keep(self, wanted: Wanted, told: Told) -> str:
        """Wait for a lease, open a notebook under it, and keep it until it is closed, idle, over or stopped.

        Returns why it ended. However this process ends, the server ends with it; the lease is that of the
        server's process, so the devices come back when that one and its kernels are dead. Raises as
        ``GpuService.submit`` does, and Unavailable where JupyterLab does not start.
        """
        actor, me = Actor(f"user:{wanted.owner.user}"), ProcessIdentity.current()
        lease_id = new_id()
        self._gpu.submit(
            lease_id,
            wanted.request,
            owner=wanted.owner,
            origin=Origin.DIRECT,
            instance=INSTANCE,
            actor=actor,
            holder=me,
            terms=replace(wanted.terms, preemptible=False, max_runtime_s=float(wanted.for_s)),
        )
        lease, reason = None, "it could not be opened"
        try:
            lease = self._wait(lease_id, me, actor, told)
            reason = self._open(wanted, lease, told)
        except (KeyboardInterrupt, SystemExit):
            reason = ENDED
            raise
        finally:
            store.forget(self._home, lease_id)
            if lease is None:
                self._gpu.withdraw(lease_id, reason="its user waits no longer", actor=actor)
            else:
                self._gpu.end(lease, reason=f"the notebook ended: {reason}", actor=actor)
        return reason

    def _wait(self, lease_id: RunId, me: ProcessIdentity, actor: Actor, told: Told) -> Lease:
        said: str | None = None
        while True:
            self._gpu.free_dead_holders(actor)
            self._gpu.decide_now(actor)
            lease = self._gpu.claim(lease_id, me)
            if lease is not None:
                return lease
            asked = self._gpu.newest_request(lease_id)
            if asked is not None and asked.reason is not None and asked.reason != said:
                said = asked.reason
                told.waits(said)
            time.sleep(WAIT_S)

    def _open(self, wanted: Wanted, lease: Lease, told: Told) -> str:
        folder = self._home.work / wanted.owner.user
        log = self._home.logs / "notebooks" / f"{lease.run_id}.log"
        start_mps(self._home, self._gpu.fractions)
        environment = run_environment(lease, self._gpu.devices(), self._home)
        server = jupyter.start(lease_mark(lease), folder, log, environment)
        try:
            self._gpu.hand_over(lease.run_id, lease.attempt, server.identity)
            server.wait_until_ready()
            now = self._clock()
            notebook = Notebook(
                id=lease.run_id,
                owner=wanted.owner,
                request=wanted.request,
                devices=lease.devices,
                folder=str(folder),
                address=server.address,
                opened_at=now,
                until=now + timedelta(seconds=wanted.for_s),
                idle_s=wanted.idle_s,
                server=server.identity,
            )
            store.write(self._home, notebook)
            told.opened(notebook)
            return self._watch(notebook, server, lease)
        finally:
            server.end()

    def _watch(self, notebook: Notebook, server: jupyter.Server, lease: Lease) -> str:
        opened_s = last_s = self._monotonic()
        last = notebook.opened_at
        look_s = min(LOOK_S, notebook.idle_s / 4)
        for_s = (notebook.until - notebook.opened_at).total_seconds()
        while not server.has_ended():
            with suppress(Unavailable):  # one that computes in its own process answers later
                work = server.work()
                if work.busy or work.last != last:  # Jupyter's moments are of a clock that somebody may set
                    last, last_s = work.last, self._monotonic()
            if self._is_stopped(lease):
                return STOPPED
            now_s = self._monotonic()
            if why := over(now_s - opened_s, now_s - last_s, for_s=for_s, idle_s=notebook.idle_s):
                return why
            time.sleep(look_s)
        return STOPPED if self._is_stopped(lease) else ENDED

    def _is_stopped(self, lease: Lease) -> bool:
        """Whether its lease makes room, or is none any more: nobody else ends a notebook."""
        try:
            newest = self._gpu.newest_lease(lease.run_id)
        except Unavailable:
            return False  # the database is away for a moment
        lives = newest is not None and newest.state is LeaseState.CLAIMED
        return not lives or (newest is not None and newest.stop_for is not None)


def over(open_s: float, still_s: float, *, for_s: float, idle_s: float) -> str | None:
    """Why one that is open for ``open_s``, and in which nothing happened for ``still_s``, is given back.

    None: not yet. All in seconds.
    """
    if open_s >= for_s:
        return OVER
    return IDLE if still_s >= idle_s else None
