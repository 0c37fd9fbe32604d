"""``trainplat data retention set``: say what of a data set is kept."""

import click

from resources.data.versions.naming import checked_dataset
from resources.durations import seconds_of
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.retention.shown import retention_service, rule_document, show_rules
from trainplat_cli.commands.data.shown import current_actor
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(
    "set",
    cls=Command,
    help=mark(
        "Say what of DATASET is kept, instead of what was said before. A version that any part keeps is "
        "kept, and so is what is tagged, pinned, locked, or what a model depends on. The others are retired."
    ),
)
@click.argument("dataset")
@option("--keep-last", type=int, metavar="N", help=mark("Keep the newest N versions of the main line."))
@option("--keep-younger", metavar="TIME", help=mark("Keep versions that are younger, such as 90d."))
@option("--close-branches", metavar="TIME", help=mark("Close branches without a commit for so long."))
@option("--remove", is_flag=True, help=mark("Take the rule away: all versions are kept."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def set(  # noqa: A001 - the name of the command
    dataset: str,
    keep_last: int | None,
    keep_younger: str | None,
    close_branches: str | None,
    remove: bool,
    as_json: bool,
) -> None:
    """Set or remove the rule; nothing is retired yet."""
    service, actor, of = retention_service(), current_actor(), checked_dataset(dataset)
    if remove:
        service.remove_rule(of, actor)
        rules = []
    else:
        rule = service.set_rule(
            of,
            actor,
            keep_last=keep_last,
            keep_younger_s=None if keep_younger is None else seconds_of(keep_younger),
            close_after_s=None if close_branches is None else seconds_of(close_branches),
        )
        rules = [rule]
    if as_json:
        print_json({"rules": [rule_document(one) for one in rules]})
        return
    if rules:
        show_rules(rules)
        click.echo(_("Next: trainplat data retention plan {dataset}").format(dataset=of))
    else:
        click.echo(_("{dataset} has no retention rule any more: all of it is kept.").format(dataset=of))
