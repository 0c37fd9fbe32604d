"""``trainplat data diff``: what is different between two versions."""

import click

from resources.data.trees.diff import Change, Kind
from resources.data.versions.naming import checked_dataset
from resources.printable import printable
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.schemas import change_document as schema_change_document
from trainplat_cli.commands.data.schemas import change_lines
from trainplat_cli.commands.data.shown import version_service
from trainplat_cli.output import print_json
from trainplat_cli.texts import _

SIGNS = {Kind.ADDED: "+", Kind.CHANGED: "~", Kind.REMOVED: "-"}


@click.command(
    cls=Command,
    help=mark("Show the files of DATASET that are not the same in the versions BEFORE and AFTER."),
)
@click.argument("dataset")
@click.argument("before")
@click.argument("after", default="latest")
@option("--stat", is_flag=True, help=mark("Only count them."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def diff(dataset: str, before: str, after: str, stat: bool, as_json: bool) -> None:
    """Show them."""
    service, name = version_service(), checked_dataset(dataset)
    found = service.diff(name, before, after)
    in_schema = service.schema_changes(name, before, after)
    counts = {kind: sum(change.kind is kind for change in found) for kind in Kind}
    if as_json:
        documents = [] if stat else [change_document(change) for change in found]
        schema = {
            "is_known": in_schema is not None,
            "breaks": any(change.breaks for change in in_schema or ()),
            "changes": [schema_change_document(change) for change in in_schema or ()],
        }
        told = {kind.value: count for kind, count in counts.items()}
        print_json({**told, "changes": documents, "schema": schema})
        return
    for change in [] if stat else found:
        click.echo(f"{SIGNS[change.kind]} {printable(change.path)}")
    said = _("{added} added, {changed} changed, {removed} removed").format(
        added=f"{counts[Kind.ADDED]:,}",
        changed=f"{counts[Kind.CHANGED]:,}",
        removed=f"{counts[Kind.REMOVED]:,}",
    )
    click.echo(said if found else _("The two versions hold the same files."))
    if in_schema is None:
        click.echo(_("What changed in the schema is unknown: that of one of the two was never read."))
    elif in_schema:
        click.echo(_("In the schema:"))
        click.echo("\n".join(change_lines(in_schema)))


def change_document(change: Change) -> dict[str, object]:
    """A changed file for machines."""
    return {
        "path": change.path,
        "kind": change.kind.value,
        "before": change.before,
        "after": change.after,
        "size_before": change.size_before,
        "size_after": change.size_after,
    }
