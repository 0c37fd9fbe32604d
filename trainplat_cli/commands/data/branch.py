"""``trainplat data branch``: lines of versions beside the main one."""

import click

from resources.data.versions.model import Branch
from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from resources.users import current_user
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import current_actor, version_service
from trainplat_cli.output import age, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(
    cls=Command, help=mark("Begin a branch of DATASET from VERSION; without VERSION, list the branches.")
)
@click.argument("dataset")
@click.argument("version", required=False)
@option("--close", "closed", metavar="BRANCH", help=mark("Give a branch up; its versions are kept."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def branch(dataset: str, version: str | None, closed: str | None, as_json: bool) -> None:
    """Begin, close or list."""
    service, name = version_service(), checked_dataset(dataset)
    if closed is not None:
        shown = [service.close_branch(name, closed, current_actor())]
    elif version is not None:
        shown = [service.branch(name, version, current_user(), current_actor())]
    else:
        shown = service.branches(name)
    if as_json:
        print_json({"branches": [branch_document(one) for one in shown]})
    elif shown:
        titles = [_("branch"), _("state"), _("from"), _("newest"), _("user"), _("age")]
        show_table(
            titles,
            [
                [one.name, _(one.state.value), one.base, one.head, one.user, age(one.created_at)]
                for one in shown
            ],
        )
    else:
        click.echo(_("{dataset} has no branches.").format(dataset=name))


def branch_document(branch: Branch) -> dict[str, object]:
    """A branch for machines."""
    return {
        "branch": branch.name,
        "dataset": branch.dataset,
        "base": branch.base,
        "head": branch.head,
        "user": branch.user,
        "state": branch.state.value,
        "merged_as": branch.merged_as,
        "created_at": branch.created_at,
    }
