"""The supervisor: one loop that looks after all parts until it is told to stop, then stops them in order."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from resources.clock import Clock, utc_now
from resources.errors import TrainplatError
from resources.home import Home
from resources.process import ProcessIdentity
from trainplat_cli.supervisor.child import Child
from trainplat_cli.supervisor.logs import rotate
from trainplat_cli.supervisor.marked import MARK_VARIABLE, end_marked, mark_of
from trainplat_cli.supervisor.model import Part, PartName, PartState, StackPhase, StackStatus, StopOrder
from trainplat_cli.supervisor.record import write_status
from trainplat_cli.supervisor.warden import FAREWELL
from trainplat_cli.supervisor.watcher import Report, Watcher

TICK_S = 0.1
ROTATION_PAUSE_S = 5.0
STOP_GRACE_S = 20.0
"""How long the parts may take to end by themselves. Dagster's daemon waits for what it is doing."""

logger = logging.getLogger(__name__)


class Supervisor:
    """Looks after the parts of one home. The caller holds the home's lock and the ports."""

    def __init__(
        self,
        home: Home,
        generation: str,
        *,
        report: Report = lambda _status: None,
        stop_runs: Callable[[Home], object] = lambda _home: None,
        clock: Clock = utc_now,
    ) -> None:
        self.home = home
        self.generation = generation
        self._report = Watcher(report)
        self._stop_runs = stop_runs
        self._children: list[Child] = []
        self._warden: subprocess.Popen[bytes] | None = None
        self._status = StackStatus(ProcessIdentity.current(), generation, StackPhase.STARTING, clock())
        self._is_written = False
        self._rotated_at_s = time.monotonic()

    @property
    def mark(self) -> str:
        """The mark of this supervisor's processes."""
        return mark_of(self.home.path, self.generation)

    def process_of(self, name: PartName) -> ProcessIdentity | None:
        """The process of a part, now."""
        return next((child.status.process for child in self._children if child.part.name is name), None)

    def run(self, parts: Sequence[Part], stop: threading.Event, hurry: threading.Event) -> None:
        """Start the parts and look after them until ``stop`` is set; ``hurry`` stops without waiting.

        Whatever happens in between, no process of this supervisor is left when it returns.
        """
        with ThreadPoolExecutor(len(parts), thread_name_prefix="probe") as executor:
            self._children = [Child(part, self.home.logs / f"{part.name}.log", executor) for part in parts]
            try:
                while not stop.wait(TICK_S):
                    self._tick()
                self._stop(hurry)
            finally:
                for child in self._children:
                    child.kill()
                self._dismiss_warden()
                end_marked(self.home.path, self.generation, grace_s=0)

    def _tick(self) -> None:
        self._keep_warden()
        for child in self._children:
            child.tick(self._is_ready)
        phase = self._status.phase
        if phase is StackPhase.STARTING and all(child.was_ready for child in self._children):
            phase = StackPhase.RUNNING
        self._publish(phase)
        if time.monotonic() - self._rotated_at_s >= ROTATION_PAUSE_S:
            self._rotated_at_s = time.monotonic()
            for child in self._children:
                rotate(child.status.log)

    def _stop(self, hurry: threading.Event) -> None:
        self._publish(StackPhase.STOPPING)
        for order in StopOrder:
            self._stop_some([child for child in self._children if child.part.stop_order is order], hurry)
            if order is StopOrder.BEFORE_RUNS:
                self._put_runs_back()

    def _stop_some(self, children: Sequence[Child], hurry: threading.Event) -> None:
        for child in children:
            child.ask_to_end()
        deadline = time.monotonic() + STOP_GRACE_S
        left = list(children)
        while left and time.monotonic() < deadline and not hurry.wait(TICK_S):
            left = [child for child in left if not child.has_ended()]
            self._publish(StackPhase.STOPPING)
        for child in left:
            child.kill()
        self._publish(StackPhase.STOPPING)

    def _put_runs_back(self) -> None:
        try:
            self._stop_runs(self.home)
        except Exception:
            # A training that cannot be put back goes on, and is taken up at the next start.
            logger.exception("running trainings could not be put back in the queue")

    def _is_ready(self, name: PartName) -> bool:
        return any(
            child.part.name is name and child.status.state is PartState.READY for child in self._children
        )

    def _publish(self, phase: StackPhase) -> None:
        status = replace(self._status, phase=phase, parts=tuple(child.status for child in self._children))
        is_news = status != self._status
        if self._is_written and not is_news:
            return
        self._status = status
        self._write(is_news=is_news)
        if is_news:
            self._report(status)

    def _write(self, *, is_news: bool) -> None:
        """Write the status down; what could not be written is tried again at each tick."""
        try:
            write_status(self.home, self._status)
        except (TrainplatError, OSError) as problem:
            self._is_written = False
            if is_news:
                logger.warning("the status of the stack was not written: %s", problem)
        else:
            self._is_written = True

    def _keep_warden(self) -> None:
        if self._warden is not None and self._warden.poll() is None:
            return
        environment = {**self._environment_of_warden(), MARK_VARIABLE: self.mark}
        self._warden = subprocess.Popen(
            [sys.executable, "-m", "trainplat_cli.supervisor.warden", str(self.home.path), self.generation],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _environment_of_warden(self) -> dict[str, str]:
        return dict(self._children[0].part.environment)

    def _dismiss_warden(self) -> None:
        if self._warden is None or self._warden.stdin is None:
            return
        try:
            self._warden.stdin.write(FAREWELL)
            self._warden.stdin.close()
            self._warden.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            self._warden.kill()
            self._warden.wait()
