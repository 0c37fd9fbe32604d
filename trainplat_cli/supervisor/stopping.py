"""Stopping a stack from outside: its supervisor is asked to; what a killed one left is ended here."""

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress

from resources.errors import Conflict, Denied, ExitCode
from resources.home import Home
from resources.process import ProcessIdentity
from trainplat_cli.supervisor.record import only_supervisor, read_status, supervisor_of
from trainplat_cli.supervisor.run import clear_up, put_runs_back
from trainplat_cli.supervisor.watcher import Report, Watcher
from trainplat_cli.texts import _

STOP_TIMEOUT_S = 90.0
LOOK_PAUSE_S = 0.1
LEFT_NOTHING = (int(ExitCode.DONE), int(ExitCode.CONFLICT), -signal.SIGTERM)
"""How a supervisor ends that leaves nothing: in order, refused, or asked to end before it had begun."""


def stop_stack(home: Home, report: Report, *, timeout_s: float = STOP_TIMEOUT_S) -> bool:
    """Stop the stack of ``home``, whoever started it. Returns whether anything was there to stop.

    A supervisor that does not stop in time is killed, and what it leaves is ended. Raises Denied when the
    supervisor belongs to another user.
    """
    supervisor = supervisor_of(home)
    if supervisor is not None:
        _send(supervisor, signal.SIGTERM)
        deadline = time.monotonic() + timeout_s
        while supervisor.is_alive() and time.monotonic() < deadline:
            now = read_status(home)
            if now is not None:
                report(now)
            time.sleep(LOOK_PAUSE_S)
        if supervisor.is_alive():
            _send(supervisor, signal.SIGKILL)
            _wait_until_gone(supervisor)
    if not home.run.exists():
        return False
    return _end_what_is_left(home) or supervisor is not None


def stop_launched(
    home: Home,
    supervisor: "subprocess.Popen[bytes]",
    report: Report,
    hurry: threading.Event,
    *,
    timeout_s: float = STOP_TIMEOUT_S,
) -> None:
    """Stop the supervisor that this process launched for ``home``, and nobody else's, wherever it is in its
    life; ``hurry`` tells it not to wait for its parts.

    One that does not stop in time is killed, and what it leaves is ended.
    """
    if supervisor.poll() is None:
        supervisor.terminate()
    watcher = Watcher(report)
    deadline = time.monotonic() + timeout_s
    hurried = False
    while supervisor.poll() is None and time.monotonic() < deadline:
        now = read_status(home)
        if now is not None and now.supervisor.pid == supervisor.pid:
            watcher(now)
        time.sleep(LOOK_PAUSE_S)
        if hurry.is_set() and not hurried:
            supervisor.terminate()
            hurried = True
    if supervisor.poll() is None:
        supervisor.kill()
    if supervisor.wait() not in LEFT_NOTHING:
        with suppress(Conflict):  # the next supervisor of the home has cleared up
            _end_what_is_left(home)


def _end_what_is_left(home: Home) -> bool:
    """End what a killed stack left. Also without a stack: trainings outlive one that was killed."""
    with only_supervisor(home):
        ended = clear_up(home)
        stopped = put_runs_back(home)
    return ended > 0 or stopped > 0


def _send(supervisor: ProcessIdentity, sent: signal.Signals) -> None:
    try:
        os.kill(supervisor.pid, sent)
    except ProcessLookupError:
        return
    except PermissionError:
        raise Denied(
            _("the supervisor, process {pid}, belongs to another user").format(pid=supervisor.pid),
            _("Stop it as that user."),
        ) from None


def _wait_until_gone(supervisor: ProcessIdentity) -> None:
    deadline = time.monotonic() + 10
    while supervisor.is_alive() and time.monotonic() < deadline:
        time.sleep(LOOK_PAUSE_S)
