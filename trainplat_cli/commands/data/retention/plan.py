"""``trainplat data retention plan``: what the rules would do now."""

import click

from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.retention.shown import plan_document, retention_service, show_plans
from trainplat_cli.output import print_json


@click.command(
    cls=Command, help=mark("Say what the rules would do now, with the reason for each version and branch.")
)
@click.argument("dataset", required=False)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def plan(dataset: str | None, as_json: bool) -> None:
    """Plan; nothing is changed."""
    found = retention_service().plans(None if dataset is None else checked_dataset(dataset))
    if as_json:
        print_json({"plans": [plan_document(one) for one in found]})
    else:
        show_plans(found)
