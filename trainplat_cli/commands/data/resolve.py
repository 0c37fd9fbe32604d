"""``trainplat data resolve``: answer a conflict of a merge."""

import click

from resources.data.merging.model import Choice, Resolution
from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import current_actor, merge_service
from trainplat_cli.output import print_json
from trainplat_cli.texts import _, ngettext


@click.command(
    cls=Command,
    help=mark(
        "Answer conflicts of the merge of BRANCH of DATASET: one by its id, or all below the paths of a "
        "pattern. Answers are kept; `merge` uses them."
    ),
)
@click.argument("dataset")
@click.argument("branch")
@click.argument("choice", type=click.Choice([choice.value for choice in Choice]))
@option("--conflict", metavar="ID", help=mark("The conflict that is answered."))
@option("--path", "glob", metavar="PATTERN", help=mark("All conflicts at or below these paths."))
@option("--value", metavar="TEXT", help=mark("With the answer given: what it is to be."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def resolve(
    dataset: str,
    branch: str,
    choice: str,
    conflict: str | None,
    glob: str | None,
    value: str | None,
    as_json: bool,
) -> None:
    """Answer, and say how many are left."""
    service, name = merge_service(), checked_dataset(dataset)
    service.answer(name, branch, [Resolution(Choice(choice), conflict, glob, value)], current_actor())
    left = service.look(name, branch).conflicts
    if as_json:
        print_json({"left": len(left)})
        return
    if not left:
        click.echo(
            _("No conflict is left. Next: trainplat data merge {dataset} {branch}").format(
                dataset=dataset, branch=branch
            )
        )
        return
    text = ngettext("{count} conflict is left.", "{count} conflicts are left.", len(left))
    click.echo(text.format(count=len(left)))
