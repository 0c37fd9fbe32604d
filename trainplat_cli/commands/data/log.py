"""``trainplat data log``: the versions of a data set."""

import click

from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import bytes_text, version_document, version_service
from trainplat_cli.output import age, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(cls=Command, help=mark("Show the versions of DATASET, newest first."))
@click.argument("dataset")
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def log(dataset: str, as_json: bool) -> None:
    """Show them."""
    found = version_service().log(checked_dataset(dataset))
    if as_json:
        print_json({"versions": [version_document(version) for version in found]})
        return
    titles = [_("version"), _("parents"), _("files"), _("size"), _("author"), _("age"), _("message")]
    show_table(
        titles,
        [
            [
                version.key,
                ", ".join(version.parents) or "-",
                f"{version.files:,}",
                bytes_text(version.size_bytes),
                version.author,
                age(version.committed_at),
                version.message,
            ]
            for version in found
        ],
    )
