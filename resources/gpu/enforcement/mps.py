"""NVIDIA MPS for the fractions of this machine: one control daemon, started, watched and stopped.

MPS (Multi-Process Service) lets several processes compute on one GPU at a time. A process that is started
with the variables of :meth:`Mps.client_environment` can have no more device memory than its limit, and runs
on its share of the multiprocessors. From NVIDIA's manual (docs.nvidia.com/deploy/mps): limits hold from Volta
on; they are those of each process, so that a run of several is held by the watch (rule U2) besides; a fault
of one client can end the others on the same GPU; the clients are of one user.

The daemon has a folder for its pipes of its own, which is how it is known: it carries the folder's path in
its environment, and so does the server that it starts. What carries another path is somebody else's.
"""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

import psutil

from resources.errors import Unavailable
from resources.gpu.environment import without_lease
from resources.gpu.inventory.model import DeviceId
from resources.home import Home
from resources.process import SUPERVISED_VARIABLE, ProcessIdentity

PROGRAM = "nvidia-cuda-mps-control"
PIPES_VARIABLE = "CUDA_MPS_PIPE_DIRECTORY"
LOGS_VARIABLE = "CUDA_MPS_LOG_DIRECTORY"
SHARE_VARIABLE = "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE"
MEMORY_VARIABLE = "CUDA_MPS_PINNED_DEVICE_MEM_LIMIT"
CLIENT_VARIABLES = (PIPES_VARIABLE, LOGS_VARIABLE, SHARE_VARIABLE, MEMORY_VARIABLE)
"""What a client gets, and whoever is no client must not inherit."""
OWNER_VARIABLE = "TRAINPLAT_MPS"
"""Marks the daemon and its servers, with the folder of their pipes; clients do not carry it."""

LONGEST_SOCKET_PATH = 107
"""unix(7): 108 bytes with the one that ends it."""
_SOCKET = "control_privileged"
"""The longest of the names that the daemon gives its sockets."""
_PID_FILE = "nvidia-cuda-mps-control.pid"
START_WAIT_S = 20.0
ANSWER_WAIT_S = 10.0
QUIT_WAIT_S = 5
TERM_WAIT_S = 3.0


class Change(StrEnum):
    """What :meth:`Mps.keep` did."""

    NONE = "none"
    STARTED = "started"
    RESTARTED = "restarted"
    """It had died: fractions that ran then go on, or end, as their driver decides; new ones are served."""
    STOPPED = "stopped"


def program() -> str | None:
    """Where the program of the control daemon is; None where the driver's package did not bring it."""
    return shutil.which(PROGRAM)


def is_of_mps(pid: int) -> bool:
    """Whether a process is a control daemon of ours, or a server of one, of whatever home."""
    try:
        return OWNER_VARIABLE in psutil.Process(pid).environ()
    except (psutil.Error, OSError):
        return False


class Mps:
    """The control daemon of one home. Several may call at a time, from several processes."""

    def __init__(self, home: Home, served: Sequence[str] = ()) -> None:
        """``served``: the UUIDs of the devices that it serves, where not every device of the machine can be.

        They are counted by their places in it then; else the daemon counts as NVML does.
        """
        self._home = home
        self._served = tuple(served)
        self.pipes = _short_enough(home.run / "mps")
        self.logs = home.logs / "mps"

    def keep(self, fractions: Callable[[], int]) -> Change:
        """Make it so that the daemon lives while there are fractions, and not without any.

        Call it before a fraction is started, and in each pass. ``fractions`` counts them; before anything is
        ended it counts again while nobody else starts or ends the daemon, so that one that was granted
        meanwhile finds it. Raises :class:`Unavailable` where it does not start.
        """
        if fractions() <= 0:
            return Change.STOPPED if self.stop(unless=lambda: fractions() > 0) else Change.NONE
        if self.daemon() is not None:
            return Change.NONE
        with self._alone():
            if self.daemon() is not None or self._adopt() is not None:
                return Change.NONE
            died = (self.pipes / _PID_FILE).exists()
            self._start()
            return Change.RESTARTED if died else Change.STARTED

    def daemon(self) -> ProcessIdentity | None:
        """The living daemon, as its own file names it; None where that process is not ours."""
        try:
            pid = int((self.pipes / _PID_FILE).read_text())
        except (OSError, ValueError):
            return None
        found = ProcessIdentity.of(pid)
        ours = found is not None and found.is_alive() and self._owns(pid)
        return found if ours else None

    def answers(self) -> bool:
        """Whether the daemon takes commands."""
        return self._tell("get_server_list") is not None

    def processes(self) -> tuple[ProcessIdentity, ...]:
        """The daemon and its servers, those of a daemon that died too."""
        found = []
        for process in psutil.process_iter():
            identity = ProcessIdentity.of(process.pid)
            if identity is not None and identity.is_alive() and self._owns(process.pid):
                found.append(identity)
        return tuple(found)

    def stop(self, *, unless: Callable[[], bool] = lambda: False) -> bool:
        """End the daemon and its servers, and with them every client. Returns whether there were any.

        ``unless`` is asked while nobody else starts or ends the daemon: nothing is ended where it says so.
        """
        if not self.pipes.exists():
            return False
        with self._alone():
            if unless():
                return False
            there = self.processes()
            if self.daemon() is not None:
                self._tell(f"quit -t {QUIT_WAIT_S}", more_s=QUIT_WAIT_S)
            for sent, wait_s in ((signal.SIGTERM, TERM_WAIT_S), (signal.SIGKILL, 5.0)):
                if _ended(self.processes(), sent, wait_s):
                    break
            shutil.rmtree(self.pipes, ignore_errors=True)
            return bool(there)

    def client_environment(
        self, share_milli: int, memory_mib: int | None, devices: Sequence[DeviceId], uuids: Sequence[str] = ()
    ) -> dict[str, str]:
        """What a run of a fraction gets besides its devices: where the daemon is, and its limits.

        ``uuids`` are those of ``devices``, in their order; they are needed where the daemon does not serve
        every device, and name the run's devices to CUDA then. Raises ValueError for a device that is not
        served.
        """
        environment = {PIPES_VARIABLE: str(self.pipes), LOGS_VARIABLE: str(self.logs)}
        if not self._served:
            indexes = [int(device.split(":")[1]) for device in devices]
            return environment | client_environment(share_milli, memory_mib, indexes)
        unserved = sorted(set(uuids) - set(self._served))
        if unserved or len(uuids) != len(devices):
            raise ValueError(f"MPS does not serve {', '.join(unserved) or 'devices without UUIDs'}")
        environment["CUDA_VISIBLE_DEVICES"] = ",".join(uuids)
        indexes = [self._served.index(uuid) for uuid in uuids]
        return environment | client_environment(share_milli, memory_mib, indexes)

    def _start(self) -> None:
        found = program()
        if found is None:
            raise Unavailable(
                f"fractions of GPUs are to be limited with MPS, but {PROGRAM} is not installed",
                "Install the compute utilities of the NVIDIA driver, such as nvidia-compute-utils-580.",
            )
        self._make_folder()
        self.logs.mkdir(parents=True, exist_ok=True)
        try:
            told = subprocess.run(
                [found, "-d"],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                timeout=START_WAIT_S,
                text=True,
                check=False,
            ).stdout
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise self._unavailable(str(problem)) from problem
        deadline = time.monotonic() + START_WAIT_S
        while self.daemon() is None or not self.answers():
            if time.monotonic() > deadline:
                raise self._unavailable(told.strip() or "it takes no commands")
            time.sleep(0.05)

    def _adopt(self) -> ProcessIdentity | None:
        """The daemon that somebody has just started who was killed before it had written its file.

        One that never writes it is ended, so that another can be started.
        """
        deadline = time.monotonic() + START_WAIT_S
        while self._is_starting():
            daemon = self.daemon()
            if daemon is not None and self.answers():
                return daemon
            if time.monotonic() > deadline:
                _ended(self.processes(), signal.SIGKILL, 5.0)
                return None
            time.sleep(0.05)
        return None

    def _is_starting(self) -> bool:
        # One that forks into the background while the list is read is in none of its halves: read it twice.
        return self._is_listed() or self._is_listed()

    def _is_listed(self) -> bool:
        for one in self.processes():
            with suppress(psutil.Error):
                if any(Path(word).name == PROGRAM for word in psutil.Process(one.pid).cmdline()):
                    return True
        return False

    def _environment(self) -> dict[str, str]:
        left_out = "CUDA_", SUPERVISED_VARIABLE  # it serves runs, which outlive the stack
        environment = without_lease(os.environ)
        environment = {name: value for name, value in environment.items() if not name.startswith(left_out)}
        environment |= {
            PIPES_VARIABLE: str(self.pipes),
            LOGS_VARIABLE: str(self.logs),
            OWNER_VARIABLE: str(self.pipes),
            "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        }
        if self._served:
            environment["CUDA_VISIBLE_DEVICES"] = ",".join(self._served)
        return environment

    def _tell(self, command: str, *, more_s: float = 0.0) -> str | None:
        """What the daemon says to a command; None where it does not answer."""
        found = program()
        if found is None:
            return None
        try:
            told = subprocess.run(
                [found],
                env={name: value for name, value in self._environment().items() if name != OWNER_VARIABLE},
                input=f"{command}\n",
                capture_output=True,
                timeout=ANSWER_WAIT_S + more_s,
                text=True,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return told.stdout if told.returncode == 0 else None

    def _owns(self, pid: int) -> bool:
        try:
            return psutil.Process(pid).environ().get(OWNER_VARIABLE) == str(self.pipes)
        except (psutil.Error, OSError):
            return False

    def _make_folder(self) -> None:
        """The folder of the pipes, closed to others, without what a dead daemon left in it."""
        shutil.rmtree(self.pipes, ignore_errors=True)
        self.pipes.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.pipes.is_symlink() or self.pipes.stat().st_uid != os.geteuid():
            raise self._unavailable(f"{self.pipes} belongs to another user")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._home.run.mkdir(parents=True, exist_ok=True)
        with (self._home.run / "mps.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _unavailable(self, problem: str) -> Unavailable:
        return Unavailable(
            f"the control daemon of MPS does not start: {problem}",
            f"Look into {self.logs}/control.log. No fraction of a GPU is started meanwhile.",
        )


def client_environment(
    share_milli: int, memory_mib: int | None, device_indexes: Sequence[int]
) -> dict[str, str]:
    """The limits of one client of MPS: its share of the multiprocessors, and of memory on each device.

    ``device_indexes`` are those by which the daemon counts. MPS takes a whole number of hundredths; less than
    one becomes one. Raises ValueError for a share that is none.
    """
    if not 0 < share_milli <= 1000:
        raise ValueError(f"a share of {share_milli} thousandths; expected 1 to 1000")
    environment = {SHARE_VARIABLE: str(max(1, share_milli // 10))}
    if memory_mib is not None:
        # The manual says that devices are named as in CUDA_VISIBLE_DEVICES; container platforms name them by
        # the client's own count. Both are limited: the run sees no other device, and the limit is the same.
        indexes = sorted({*device_indexes, *range(len(device_indexes))})
        environment[MEMORY_VARIABLE] = ",".join(f"{index}={memory_mib}MB" for index in indexes)
    return environment


def _short_enough(folder: Path) -> Path:
    """``folder``, or one among the temporary files where the paths of its sockets would be too long."""
    if len(os.fsencode(folder / _SOCKET)) <= LONGEST_SOCKET_PATH:
        return folder
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"trainplat-mps-{os.geteuid()}-{name}"


def _ended(processes: Sequence[ProcessIdentity], sent: signal.Signals, wait_s: float) -> bool:
    for one in processes:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(one.pid, sent)
    deadline = time.monotonic() + wait_s
    while any(one.is_alive() for one in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
