"""Which ports the parts listen on: the configured one, else the usual one, else the next that is free."""

import os
import socket
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType

import psutil

from resources.errors import BadInput, Conflict, TrainplatError
from resources.ports import LOOPBACK
from resources.texts import mark
from trainplat_cli.supervisor.detail import Detail
from trainplat_cli.supervisor.model import PartName
from trainplat_cli.texts import _

USUAL_PORTS: Mapping[PartName, int] = {
    PartName.DAGSTER: 3000,
    PartName.CODE_SERVER: 4266,
    PartName.MLFLOW: 5000,
    PartName.LABEL_STUDIO: 8080,
    PartName.STREAMLIT: 8501,
    PartName.WEBHOOK: 8090,
    PartName.SERVING: 8600,
}
TRIED_PORTS = 200
"""How many ports, from the usual one up, are tried."""


def port_variable(part: PartName) -> str:
    """The environment variable that configures the port of ``part``."""
    return f"TRAINPLAT_{part.name}_PORT"


class Ports(AbstractContextManager["Ports"]):
    """The ports of one stack, kept from other stacks of this machine for as long as it is open.

    A part binds its port seconds after the port was chosen, and leaves it for a moment when it is restarted.
    Meanwhile the UDP port of the same number is held: nothing of ours uses UDP, a second supervisor that
    chooses at the same time sees it as taken, and a kill frees it.
    """

    def __init__(self) -> None:
        self.chosen: dict[PartName, int] = {}
        self._held: list[socket.socket] = []

    def choose(self, parts: Iterable[PartName] = USUAL_PORTS) -> "Ports":
        """Choose a port for each part. Raises BadInput for one that is configured badly, Conflict for a
        configured one that is taken; nothing is held then.
        """
        wanted = list(parts)
        try:
            for part in sorted(wanted, key=lambda part: configured_port(part) is None):
                port = configured_port(part)
                self.chosen[part] = self._free(part) if port is None else self._configured(part, port)
        except TrainplatError:
            self.close()
            raise
        return self

    def close(self) -> None:
        """Leave the ports to others."""
        while self._held:
            self._held.pop().close()
        self.chosen.clear()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the ports to others."""
        self.close()

    def _configured(self, part: PartName, port: int) -> int:
        for other, taken in self.chosen.items():
            if taken == port:
                raise Conflict(
                    _("{variable} and {other} both say {port}").format(
                        variable=port_variable(part), other=port_variable(other), port=port
                    ),
                    _("Give each part a port of its own."),
                )
        if not _is_free(port) or not self._hold(port):
            raise Conflict(
                _("port {port}, which {variable} configures for {part}, is taken by {holder}").format(
                    port=port, variable=port_variable(part), part=part, holder=holder_of(port).shown()
                ),
                _(
                    "Stop that program, set {variable} to another port, or unset it to take a free one."
                ).format(variable=port_variable(part)),
            )
        return port

    def _free(self, part: PartName) -> int:
        usual = USUAL_PORTS[part]
        others = {port for other, port in USUAL_PORTS.items() if other is not part}
        for port in range(usual, usual + TRIED_PORTS):
            if (
                port not in others
                and port not in self.chosen.values()
                and _is_free(port)
                and self._hold(port)
            ):
                return port
        raise Conflict(
            _("no port from {first} to {last} is free for {part}").format(
                first=usual, last=usual + TRIED_PORTS - 1, part=part
            ),
            _("Set {variable} to a port that is free.").format(variable=port_variable(part)),
        )

    def _hold(self, port: int) -> bool:
        holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            holder.bind((LOOPBACK, port))
        except OSError:
            holder.close()
            return False
        self._held.append(holder)
        return True


def configured_port(part: PartName) -> int | None:
    """The port that the environment configures for ``part``. Raises BadInput for one that is no port."""
    text = os.environ.get(port_variable(part))
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise BadInput(
            _("{variable} is {value!r}; expected a port, a number from 1 to 65535").format(
                variable=port_variable(part), value=text
            ),
            _("Set {variable} to a port, or unset it to take a free one.").format(
                variable=port_variable(part)
            ),
        )
    return int(text)


def holder_of(port: int) -> Detail:
    """Who listens on ``port``, in words."""
    try:
        listening = [
            found
            for found in psutil.net_connections("tcp")
            if found.status == psutil.CONN_LISTEN and found.laddr and found.laddr.port == port
        ]
        pids = [found.pid for found in listening if found.pid]
        if pids:
            command = " ".join(psutil.Process(pids[0]).cmdline())
            return Detail(mark("process {pid} ({command})"), {"pid": pids[0], "command": _shortened(command)})
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        pass
    return Detail(mark("another program"))


def listens(pids: Iterable[int], port: int) -> bool:
    """Whether one of the processes listens on ``port``; True where the machine does not let us see."""
    for pid in pids:
        try:
            for found in psutil.Process(pid).net_connections("tcp"):
                if found.status == psutil.CONN_LISTEN and found.laddr and found.laddr.port == port:
                    return True
        except psutil.AccessDenied:
            return True
        except psutil.NoSuchProcess:
            continue
    return False


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        # What a stopped part left in TIME_WAIT does not keep the next one from listening.
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _shortened(text: str, length: int = 80) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
