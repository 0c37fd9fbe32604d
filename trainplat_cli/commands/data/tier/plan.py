"""``trainplat data tier plan``: what would be moved, why, and what that saves."""

from typing import TYPE_CHECKING

import click

from resources.texts import in_language, mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import bytes_text
from trainplat_cli.commands.data.tier.shown import decision_document, money, number, tier_service
from trainplat_cli.output import print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _

if TYPE_CHECKING:
    from resources.data.tiers.plan import Decision


@click.command(
    cls=Command,
    help=mark(
        "Show what each tier costs, which versions the rules would move and why, and what that would save. "
        "Nothing is changed."
    ),
)
@option("--all", "with_all", is_flag=True, help=mark("Show the versions that stay, too, and why."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def plan(with_all: bool, as_json: bool) -> None:
    """Show it."""
    found = tier_service().plan()
    if as_json:
        print_json(
            {
                "moves": [decision_document(one) for one in found.moves],
                "stay": [decision_document(one) for one in found.decisions if not one.moves],
                "tiers": [
                    {
                        "tier": one.tier.value,
                        "versions": one.versions,
                        "versions_after": one.versions_after,
                        "bytes": one.bytes_now,
                        "bytes_after": one.bytes_after,
                        "monthly": number(one.monthly_now),
                        "monthly_after": number(one.monthly_after),
                    }
                    for one in found.weights
                ],
                "currency": found.currency,
                "saves_monthly": number(found.saves_monthly),
            }
        )
        return
    shown = found.decisions if with_all else found.moves
    if shown:
        titles = [_("data set"), _("version"), _("from"), _("to"), _("frees"), _("rule"), _("why")]
        show_table(titles, [_row(one) for one in shown])
    else:
        click.echo(_("Nothing would be moved."))
    rows = [
        [
            _(one.tier.value),
            f"{one.versions:,} → {one.versions_after:,}",
            f"{bytes_text(one.bytes_now)} → {bytes_text(one.bytes_after)}",
            money(one.monthly_now, found.currency),
            money(one.monthly_after, found.currency),
        ]
        for one in found.weights
    ]
    show_table([_("tier"), _("versions"), _("size"), _("costs now"), _("costs then")], rows)
    if found.saves_monthly is None:
        click.echo(_("prices.yaml names no price for a GiB and month: per_gib_month."))
    else:
        click.echo(_("It would save {amount}.").format(amount=money(found.saves_monthly, found.currency)))


def _row(one: "Decision") -> list[str]:
    return [
        one.held.dataset,
        one.held.key,
        _(one.held.tier.value),
        _(one.tier.value),
        bytes_text(one.frees_bytes),
        str(one.number),
        in_language(one.reason, _),
    ]
