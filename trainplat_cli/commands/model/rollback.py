"""``trainplat model rollback``."""

import click

from resources.serving.deployments.words import in_words
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import current_actor
from trainplat_cli.commands.model.shown import deployments, name_alone, state_document
from trainplat_cli.output import out, print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Take back what was last done to NAME: a rollout ends at once; else what was live before is live "
        "again. It is not asked first, and a rollback of it undoes it."
    ),
)
@click.argument("name")
@option("--to", type=click.IntRange(min=1), help=mark("Go back to the state after this row of the history."))
@option("--why", default="", metavar="TEXT", help=mark("Why, for the history."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def rollback(name: str, to: int | None, why: str, as_json: bool) -> None:
    """Go back."""
    endpoint = name_alone(name)
    state = deployments().rollback(endpoint, current_actor(), to, why)
    if as_json:
        print_json(state_document(state))
        return
    out().print(in_words(state, _), markup=False)
