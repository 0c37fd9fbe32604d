"""The watch over the runs of this machine: it looks every 3 s, and does what the rules of overuse say.

One watch looks at a time for each home: the launcher's process has a thread for it from its first run on, and
each tick of the arbiter's sensor looks where no such thread lives, as after a restart of the daemon.
"""

import logging
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from dagster import DagsterInstance
from filelock import FileLock, Timeout

from resources.clock import Clock, utc_now
from resources.errors import TrainplatError
from resources.gpu.enforcement.cgroup import NoGroups, names_of_groups, parent_of_groups
from resources.gpu.enforcement.limits import apply_limits, lift_limits, taken_by
from resources.gpu.enforcement.model import Action, Finding
from resources.gpu.enforcement.mps import Mps, program
from resources.gpu.enforcement.report import write_report
from resources.gpu.enforcement.rules import DEFAULT_PATIENCE, LOOK_EVERY_S, Patience
from resources.gpu.enforcement.usage import Reading
from resources.gpu.enforcement.watch import WatchState, watch_once
from resources.gpu.inventory.discover import local_inventory
from resources.gpu.inventory.readings import read_devices
from resources.gpu.inventory.xid import XidError, XidListener
from resources.gpu.model import Lease, LeaseState, Origin, RunId, run_of
from resources.gpu.service import GpuService
from resources.home import Home
from resources.terms import Actor

ACTOR = Actor("watch")
IDLE_LOOKS = 20
"""After so many looks at nothing the thread ends; the next run starts it again."""
STALE_AFTER_S = 30.0
MPS_PAUSE_S = 60.0
MPS_LONGEST_PAUSE_S = 900.0
"""How long after MPS did not start it is tried again: twice as long each time, up to this."""
_log = logging.getLogger(__name__)


@dataclass
class Watch:
    """Looks at the runs of one home, and keeps what the next look needs."""

    instance: DagsterInstance
    service: GpuService
    home: Home
    patience: Patience = DEFAULT_PATIENCE
    clock: Clock = utc_now
    state: WatchState = field(default_factory=WatchState)

    def look(self) -> tuple[Finding, ...]:
        """Look once and act. A driver that is silent hides the devices only."""
        if self._is_stale():
            self.state = WatchState(mps_failures=self.state.mps_failures, mps_again_s=self.state.mps_again_s)
        mps = Mps(self.home)
        self._keep_mps(mps)
        ours = frozenset(one.pid for one in mps.processes()) if mps.pipes.exists() else frozenset[int]()
        findings = watch_once(
            self.service,
            _readings,
            self.state,
            has_room=self.service.has_room,
            patience=self.patience,
            ours=ours,
        )
        for finding in findings:
            self._act(finding)
        self._remove_groups()
        with suppress(OSError):
            write_report(self.home, self.clock(), findings)
        return findings

    def _is_stale(self) -> bool:
        """Somebody else has looked meanwhile, or nobody: what was seen long ago says nothing of now."""
        seen_s = self.state.cpu.at_s
        return seen_s is not None and time.monotonic() - seen_s > STALE_AFTER_S

    def _keep_mps(self, mps: Mps) -> None:
        if program() is None:
            return
        if time.monotonic() < self.state.mps_again_s:
            return
        try:
            mps.keep(self.service.fractions)
        except TrainplatError:
            # Each try takes a while, in which nobody looks at the runs.
            self.state.mps_failures += 1
            pause_s = min(MPS_PAUSE_S * 2 ** (self.state.mps_failures - 1), MPS_LONGEST_PAUSE_S)
            self.state.mps_again_s = time.monotonic() + pause_s
            _log.warning(
                "fractions that are started now wait for MPS, which is tried again in %g s",
                pause_s,
                exc_info=True,
            )
        else:
            self.state.mps_failures = 0

    def _act(self, finding: Finding) -> None:
        if finding.run_id is None:
            if finding.action is Action.WARN:
                _log.warning("%s: %s", finding.rule, finding.reason.text)
            return
        said = f"{finding.rule}: {finding.reason.text}"
        match finding.action:
            case Action.WARN:
                self.service.note_overuse(finding)
                self._say(finding.run_id, said)
            case Action.CLEAR:
                self._say(finding.run_id, said)
            case Action.LEAVE:
                self._say(finding.run_id, f"{said} It goes on: that is its rule, or there is no room.")
            case Action.RESIZE:
                if self.service.resize(finding, ACTOR):
                    self._limit_anew(finding.run_id)
                    self._say(finding.run_id, f"{said} Its lease grows to that.")
            case Action.EVICT:
                if self.service.evict(finding, ACTOR):
                    self._say(finding.run_id, f"{said} It is stopped at a checkpoint.")

    def _limit_anew(self, run_id: RunId) -> None:
        lease = self.service.newest_lease(run_id)
        if lease is not None and lease.origin is Origin.QUEUE and lease.holder is not None:
            limit(lease, self.service.live_leases())

    def _say(self, run_id: RunId, text: str) -> None:
        run = self.instance.get_run_by_id(run_of(run_id))  # None: of another Dagster instance on this home
        if run is not None and not run.is_finished:
            self.instance.report_engine_event(text, run)

    def _remove_groups(self) -> None:
        """Of runs that have ended while nobody waited for them."""
        parent = parent_of_groups()
        if isinstance(parent, NoGroups):
            return
        live = {one.run_id for one in self.service.live_leases()}
        for name in names_of_groups(parent):
            if name not in live:
                lift_limits(RunId(name), groups=parent)


class WatchThread:
    """Looks every 3 s while there are runs, unless another process of this home does."""

    def __init__(self, watch: Watch, every_s: float = LOOK_EVERY_S) -> None:
        self._watch = watch
        self._every_s = every_s
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._xids = XidListener()
        self._untold: tuple[XidError, ...] = ()
        """Errors of cards that could not be noted yet."""

    def ensure(self) -> None:
        """Start it, if it does not run."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End it, after the look that is under way."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._look_until_idle()
        finally:
            self._xids.close()

    def _look_until_idle(self) -> None:
        idle = 0
        lock = lock_of(self._watch.home)
        while idle < IDLE_LOOKS and not self._stopped.is_set():
            try:
                with lock.acquire(timeout=0):
                    while idle < IDLE_LOOKS:
                        idle = 0 if self._look() else idle + 1
                        if self._stopped.wait(self._every_s):
                            return
            except Timeout:
                self._stopped.wait(self._every_s)
                idle += 1

    def _look(self) -> bool:
        """Whether there was anything to look at. Trouble ends no watch: the next look may be better."""
        try:
            self._untold += self._xids.read()
            self._watch.service.note_xids(self._untold, ACTOR)
            self._untold = ()
            return bool(self._watch.look())
        except Exception:  # noqa: BLE001 - whatever it is, runs are to be watched
            _log.warning("a look at the runs failed", exc_info=True)
            return True


def look_where_nobody_does(watch: Watch) -> tuple[Finding, ...]:
    """One look, unless a watch is under way in another process."""
    try:
        with lock_of(watch.home).acquire(timeout=0):
            return watch.look()
    except Timeout:
        return ()


def limit(lease: Lease, live: list[Lease]) -> str:
    """Keep the run of a lease within the CPUs and the main memory that it stated; says what cannot be.

    ``live`` are all leases: cores that others have are taken last.
    """
    terms, holder = lease.terms, lease.holder
    if holder is None:
        return ""
    others = [(_cores(one), one.terms.cpu_milli) for one in live if one.run_id != lease.run_id]
    in_force = apply_limits(
        holder,
        lease.run_id,
        cpu_milli=terms.cpu_milli or None,
        host_memory_mib=terms.host_memory_mib or None,
        taken_milli=taken_by((cores, milli) for cores, milli in others if cores and milli),
    )
    return in_force.reason


def lock_of(home: Home) -> FileLock:
    """Whoever holds it watches."""
    home.run.mkdir(parents=True, exist_ok=True)
    return FileLock(home.run / "watch.lock")


def _cores(lease: Lease) -> tuple[int, ...]:
    if lease.state is not LeaseState.CLAIMED or lease.holder is None or not lease.holder.is_alive():
        return ()
    with suppress(OSError, AttributeError):
        return tuple(sorted(os.sched_getaffinity(lease.holder.pid)))
    return ()


def _readings() -> tuple[Reading, ...]:
    try:
        return tuple(read_devices(local_inventory()).values())
    except TrainplatError:
        _log.warning("the devices cannot be looked at; CPUs and main memory are", exc_info=True)
        return ()
