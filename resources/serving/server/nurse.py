"""The server's side of the nursery: asks it for replicas, and starts another one when it is gone."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from resources.errors import Unavailable
from resources.serving.replicas.model import Loading

ANSWER_S = 60.0
"""How long the nursery may take to fork: its first answer waits until torch is loaded."""
MESSAGE_BYTES = 1 << 12


@dataclass(frozen=True)
class Born:
    """A replica's process, and our ends of what ties it to us."""

    pid: int
    link: socket.socket
    lifeline: int
    """Closed to let the replica end, whatever it is doing."""


class Nurse:
    """Gets replicas from a nursery. Used by one task at a time: others wait for their turn."""

    def __init__(self, log: Path) -> None:
        """What replicas print goes to ``log``."""
        self._log = log
        self._turn = asyncio.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        """The nursery's process; None before the first replica."""
        return None if self._process is None else self._process.pid

    async def replica(self, loading: Loading, environment: Mapping[str, str]) -> Born:
        """A process that loads a model now. Raises :class:`Unavailable` where none can be started."""
        async with self._turn:
            ours, theirs = socket.socketpair()
            lifeline_end, lifeline = os.pipe()
            told = {"loading": loading.to_json(), "environment": dict(environment)}
            asking = asyncio.ensure_future(
                self._ask(json.dumps(told).encode(), (theirs.fileno(), lifeline_end))
            )
            try:
                pid = await asyncio.shield(asking)
            except asyncio.CancelledError:
                ours.close()
                os.close(lifeline)  # it ends as soon as it is there
                await asyncio.wait([asking])  # or its answer would be taken for that of the next one
                raise
            except OSError as problem:
                ours.close()
                os.close(lifeline)
                self.close()
                raise Unavailable(
                    f"no process for a model could be started: {problem}",
                    f"See {self._log}; it is tried again.",
                ) from problem
            finally:
                theirs.close()
                os.close(lifeline_end)
            return Born(pid, ours, lifeline)

    def close(self) -> None:
        """Let the nursery end. Its replicas live on until they are let go."""
        if self._process is not None:
            self._process.kill()  # first: one that sees the end of its link takes its replicas along
            self._process.wait()
        if self._control is not None:
            self._control.close()
        self._process = self._control = None

    async def _ask(self, message: bytes, descriptors: tuple[int, int]) -> int:
        control = self._started()
        socket.send_fds(control, [message], descriptors)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(ANSWER_S):
            answer = await loop.sock_recv(control, MESSAGE_BYTES)
        if not answer:
            raise ConnectionError("the process that starts them has ended")
        return int(json.loads(answer)["pid"])

    def _started(self) -> socket.socket:
        if self._control is not None and self._process is not None and self._process.poll() is None:
            return self._control
        self.close()
        ours, theirs = socket.socketpair()
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with theirs, self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "resources.serving.replicas.nursery", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        ours.setblocking(False)
        self._control = ours
        return ours
