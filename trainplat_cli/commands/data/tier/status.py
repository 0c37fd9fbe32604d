"""``trainplat data tier status``: what each tier holds and costs, the rules and the pins."""

import click

from resources.data.tiers.model import ALL
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import bytes_text
from trainplat_cli.commands.data.tier.shown import money, number, tier_service
from trainplat_cli.output import age, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _

DAY_S = 86_400


@click.command(cls=Command, help=mark("Show what each tier holds and costs, the rules, and what is pinned."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def status(as_json: bool) -> None:
    """Show it."""
    found = tier_service().status()
    if as_json:
        print_json(
            {
                "tiers": [
                    {
                        "tier": one.tier.value,
                        "url": None if one.place is None else one.place.url,
                        "versions": one.versions,
                        "packs": one.packs,
                        "size_bytes": one.size_bytes,
                        "monthly": number(one.monthly),
                        "currency": one.currency,
                    }
                    for one in found.tiers
                ],
                "rules": [vars(one) | {"tier": one.tier.value} for one in found.rules],
                "pins": [
                    {"dataset": one.dataset, "version": one.key, "tier": one.tier.value, "by": one.said_by}
                    for one in found.pins
                ],
                "colder": [
                    {"dataset": dataset, "version": key, "tier": tier.value, "used_at": used}
                    for dataset, key, tier, used in found.colder
                ],
            }
        )
        return
    rows = [
        [
            _(one.tier.value),
            "-" if one.place is None else one.place.url,
            f"{one.versions:,}",
            bytes_text(one.size_bytes),
            money(one.monthly, one.currency),
        ]
        for one in found.tiers
    ]
    show_table([_("tier"), _("place"), _("versions"), _("size"), _("cost")], rows)
    for rule in found.rules:
        said = _("{dataset}: to {tier} after {unused} days without use, and {age} days of age.")
        click.echo(
            said.format(
                dataset=_("All data sets") if rule.dataset == ALL else rule.dataset,
                tier=_(rule.tier.value),
                unused=f"{rule.unused_s / DAY_S:g}",
                age=f"{rule.age_s / DAY_S:g}",
            )
        )
    for pin in found.pins:
        said = _("{dataset} {version} is pinned to {tier} by {actor}.")
        click.echo(
            said.format(dataset=pin.dataset, version=pin.key, tier=_(pin.tier.value), actor=pin.said_by)
        )
    if found.colder:
        titles = [_("data set"), _("version"), _("tier"), _("last use")]
        listed = [
            [dataset, key, _(tier.value), "-" if used is None else age(used)]
            for dataset, key, tier, used in found.colder
        ]
        show_table(titles, listed)
