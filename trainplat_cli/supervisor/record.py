"""What the supervisor writes down for others: its status, the addresses, and that it is the only one."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from resources.errors import Conflict
from resources.files import write_atomically
from resources.home import Addresses, Home
from resources.process import ProcessIdentity
from trainplat_cli.supervisor.detail import Detail
from trainplat_cli.supervisor.model import PartName, PartState, PartStatus, StackPhase, StackStatus
from trainplat_cli.texts import _

PATIENCE_S = 5.0
LOOK_PAUSE_S = 0.05


def status_file(home: Home) -> Path:
    """Where the status of the stack of ``home`` is written."""
    return home.run / "stack.json"


def write_status(home: Home, status: StackStatus) -> None:
    """Write the status, all or nothing."""
    write_atomically(status_file(home), json.dumps(asdict(status), indent=1, default=_plain))


def read_status(home: Home) -> StackStatus | None:
    """The status as it was written last, by a supervisor that may be dead.

    None where none was written, and for one that another version of trainplat wrote in another form.
    """
    try:
        written = json.loads(status_file(home).read_text())
        return StackStatus(
            supervisor=ProcessIdentity(**written["supervisor"]),
            generation=written["generation"],
            phase=StackPhase(written["phase"]),
            started_at=datetime.fromisoformat(written["started_at"]),
            parts=tuple(_part(part) for part in written["parts"]),
        )
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return None


def read_running(home: Home) -> StackStatus | None:
    """The status of the stack of ``home`` when its supervisor lives; else None."""
    status = read_status(home)
    return status if status is not None and status.supervisor.is_alive() else None


def write_addresses(home: Home, addresses: Addresses) -> None:
    """Tell everybody who uses the home where the parts listen."""
    known = {part: address for part, address in asdict(addresses).items() if address is not None}
    write_atomically(home.addresses_file, json.dumps(known, indent=1))


def forget(home: Home) -> None:
    """Remove what is true only while a stack runs."""
    home.addresses_file.unlink(missing_ok=True)
    status_file(home).unlink(missing_ok=True)


@contextmanager
def only_supervisor(home: Home, *, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Be the only supervisor of ``home``. Raises Conflict when there is one; a kill gives the place free.

    ``patience_s`` is how long to wait for a lock whose holder is not known to live.
    """
    home.run.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(_lock_file(home), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + patience_s
        while not _lock(descriptor):
            holder = supervisor_of(home)
            # The threads of a process that was killed, which hold the lock, end a moment after it is dead.
            if holder is None and time.monotonic() < deadline:
                time.sleep(LOOK_PAUSE_S)
                continue
            who = _("process {pid}").format(pid=holder.pid) if holder else _("another process")
            raise Conflict(
                _("the stack of {home} runs already, under {who}").format(home=home.path, who=who),
                _("See it with `trainplat status`, or stop it with `trainplat down`."),
            )
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps(asdict(ProcessIdentity.current())).encode())
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def supervisor_of(home: Home) -> ProcessIdentity | None:
    """The living process that is the supervisor of ``home``; known before it has written any status."""
    try:
        holder = ProcessIdentity(**json.loads(_lock_file(home).read_text()))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return holder if holder.is_alive() else None


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_file(home: Home) -> Path:
    return home.run / "supervisor.lock"


def _part(written: dict[str, Any]) -> PartStatus:
    process = written["process"]
    return PartStatus(
        name=PartName(written["name"]),
        state=PartState(written["state"]),
        since=datetime.fromisoformat(written["since"]),
        log=Path(written["log"]),
        address=written["address"],
        process=None if process is None else ProcessIdentity(**process),
        restarts=written["restarts"],
        detail=Detail.read(written["detail"]),
    )


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
