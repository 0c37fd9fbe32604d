"""``trainplat data tier pin``: keep a version in a tier, whatever the rules say."""

import click

from resources.data.tiers.model import Tier
from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import current_actor
from trainplat_cli.commands.data.tier.shown import TIERS, tier_service
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark("Keep VERSION of DATASET in TIER: hot, warm or cold. The next apply brings it there."),
)
@click.argument("dataset")
@click.argument("version")
@click.argument("tier", type=click.Choice(TIERS), required=False)
@option("--remove", is_flag=True, help=mark("Take the pin away."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def pin(dataset: str, version: str, tier: str | None, remove: bool, as_json: bool) -> None:
    """Pin or unpin."""
    of = checked_dataset(dataset)
    if remove == (tier is not None):
        raise click.UsageError(_("give a tier, or --remove"))
    if tier is None:
        tier_service().unpin(of, version, current_actor())
        said = _("{dataset} {version} goes where the rules say.").format(dataset=of, version=version)
    else:
        pinned = tier_service().pin(of, version, Tier(tier), current_actor())
        said = _("{dataset} {version} is pinned to {tier}. Next: trainplat data tier apply").format(
            dataset=of, version=pinned.key, tier=_(tier)
        )
    if as_json:
        print_json({"dataset": of, "version": version, "tier": tier})
    else:
        click.echo(said)
