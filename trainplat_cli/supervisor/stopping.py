"""Stopping a stack from outside: its supervisor is asked to; what a killed one left is ended here."""

import os
import signal
import time
from collections.abc import Callable

from resources.errors import Denied
from resources.home import Home
from resources.process import ProcessIdentity
from trainplat_cli.supervisor.model import StackStatus
from trainplat_cli.supervisor.record import only_supervisor, read_status, supervisor_of
from trainplat_cli.supervisor.run import clear_up, put_runs_back
from trainplat_cli.texts import _

STOP_TIMEOUT_S = 90.0
LOOK_PAUSE_S = 0.1


def stop_stack(
    home: Home, report: Callable[[StackStatus], None], *, timeout_s: float = STOP_TIMEOUT_S
) -> bool:
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
    with only_supervisor(home):
        ended = clear_up(home)
        # Also without a stack: trainings outlive a killed one.
        stopped = put_runs_back(home)
    return supervisor is not None or ended > 0 or stopped > 0


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
