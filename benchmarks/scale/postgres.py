"""A PostgreSQL server for a measurement: its own folder, its own socket, and all its promises on."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

READY_TIMEOUT_S = 60.0


def programs() -> Path | None:
    """The folder of ``initdb`` and ``postgres``, the newest where there are several; None: not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(on_path).parent if on_path else None


@contextmanager
def server(where: Path) -> Iterator[str]:
    """The URL of an empty database; the server ends with the context. ``where``: its programs."""
    folder = Path(tempfile.mkdtemp(prefix="trainplat-bench-pg-"))
    user = _not_root()
    if user:
        os.chown(folder, user["user"], user["group"])
    made = ["-D", f"{folder}/data", "-U", "trainplat", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust"]
    process = None
    try:
        subprocess.run([where / "initdb", *made], check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [where / "postgres", "-D", folder / "data", "-c", "listen_addresses=", "-k", folder],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **user,
            )
        url = f"postgresql://trainplat@/postgres?host={folder}"
        _wait_for(url)
        yield url
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)  # fast: without waiting for clients that are still connected
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(url: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    until_s = time.monotonic() + READY_TIMEOUT_S
    while True:
        try:
            with engine.connect():
                return
        except OperationalError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.05)


def _not_root() -> dict[str, Any]:
    """Another user than root, which PostgreSQL refuses to run as."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    found = names.get("postgres") or names["nobody"]
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
