"""Looking how busy the devices of a training are, while it runs."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from resources.clock import utc_now
from resources.errors import TrainplatError
from resources.gpu.inventory.discover import local_inventory
from resources.gpu.inventory.readings import read_devices
from resources.learning.distributed.launching import WORKER
from resources.learning.rounds.plan import WORKER as ROUND_WORKER
from resources.learning.trainings.model import TakenUp
from resources.learning.trainings.use import DeviceUse, Use, append_use

EACH_S = 5.0
WORKERS = {WORKER, ROUND_WORKER}
MIB = 1024 * 1024
CPU = "cpu"


@contextmanager
def watched_use(
    folder: Path, taken: TakenUp, each_s: float = EACH_S, *, is_own: bool = False
) -> Iterator[None]:
    """Put the use of its devices down, on a thread of its own, as long as the block lasts.

    ``is_own``: whether this very process trains, rather than others that it started.
    """
    over = threading.Event()
    looker = _Looker(taken, is_own=is_own)

    def look() -> None:
        looker.look()  # what is told next was spent since
        while not over.wait(each_s):
            devices = looker.look()
            if devices:
                append_use(folder, Use(utc_now(), devices))

    thread = threading.Thread(target=look, name="use of devices", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=2 * each_s)


class _Looker:
    """Looks again and again; CPU shares are those since the look before."""

    def __init__(self, taken: TakenUp, *, is_own: bool) -> None:
        self._taken, self._is_own = taken, is_own
        self._before: dict[int, tuple[float, float]] = {}

    def look(self) -> tuple[DeviceUse, ...]:
        return self._processes() if self._taken.torch_device == CPU else self._devices()

    def _devices(self) -> tuple[DeviceUse, ...]:
        try:
            readings = read_devices(local_inventory())
        except TrainplatError:  # a driver that does not answer is told on the page of the cluster
            return ()
        return tuple(
            DeviceUse(
                device=str(one.device),
                share=None if one.utilisation_pct is None else one.utilisation_pct / 100,
                memory_mib=one.memory_used_mib,
                power_w=one.power_w,
            )
            for one in readings.values()
            if _own_name(one.device) in {_own_name(held) for held in self._taken.devices}
        )

    def _processes(self) -> tuple[DeviceUse, ...]:
        now_s = time.monotonic()
        found: list[DeviceUse] = []
        for number, worker in sorted(self._trainers().items()):
            try:
                times, memory = worker.cpu_times(), worker.memory_info().rss
            except psutil.Error:
                continue
            spent_s = times.user + times.system
            before = self._before.get(worker.pid)
            self._before[worker.pid] = (now_s, spent_s)
            if before is None or now_s <= before[0]:
                continue
            share = (spent_s - before[1]) / (now_s - before[0]) / self._taken.threads
            found.append(DeviceUse(self._label(number), share, memory / MIB))
        return tuple(found)

    def _trainers(self) -> dict[int, psutil.Process]:
        return {0: psutil.Process()} if self._is_own else _workers()

    def _label(self, number: int) -> str:
        devices = self._taken.devices
        if len(devices) == self._taken.processes:
            return devices[number]
        return ",".join(devices) or f"process {number}"


def _own_name(device: str) -> str:
    """Its name on its own node."""
    return device.rpartition("/")[2]


def _workers() -> dict[int, psutil.Process]:
    """The processes that train for this one, by their number."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.Process().children(recursive=True):
        try:
            words = process.cmdline()
            if not WORKERS.isdisjoint(words) and "--standalone" not in words:
                found[int(process.environ()["RANK"])] = process
        except (psutil.Error, KeyError, ValueError):
            continue
    return found
