"""``trainplat data retention apply``: retire and close what the rules say."""

import click

from resources.data.versions.naming import checked_dataset
from resources.texts import in_language, mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.retention.shown import plan_document, retention_service
from trainplat_cli.commands.data.shown import current_actor
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Retire the versions and close the branches that the rules do not keep. The schedule data_upkeep "
        "does the same by itself. `trainplat data retire --undo` takes a version back into use."
    ),
)
@click.argument("dataset", required=False)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def apply(dataset: str | None, as_json: bool) -> None:
    """Apply the rules."""
    of = None if dataset is None else checked_dataset(dataset)
    done = retention_service().apply(current_actor(), of)
    if as_json:
        print_json({"plans": [plan_document(one) for one in done]})
        return
    for plan in done:
        for one in plan.retires:
            said = _("{dataset} {version} is retired: {reason}.")
            click.echo(
                said.format(dataset=plan.rule.dataset, version=one.name, reason=in_language(one.reason, _))
            )
        for one in plan.closes:
            said = _("Branch {branch} is closed: {reason}.")
            click.echo(said.format(branch=one.name, reason=in_language(one.reason, _)))
    if not any((*plan.retires, *plan.closes) for plan in done):
        click.echo(_("The rules keep all that is in use."))
