"""``trainplat data tier rule``: what goes to a tier by itself."""

import click

from resources.data.tiers.model import ALL, Rule, Tier
from resources.data.versions.naming import checked_dataset
from resources.durations import seconds_of
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import current_actor
from trainplat_cli.commands.data.tier.shown import COLDER, tier_service
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Let versions go to TIER, warm or cold, that nobody has used for a while. A rule of one data set "
        "stands before the one for all."
    ),
)
@click.argument("tier", type=click.Choice(COLDER))
@option("--unused", metavar="TIME", help=mark("So long nobody has used the version, such as 30d."))
@option("--age", metavar="TIME", help=mark("And it was committed so long ago, or longer."))
@option("--dataset", metavar="NAME", help=mark("For this data set; for all without it."))
@option("--remove", is_flag=True, help=mark("Take the rule away."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def rule(
    tier: str, unused: str | None, age: str | None, dataset: str | None, remove: bool, as_json: bool
) -> None:
    """Write it down, or take it away."""
    of = ALL if dataset is None else checked_dataset(dataset)
    if remove:
        tier_service().drop_rule(of, Tier(tier), current_actor())
    else:
        if unused is None:
            raise click.UsageError(_("give --unused, such as --unused 30d"))
        made = Rule(of, Tier(tier), seconds_of(unused), 0 if age is None else seconds_of(age))
        tier_service().set_rule(made, current_actor())
    if as_json:
        found = tier_service().status().rules
        print_json({"rules": [vars(one) | {"tier": one.tier.value} for one in found]})
    elif remove:
        click.echo(_("The rule is gone; what moved stays where it is."))
    else:
        click.echo(_("Written down. See what it would do: trainplat data tier plan"))
