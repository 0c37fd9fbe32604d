"""``trainplat demo``: see the whole loop at work."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner

from resources.home import Home
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.up import launch, show_addresses, stop_on_signals, wait_for_status
from trainplat_cli.demo.fresh import remove_state
from trainplat_cli.demo.play import Play, stack_vanished
from trainplat_cli.demo.table import decisions_table
from trainplat_cli.output import err, out
from trainplat_cli.progress import Progress
from trainplat_cli.supervisor.model import StackPhase, StackStatus
from trainplat_cli.supervisor.prepare import mark_home
from trainplat_cli.supervisor.record import read_running, supervisor_of
from trainplat_cli.supervisor.stopping import stop_launched
from trainplat_cli.texts import _

DEFAULT_ROUNDS = 2
LOOK_PAUSE_S = 0.5


@click.command(
    cls=Command,
    help=mark("Show the loop at work on real data: versions, trainings, questions, answers, champions."),
)
@option("--once", is_flag=True, help=mark("Stop the stack and end after the last round."))
@option("--fresh", is_flag=True, help=mark("Remove all state of the home first, and begin anew."))
@option(
    "--rounds",
    type=click.IntRange(min=0, max=20),
    default=DEFAULT_ROUNDS,
    show_default=True,
    help=mark("Rounds of questions and answers after the first training."),
)
def demo(once: bool, fresh: bool, rounds: int) -> None:
    """Play the demo on the home. Ends as its signal says when it is stopped before all rounds are over."""
    home = Home.from_environment()
    os.environ.update(TRAINPLAT_HOME=str(home.path), DAGSTER_HOME=str(home.dagster))
    console = err()
    if fresh and remove_state(home):
        console.print(_("The old state of {home} is removed.").format(home=home.path), markup=False)
    mark_home(home)
    stage = ConsoleStage(console)
    play = Play(home, rounds, stage)
    was_over = play.is_over()
    if was_over:
        console.print(_("All rounds of this home are done; nothing is trained."))
        out().print(decisions_table(play.decisions()))
        if once:
            return
    stop, hurry = threading.Event(), threading.Event()
    with stop_on_signals(stop, hurry) as caught, stack(home, stage, stop, hurry):
        with stage.live():
            over = _come_up(home, stage, stop) if was_over else play.run(stop)
        if over and not was_over:
            out().print(decisions_table(play.decisions()))
        if over and not once:
            _stay(home, console, stop)
    if not over:
        console.print(_("The demo was interrupted. Run it again: it goes on where it was."))
        raise click.exceptions.Exit(caught.exit_code)


@contextmanager
def stack(home: Home, stage: "ConsoleStage", stop: threading.Event, hurry: threading.Event) -> Iterator[None]:
    """The stack of ``home``: one that runs is used and left running, else one is started and stopped.

    Raises GaveUp when it ends by itself.
    """
    if supervisor_of(home) is not None:
        stage.say(_("The stack of {home} runs already; it is used and left running.").format(home=home.path))
        stage.take_as_known(_first_status(home, stop))
        yield
        return
    supervisor = launch(home, with_me=True)
    try:
        wait_for_status(home, supervisor, stage.console, stop)
        yield
        if supervisor.poll():
            raise stack_vanished(home)
    finally:
        stop_launched(home, supervisor, stage.stack, hurry)
        stage.say(_("Stopped."))


class ConsoleStage:
    """Shows the demo on a console: lines that stay, and on a terminal one that moves."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._progress = Progress(console)
        self._spinner = Spinner("dots")
        self._doing = ""

    @contextmanager
    def live(self) -> Iterator[None]:
        """Keep the moving line at the bottom."""
        if not self.console.is_terminal:
            yield
            return
        with Live(self, console=self.console, refresh_per_second=4, transient=True):
            yield

    def say(self, line: str) -> None:
        """Show a line that stays."""
        self.console.print(line, markup=False)

    def doing(self, line: str) -> None:
        """Show what goes on now."""
        self._doing = line

    def take_as_known(self, status: StackStatus | None) -> None:
        """What a stack that ran already had behind it is no news."""
        self._progress.take_as_known(status)

    def stack(self, status: StackStatus) -> None:
        """Show how the parts of the stack come up."""
        self._progress.show(status)

    def __rich__(self) -> "Spinner | str":
        """The moving line."""
        if self._doing:
            self._spinner.update(text=escape(self._doing))
            return self._spinner
        return self._progress.__rich__()


def _first_status(home: Home, stop: threading.Event) -> StackStatus | None:
    """Wait for the first status of a supervisor that lives; None when ``stop`` is set before.

    Raises GaveUp when it ends without one.
    """
    while not stop.is_set():
        lives = supervisor_of(home) is not None
        status = read_running(home)
        if status is not None:
            return status
        if not lives:
            raise stack_vanished(home)
        stop.wait(LOOK_PAUSE_S)
    return None


def _come_up(home: Home, stage: ConsoleStage, stop: threading.Event) -> bool:
    """Wait until every part is ready (True) or ``stop`` is set (False). Raises GaveUp."""
    while not stop.wait(LOOK_PAUSE_S):
        status = read_running(home)
        if status is None:
            raise stack_vanished(home)
        stage.stack(status)
        if status.phase is StackPhase.RUNNING:
            return True
    return False


def _stay(home: Home, console: Console, stop: threading.Event) -> None:
    show_addresses(console, home)
    console.print(_("The stack stays up until Ctrl-C."))
    while supervisor_of(home) is not None and not stop.wait(LOOK_PAUSE_S):
        pass
