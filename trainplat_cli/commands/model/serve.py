"""``trainplat model serve``."""

import click

from resources.home import Home
from resources.ports import LOOPBACK
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.output import err
from trainplat_cli.supervisor.prepare import mark_home
from trainplat_cli.texts import _

PORT = 8600
IDLE_S = 300.0


@click.command(
    cls=Command,
    help=mark(
        "Serve the models of this home in the foreground until Ctrl-C. `trainplat up` does so by itself."
    ),
)
@option("--host", default=LOOPBACK, show_default=True, help=mark("The address to listen at."))
@option(
    "--port",
    default=PORT,
    show_default=True,
    type=click.IntRange(0, 65535),
    help=mark("The port; 0 for any that is free."),
)
@option(
    "--idle-s",
    default=IDLE_S,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help=mark("After how many seconds without a request a version that nobody deployed is unloaded."),
)
def serve(host: str, port: int, idle_s: float) -> None:
    """Serve."""
    from resources.serving.server import __main__ as server

    home = Home.from_environment()
    mark_home(home)
    err().print(_("Serving the models of {home}. Ctrl-C ends it.").format(home=home.path), markup=False)
    server.run(home, host, port, idle_s=idle_s)
