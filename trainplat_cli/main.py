"""The ``trainplat`` command."""

import click

from resources.texts import mark
from trainplat_cli.command import Group

COMMANDS = (
    "demo",
    "up",
    "status",
    "down",
    "gpu",
    "data",
    "labels",
    "train",
    "model",
    "structure",
    "training",
    "pipeline",
    "trigger",
    "triggers",
    "notebook",
    "doctor",
    "env",
    "version",
)


@click.group(
    cls=Group,
    modules={name: f"trainplat_cli.commands.{name}" for name in COMMANDS},
    help=mark(
        "An AI training platform on this machine. State lies in TRAINPLAT_HOME, by default ~/.trainplat."
    ),
    context_settings={"help_option_names": ["-h", "--help"]},
)
def main() -> None:
    """Hold the commands."""


if __name__ == "__main__":
    main(prog_name="trainplat")
