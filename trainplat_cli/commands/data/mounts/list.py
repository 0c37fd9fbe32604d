"""``trainplat data mounts list``."""

import click

from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.mounts.shown import (
    grant_document,
    mount_document,
    mount_service,
    provider_document,
)
from trainplat_cli.output import print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(
    "list", cls=Command, help=mark("Show the mount points, the providers, and what runs have now.")
)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def list(as_json: bool) -> None:  # noqa: A001 - the name of the command
    """Show them."""
    service = mount_service()
    found, providers, given = service.mounts(), service.providers(), service.grants()
    if as_json:
        print_json(
            {
                "mounts": [mount_document(one) for one in found],
                "providers": [provider_document(one) for one in providers],
                "given": [grant_document(one) for one in given],
            }
        )
        return
    if found:
        rows = [
            [
                one.name,
                f"{one.size_mib:,} MiB",
                one.mode.value,
                one.provider or _("the cheapest"),
                one.variable,
            ]
            for one in found
        ]
        show_table([_("mount point"), _("size"), _("mode"), _("provider"), _("variable")], rows)
    else:
        click.echo(_("There is no mount point yet."))
    click.echo()
    show_table(
        [_("provider"), _("kind"), _("a GiB and month"), _("where")],
        [[one.name, one.kind.value, f"{one.price_per_gib_month:f}", one.at] for one in providers],
    )
    if given:
        click.echo()
        show_table(
            [_("mount point"), _("run"), _("where")],
            [[one.mount, one.run_id, str(one.path)] for one in given],
        )
