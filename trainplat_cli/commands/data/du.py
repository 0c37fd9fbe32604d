"""``trainplat data du``: what versions take."""

import click

from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import bytes_text, collecting_service
from trainplat_cli.output import print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark("Show what the versions of DATASET, or of all, take: in all, and what no other version has."),
)
@click.argument("dataset", required=False)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def du(dataset: str | None, as_json: bool) -> None:
    """Show it."""
    service = collecting_service()
    found = service.usage(None if dataset is None else checked_dataset(dataset))
    stored, packed = service.stored_bytes(), service.packed_bytes()
    if as_json:
        print_json(
            {
                "stored_bytes": stored,
                "packed_bytes": packed,
                "versions": [
                    {
                        "dataset": one.version.dataset,
                        "version": one.version.key,
                        "files": one.version.files,
                        "size_bytes": one.size_bytes,
                        "own_bytes": one.own_bytes,
                    }
                    for one in found
                ],
            }
        )
        return
    titles = [_("data set"), _("version"), _("files"), _("size"), _("its own")]
    rows = [
        [
            one.version.dataset,
            one.version.key,
            f"{one.version.files:,}",
            bytes_text(one.size_bytes),
            bytes_text(one.own_bytes),
        ]
        for one in found
    ]
    if rows:
        show_table(titles, rows)
    click.echo(_("The store holds {size}.").format(size=bytes_text(stored)))
    for tier, size in packed.items():
        click.echo(_("The packs of {tier} hold {size}.").format(tier=_(tier), size=bytes_text(size)))
