"""``trainplat env``: the environment in which Dagster's own commands meet the same instance."""

import shlex

import click

from resources.home import Home
from resources.texts import mark
from trainplat_cli.command import Command
from trainplat_cli.supervisor.prepare import link_instance, mark_home


@click.command(
    cls=Command,
    help=mark('Print export lines, so that `eval "$(trainplat env)"` lets `dagster` use the same instance.'),
)
def env() -> None:
    """Print the variables."""
    home = Home.from_environment()
    mark_home(home)
    link_instance(home)
    for name, value in (("TRAINPLAT_HOME", home.path), ("DAGSTER_HOME", home.dagster)):
        click.echo(f"export {name}={shlex.quote(str(value))}")
