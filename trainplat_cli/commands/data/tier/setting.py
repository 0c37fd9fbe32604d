"""``trainplat data tier set``: say where the packs of a tier lie."""

import click

from resources.data.tiers.model import Tier
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import current_actor
from trainplat_cli.commands.data.tier.shown import COLDER, tier_service
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(
    "set",
    cls=Command,
    help=mark(
        "Say that the packs of TIER, warm or cold, lie at URL: s3://bucket/prefix, or the path of a folder "
        "of NFS or another disk. It is written to and read first. Credentials are not kept."
    ),
)
@click.argument("tier", type=click.Choice(COLDER))
@click.argument("url")
@option("--endpoint", metavar="URL", help=mark("Of what speaks like S3, where it is not AWS."))
@option("--profile", metavar="NAME", help=mark("The profile of AWS whose credentials to take."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def setting(tier: str, url: str, endpoint: str | None, profile: str | None, as_json: bool) -> None:
    """Set it."""
    place = tier_service().set_place(Tier(tier), url, current_actor(), endpoint=endpoint, profile=profile)
    if as_json:
        print_json({"tier": tier, "url": place.url, "endpoint": place.endpoint, "profile": place.profile})
    else:
        said = _("{tier} lies at {url}. Next: trainplat data tier rule {name} --unused 30d")
        click.echo(said.format(tier=_(tier), url=place.url, name=tier))
