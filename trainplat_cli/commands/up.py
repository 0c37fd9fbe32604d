"""``trainplat up``: start the stack and look after it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click
from rich.console import Console
from rich.markup import escape

from resources.clock import utc_now
from resources.errors import ExitCode, Unavailable
from resources.gpu.environment import without_lease
from resources.home import Home, read_or_make_secrets
from resources.lifeline import die_with
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.output import err, out
from trainplat_cli.progress import Progress
from trainplat_cli.supervisor.logs import last_lines, rotate, write_header
from trainplat_cli.supervisor.model import PartState, StackPhase, StackStatus
from trainplat_cli.supervisor.prepare import mark_home
from trainplat_cli.supervisor.record import read_running
from trainplat_cli.texts import _

READY_TIMEOUT_S = 300.0
FOLLOW_PAUSE_S = 0.2
SHOWN_LOG_LINES = 6
KILLED = 128
"""A command that a signal ended exits with this and the signal's number, as shells count it."""


@dataclass
class Caught:
    """What was caught while signals stop the work."""

    first: signal.Signals | None = None

    @property
    def exit_code(self) -> int:
        """How a command ends whose work the first signal cut short: 130 for Ctrl-C, 143 for SIGTERM."""
        return int(ExitCode.FAILED) if self.first is None else KILLED + self.first


@click.command(
    cls=Command,
    help=mark("Start the whole stack and look after it until Ctrl-C. A part that dies is started again."),
)
@option("--detach", is_flag=True, help=mark("Return when the stack is ready, and leave it running."))
@option("--with-parent", type=int, hidden=True)
def up(detach: bool, with_parent: int | None) -> None:
    """Start the stack of the home."""
    home = Home.from_environment()
    if detach:
        start_detached(home, err())
        show_addresses(out(), home)
        return
    from trainplat_cli.supervisor.run import supervise

    stop, hurry = threading.Event(), threading.Event()
    console = err()
    with stop_on_signals(stop, hurry), Progress(console).live() as progress:
        if with_parent is not None:
            die_with(with_parent)

        def report(status: StackStatus) -> None:
            first = status.phase is StackPhase.RUNNING and not shown.is_set()
            progress.show(status)
            if first:
                shown.set()
                show_addresses(console, home)
                console.print(_("Ctrl-C stops the stack."))

        shown = threading.Event()
        supervise(home, stop, hurry, report)
    console.print(_("Stopped."))


@contextmanager
def stop_on_signals(stop: threading.Event, hurry: threading.Event) -> Iterator[Caught]:
    """Set ``stop`` at the first Ctrl-C, SIGTERM or SIGHUP, and ``hurry`` at a second one."""
    caught = Caught()

    def handle(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            hurry.set()
        caught.first = caught.first or signal.Signals(number)
        stop.set()

    # A handler, unlike SIG_IGN, is not inherited: with SIGINT ignored, Dagster's parts would not stop at all.
    before = {
        number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def start_detached(home: Home, console: Console, *, timeout_s: float = READY_TIMEOUT_S) -> StackStatus:
    """Start the stack of ``home`` in a process of its own and wait until it is ready, showing progress.

    Raises Unavailable when it is not ready in time; it goes on trying then.
    """
    supervisor = launch(home)
    deadline = time.monotonic() + timeout_s
    wait_for_status(home, supervisor, console, threading.Event())
    status: StackStatus | None = None
    with Progress(console).live() as progress:
        while time.monotonic() < deadline:
            status = read_running(home)
            if status is None:
                raise _ended(home, supervisor, console)
            progress.show(status)
            if status.phase is StackPhase.RUNNING:
                return status
            time.sleep(FOLLOW_PAUSE_S)
    late = [part.name for part in status.parts if part.state is not PartState.READY] if status else []
    raise Unavailable(
        _("the stack is not ready after {seconds:.0f} s; still missing: {parts}").format(
            seconds=timeout_s, parts=", ".join(late)
        ),
        _("See `trainplat status` and the logs in {folder}; `trainplat down` stops it.").format(
            folder=home.logs
        ),
    )


def launch(home: Home, *, with_me: bool = False) -> "subprocess.Popen[bytes]":
    """Start a supervisor for ``home`` in the background; ``with_me`` stops it when this process dies.

    Its words go to the end of ``logs/supervisor.log``: one that is refused must not wipe out what the one
    that runs has said. Raises Conflict for a home that holds other things.
    """
    mark_home(home)
    log = supervisor_log(home)
    log.parent.mkdir(exist_ok=True)
    rotate(log)
    parent = ["--with-parent", str(os.getpid())] if with_me else []
    with log.open("ab") as output:
        write_header(output, utc_now())
        return subprocess.Popen(
            [sys.executable, "-m", "trainplat_cli.main", "up", *parent],
            env={**without_lease(os.environ), "TRAINPLAT_HOME": str(home.path)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_for_status(
    home: Home, supervisor: "subprocess.Popen[bytes]", console: Console, stop: threading.Event
) -> None:
    """Wait until a supervisor in the background has written its first status, or ``stop`` is set.

    One that ends before has said why in its log: that is shown, and the command ends with its exit code.
    """
    while not stop.is_set():
        status = read_running(home)
        if status is not None and status.supervisor.pid == supervisor.pid:
            return
        if supervisor.poll() is not None:
            raise _ended(home, supervisor, console)
        time.sleep(FOLLOW_PAUSE_S)


def _ended(home: Home, supervisor: "subprocess.Popen[bytes]", console: Console) -> click.exceptions.Exit:
    code = supervisor.wait()
    for line in last_lines(supervisor_log(home), SHOWN_LOG_LINES):
        console.print(escape(line))
    return click.exceptions.Exit(code or int(ExitCode.FAILED))


def supervisor_log(home: Home) -> Path:
    """What a supervisor in the background says."""
    return home.logs / "supervisor.log"


def show_addresses(console: Console, home: Home) -> None:
    """Where people look next, and how they sign in."""
    addresses = home.addresses()
    for title, address in (
        (_("Dashboard"), addresses.streamlit),
        ("Dagster", addresses.dagster),
        ("Label Studio", addresses.label_studio),
        ("MLflow", addresses.mlflow),
    ):
        console.print(f"  {title:<14} {address}", markup=False)
    email = read_or_make_secrets(home).label_studio_email
    login = _("Sign in to Label Studio as {email}; the password is in {path}.")
    console.print("  " + escape(login.format(email=email, path=home.secrets_file)))
