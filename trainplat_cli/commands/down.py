"""``trainplat down``: stop the stack, whichever terminal it was started from."""

import os

import click

from resources.home import Home
from resources.texts import mark
from trainplat_cli.command import Command
from trainplat_cli.output import err
from trainplat_cli.progress import Progress
from trainplat_cli.supervisor.record import read_running
from trainplat_cli.supervisor.stopping import stop_stack
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark("Stop the stack of the home. Running trainings go back to the queue with their checkpoints."),
)
def down() -> None:
    """Stop the stack of the home."""
    home = Home.from_environment()
    os.environ.update(TRAINPLAT_HOME=str(home.path), DAGSTER_HOME=str(home.dagster))
    console = err()
    with Progress(console).live() as progress:
        progress.take_as_known(read_running(home))
        was_there = stop_stack(home, progress.show)
    done = _("Stopped.") if was_there else _("No stack runs for {home}.").format(home=home.path)
    console.print(done, markup=False)
