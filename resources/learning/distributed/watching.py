"""Following a training while it runs: what it tells, whether it hangs, why it ended. No torch here."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from resources.errors import BadInput, NotFound, TrainplatError
from resources.learning.distributed.elastic import devices_of, fewer, on, usable
from resources.learning.distributed.endings import first_to_die, why_it_ended
from resources.learning.distributed.holding import held
from resources.learning.distributed.launching import Group, Launch
from resources.learning.distributed.logs import LogLine, Logs
from resources.learning.distributed.progress import (
    HEARTBEAT,
    PROGRESS,
    Ended,
    Event,
    Hung,
    Point,
    ProgressFile,
    Shrunk,
    read_progress,
    stacks_name,
    stands_still,
)
from resources.learning.distributed.refusals import refusal

STACKS_S = 2.0
"""How long a process has to write its stacks: those that hang for good write none in any time."""

STILL_TIMES = 3
"""So many times longer it may take where no step can be done: to measure, to write a checkpoint."""


@dataclass(frozen=True)
class Patience:
    """How long a training is waited for."""

    hang_s: float = 600.0
    """Without a step, a point or a checkpoint for so long it counts as hanging.

    While it is measured, or waits for a checkpoint to be written, it may take three times as long.
    """
    start_s: float = 1800.0
    """The same until the first step: processes find each other, a checkpoint is read, a model is compiled."""
    hangs: int = 2
    """How often it is started again after it hung."""
    grace_s: float = 120.0
    """Once asked to stop, it is killed after this."""
    look_s: float = 0.2


class Pulse:
    """Whether anything moved of late: that files changed at all, by a clock that nobody sets."""

    def __init__(self, folder: Path, now_s: float) -> None:
        self._files = (folder / HEARTBEAT, folder / PROGRESS)
        self._seen, self._moved_s = self._marks(), now_s

    def silent_s(self, now_s: float) -> float:
        """Since when nothing moved."""
        seen = self._marks()
        if seen != self._seen:
            self._seen, self._moved_s = seen, now_s
        return now_s - self._moved_s

    def _marks(self) -> list[int | None]:
        return [_changed_ns(one) for one in self._files]


def patience_s(patience: Patience, folder: Path, *, steps_begun: bool) -> float:
    """How long nothing may move now in a training that tells in ``folder``."""
    if not steps_begun:
        return patience.start_s
    return patience.hang_s * (STILL_TIMES if stands_still(folder) else 1)


def run(
    launch: Launch,
    *,
    patience: Patience | None = None,
    tell: Callable[[Event], None] = lambda _: None,
    log: Callable[[LogLine], None] = lambda _: None,
    is_to_stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Train to the end, from the last checkpoint if there is one; whether it is done, or was stopped.

    ``is_to_stop`` is asked often. ``tell`` gets each event as it comes, ``log`` each line that a process
    writes. Raises the error that a person needs where it cannot be done: a plan that cannot be, processes
    that died more often than ``launch.restarts``, a training that hung more often than ``patience.hangs``,
    another process that trains in the same folder.
    """
    with held(launch.folder):
        return _until_its_end(_Watch(launch, patience or Patience(), tell, log, is_to_stop))


def _until_its_end(watch: "_Watch") -> bool:
    hangs = 0
    while True:
        try:
            if watch.one_start():
                return watch.is_done
        except TrainplatError as problem:
            watch.go_on_after(problem)
            continue
        hangs += 1
        watch.tell_of_hang(goes_on=hangs <= watch.patience.hangs)
        if hangs > watch.patience.hangs:
            raise TrainplatError(
                f"the training hung {hangs} times, the last time for {watch.silent_s:.0f} s after step "
                f"{watch.step}",
                f"Look where it stood: {watch.folder / stacks_name(0)} and those beside it.",
            )


class _Watch:
    def __init__(
        self,
        launch: Launch,
        patience: Patience,
        tell: Callable[[Event], None],
        log: Callable[[LogLine], None],
        is_to_stop: Callable[[], bool],
    ) -> None:
        self.launch, self.patience = launch, patience
        self.folder = launch.folder
        self.step, self.is_done, self.silent_s = 0, False, 0.0
        self._steps_begun = False
        self._tell, self._log, self._is_to_stop = tell, log, is_to_stop
        self._read_to = _size(self.folder / PROGRESS)
        self._logs = Logs(self.folder)
        self._deaths: list[int | None] = []

    def one_start(self) -> bool:
        """Until it ended by itself or was stopped; False where it hung, and was killed."""
        self._steps_begun = False
        group = Group(self.launch)
        try:
            return self._follow(group)
        finally:
            group.kill()
            self._pass_on()

    def go_on_after(self, problem: TrainplatError) -> None:
        """Choose what it is started again with, where the plan allows fewer; else raise ``problem``."""
        if self.launch.plan.least_processes is None:
            raise problem
        self._deaths.append(first_to_die(self.folder))
        devices = devices_of(self.launch)
        found = fewer(self.launch.plan, devices, usable(self.launch), self._deaths)
        if found is None:
            if isinstance(problem, BadInput | NotFound) or len(self._deaths) > self.launch.restarts:
                raise problem
            return
        self._deaths.clear()
        told = Shrunk(self.step, len(found.devices), len(devices), found.why)
        ProgressFile(self.folder).tell(told)
        self._pass_on()
        self.launch = on(self.launch, found.devices)

    def tell_of_hang(self, *, goes_on: bool) -> None:
        """Put it down beside what the training tells: none of its processes lives to write there now."""
        stacks = tuple(sorted(one.name for one in self.folder.glob(stacks_name(0).replace("0", "*"))))
        ProgressFile(self.folder).tell(Hung(self.step, self.silent_s, stacks, goes_on))
        self._pass_on()

    def _follow(self, group: Group) -> bool:
        pulse, asked_s = Pulse(self.folder, time.monotonic()), None
        while group.exit_code is None:
            time.sleep(self.patience.look_s)
            self._pass_on()
            now_s = time.monotonic()
            problem = refusal(self.folder)
            if problem is not None:
                raise problem
            if asked_s is None and self._is_to_stop():
                group.ask_to_stop()
                asked_s = now_s
            if asked_s is not None and now_s - asked_s > self.patience.grace_s:
                return True
            # First how long it may be still: where it ends that in between, what it wrote then is a move.
            patient_s = patience_s(self.patience, self.folder, steps_begun=self._steps_begun)
            self.silent_s = pulse.silent_s(now_s)
            if self.silent_s > patient_s:
                group.ask_for_stacks()
                time.sleep(STACKS_S)
                return False
        self._pass_on()
        if group.exit_code != 0:
            raise refusal(self.folder) or why_it_ended(self.folder, self._restarts())
        return True

    def _restarts(self) -> int:
        """How often it was started again until it ended."""
        return len(self._deaths) if self.launch.plan.least_processes is not None else self.launch.restarts

    def _pass_on(self) -> None:
        for line in self._logs.new_lines():
            self._log(line)
        events, self._read_to = read_progress(self.folder, self._read_to)
        for event in events:
            if isinstance(event, Point):
                self.step, self._steps_begun = event.step, True
            if isinstance(event, Ended):
                self.is_done = event.done
            self._tell(event)


def _changed_ns(path: Path) -> int | None:
    """None where it is not there, or cannot be looked at: whoever watches goes on."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
