"""``trainplat data retention show``."""

import click

from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.retention.shown import retention_service, rule_document, show_rules
from trainplat_cli.output import print_json


@click.command(cls=Command, help=mark("Show the rules, or that of DATASET."))
@click.argument("dataset", required=False)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def show(dataset: str | None, as_json: bool) -> None:
    """Show them."""
    found = retention_service().rules(None if dataset is None else checked_dataset(dataset))
    if as_json:
        print_json({"rules": [rule_document(one) for one in found]})
    else:
        show_rules(found)
