"""``trainplat data conflicts``: what a merge cannot decide by itself."""

import click

from resources.data.merging.model import Conflict
from resources.data.versions.naming import checked_dataset
from resources.printable import printable
from resources.texts import in_language, mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import merge_service
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark("Show what the merge of BRANCH of DATASET cannot decide by itself, with the answers possible."),
)
@click.argument("dataset")
@click.argument("branch")
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def conflicts(dataset: str, branch: str, as_json: bool) -> None:
    """Show them."""
    tried = merge_service().look(checked_dataset(dataset), branch)
    if as_json:
        resolved = [
            {"conflict": conflict_document(one.conflict), "choice": one.resolution.choice.value}
            for one in tried.outcome.resolved
        ]
        print_json({"conflicts": [conflict_document(one) for one in tried.conflicts], "resolved": resolved})
        return
    for one in tried.conflicts:
        click.echo(f"{one.id}  {printable(in_language(one.sentence, _))}")
        for name, value in (("base", one.base), ("ours", one.ours), ("theirs", one.theirs)):
            click.echo(f"    {_(name):<8} {_('not there') if value is None else printable(value)}")
        click.echo(f"    {_('answers')}: {', '.join(choice.value for choice in one.choices)}")
    if not tried.conflicts:
        click.echo(
            _("No conflict is left. Next: trainplat data merge {dataset} {branch}").format(
                dataset=dataset, branch=branch
            )
        )


def conflict_document(conflict: Conflict) -> dict[str, object]:
    """A conflict for machines."""
    return {
        "id": conflict.id,
        "path": conflict.path,
        "record": conflict.record,
        "field": conflict.field,
        "kind": conflict.kind.value,
        "base": conflict.base,
        "ours": conflict.ours,
        "theirs": conflict.theirs,
        "choices": [choice.value for choice in conflict.choices],
        "reason": str(conflict.reason),
        "sentence": str(conflict.sentence),
    }
