"""``trainplat data status``: which versions each remote has, and how far it is behind."""

import click

from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import place_service
from trainplat_cli.output import age, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(
    cls=Command, help=mark("Show how many versions, of DATASET or of all, each remote has and lacks.")
)
@click.argument("dataset", required=False)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def status(dataset: str | None, as_json: bool) -> None:
    """Show it."""
    found = place_service().status(None if dataset is None else checked_dataset(dataset))
    if as_json:
        documents = [
            {
                "remote": one.remote.name,
                "there": [f"{version.dataset} {version.key}" for version in one.there],
                "missing": [f"{version.dataset} {version.key}" for version in one.missing],
                "lags_since": one.lags_since,
            }
            for one in found
        ]
        print_json({"remotes": documents})
        return
    rows = [
        [
            one.remote.name,
            f"{len(one.there):,}",
            f"{len(one.missing):,}",
            "-" if one.lags_since is None else age(one.lags_since),
        ]
        for one in found
    ]
    if rows:
        show_table([_("remote"), _("there"), _("missing"), _("oldest missing")], rows)
    else:
        click.echo(_("There is no remote yet."))
