"""One JupyterLab: started on loopback with a token of its own, asked what goes on in it, and ended."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from resources.errors import Unavailable
from resources.lifeline import die_with
from resources.notebooks.model import Work
from resources.ports import LOOPBACK, free_port
from resources.process import Mark, ProcessIdentity, end_group, kill_carriers

READY_TIMEOUT_S = 120.0
LOOK_S = 0.3
END_GRACE_S = 10.0
ASK_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Server:
    """A JupyterLab that was started here."""

    process: "subprocess.Popen[bytes]"
    identity: ProcessIdentity
    port: int
    token: str
    mark: Mark
    """What its kernels and terminals carry."""
    log: Path

    @property
    def address(self) -> str:
        """Where it opens, with its token."""
        return f"http://{LOOPBACK}:{self.port}/lab?token={self.token}"

    def has_ended(self) -> bool:
        """Whether its process is over."""
        return self.process.poll() is not None

    def wait_until_ready(self) -> None:
        """Wait until it answers. Raises Unavailable where it ends before, or takes too long."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline and not self.has_ended():
            try:
                self._ask("/api/status")
            except Unavailable:
                time.sleep(LOOK_S)
            else:
                return
        raise Unavailable(
            f"JupyterLab {'ended' if self.has_ended() else f'did not answer within {READY_TIMEOUT_S:g} s'}",
            f"See its log: {self.log}",
        )

    def work(self) -> Work:
        """What its kernels and terminals do. Raises Unavailable where it does not answer."""
        kernels, terminals = self._ask("/api/kernels"), self._ask("/api/terminals")
        moments = [datetime.fromisoformat(one["last_activity"]) for one in (*kernels, *terminals)]
        started = datetime.fromisoformat(self._ask("/api/status")["started"])
        return Work(any(one["execution_state"] == "busy" for one in kernels), max([started, *moments]))

    def end(self) -> bool:
        """End it with its kernels and terminals, which have process groups of their own.

        Returns whether all of them are gone; one that hangs in the kernel is not.
        """
        end_group(self.identity.pid, grace_s=END_GRACE_S)
        self.process.wait()
        return kill_carriers(self.mark)

    def _ask(self, path: str) -> Any:
        import httpx

        try:
            answer = httpx.get(
                f"http://{LOOPBACK}:{self.port}{path}",
                headers={"Authorization": f"token {self.token}"},
                timeout=ASK_TIMEOUT_S,
                trust_env=False,
            )
            return answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as problem:
            raise Unavailable(
                f"JupyterLab on port {self.port} does not answer: {problem}", f"See its log: {self.log}"
            ) from problem


def start(mark: Mark, folder: Path, log: Path, environment: Mapping[str, str]) -> Server:
    """Start JupyterLab in ``folder``. It ends when the process that starts it does, however that ends."""
    folder.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    port, token, parent = free_port(), secrets.token_urlsafe(24), os.getpid()
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser"),
        *(f"--ServerApp.ip={LOOPBACK}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        f"--ServerApp.root_dir={folder}",
        # Nobody is told about us.
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
        "--LabApp.news_url=None",
        *(["--allow-root"] if os.geteuid() == 0 else []),
    ]
    programs = str(Path(sys.executable).parent)
    told = {
        "JUPYTER_TOKEN": token,  # on the command line everybody on the machine could read it
        "PATH": os.pathsep.join((programs, os.environ.get("PATH", os.defpath))),
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment, **told},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # Jupyter ends its kernels and itself when it is told so.
            preexec_fn=lambda: die_with(parent),  # noqa: PLW1509
        )
    identity = ProcessIdentity.of(process.pid)
    if identity is None:
        raise Unavailable("JupyterLab could not be started", f"See its log: {log}")
    return Server(process, identity, port, token, mark, log)
