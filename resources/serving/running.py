"""The server of a home: which process it is, where it listens, and how one is begun."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from resources.errors import Conflict, NotFound, Unavailable
from resources.files import write_atomically
from resources.gpu.environment import without_lease
from resources.home import Home
from resources.process import ProcessIdentity

START_S = 60.0
END_S = 60.0
"""How long it may answer what it was asked before."""
LOOK_S = 0.1
CONNECT_S = 5.0


@dataclass(frozen=True)
class Record:
    """A server that runs."""

    address: str
    process: ProcessIdentity


def running(home: Home) -> Record | None:
    """The server of a home that runs now, or None."""
    path = home.run / "serving.json"
    try:
        told = json.loads(path.read_text())
        record = Record(told["address"], ProcessIdentity(**told["process"]))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):
        return None  # not written by a server: the next one to start writes it anew
    return record if record.process.is_alive() else None


@contextmanager
def recorded(home: Home, address: str) -> Iterator[None]:
    """Be the server of the home. Raises :class:`Conflict` where another one is."""
    home.run.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home.run / "serving.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as problem:
        other = running(home)
        where = f" at {other.address}, process {other.process.pid}" if other else ""
        raise Conflict(
            f"a server of the home {home.path} runs already{where}",
            "Ask that one, or end it with `trainplat model stop --server`.",
        ) from problem
    path = home.run / "serving.json"
    try:
        me = ProcessIdentity.current()
        write_atomically(path, json.dumps({"address": address, "process": asdict(me)}).encode())
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()


def begin(home: Home, *, leave_after_s: float) -> Record:
    """The server of a home; one is begun where none runs, which leaves when nobody asked for so long.

    One that is leaving is waited for. Raises :class:`Unavailable` where none starts.
    """
    deadline = time.monotonic() + END_S
    while (there := running(home)) is not None:
        if _takes_connections(there):
            return there
        if time.monotonic() > deadline:
            raise Unavailable(
                f"the model server at {there.address}, process {there.process.pid}, takes no requests",
                f"See its log: {home.logs / 'serving.log'}; kill {there.process.pid} ends it at once.",
            )
        time.sleep(LOOK_S)
    log = home.logs / "serving.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "resources.serving.server", "--port", "0"]
    with log.open("ab") as output:
        started = subprocess.Popen(
            [*command, "--leave-after-s", str(leave_after_s)],
            env=without_lease(os.environ) | {"TRAINPLAT_HOME": str(home.path)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # It outlives this process; where this one outlives it, somebody has to take note of its end.
    threading.Thread(target=started.wait, daemon=True).start()
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        found = running(home)  # perhaps that of somebody who was faster
        if found is not None:
            return found
        if started.returncode is not None and running(home) is None:
            break
        time.sleep(LOOK_S)
    raise Unavailable("the model server did not start", f"See its log: {log}")


def _takes_connections(record: Record) -> bool:
    """Whether it listens: it does before it is recorded, and no more once it is to leave."""
    where = urlsplit(record.address)
    try:
        socket.create_connection((where.hostname, where.port), timeout=CONNECT_S).close()
    except OSError:
        return False
    return True


def end(home: Home) -> Record:
    """End the server of a home; it answers first what it was asked.

    Raises :class:`NotFound` where none runs, and :class:`Unavailable` for one that goes on.
    """
    found = running(home)
    if found is None:
        raise NotFound(f"no model server runs on the home {home.path}", "Nothing is to be done.")
    with suppress(ProcessLookupError):
        os.kill(found.process.pid, signal.SIGTERM)
    deadline = time.monotonic() + END_S
    while found.process.is_alive():
        if time.monotonic() > deadline:
            raise Unavailable(
                f"the model server, process {found.process.pid}, still answers after {END_S:g} s",
                f"See its log: {home.logs / 'serving.log'}",
            )
        time.sleep(LOOK_S)
    return found
