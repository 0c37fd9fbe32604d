"""``trainplat data status``: which versions each remote has, and how far it is behind."""

import click

from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import place_service, replication_service
from trainplat_cli.output import age, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _, ngettext


@click.command(
    cls=Command, help=mark("Show how many versions, of DATASET or of all, each remote has and lacks.")
)
@click.argument("dataset", required=False)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def status(dataset: str | None, as_json: bool) -> None:
    """Show it."""
    of = None if dataset is None else checked_dataset(dataset)
    found = place_service().status(of)
    lags = [one for one in replication_service().lags() if of in (None, one.dataset)]
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
        replicas = [
            {
                "dataset": one.dataset,
                "remote": one.remote,
                "versions_behind": one.behind,
                "behind_since": one.since,
            }
            for one in lags
        ]
        print_json({"remotes": documents, "replicas": replicas})
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
    for lag in lags:
        if lag.since is None:
            said = _("{remote} has all versions of {dataset} that it is to have.")
            click.echo(said.format(remote=lag.remote, dataset=lag.dataset))
        else:
            said = ngettext(
                "{remote} is {count} version of {dataset} behind, for {age}.",
                "{remote} is {count} versions of {dataset} behind, the oldest for {age}.",
                lag.behind,
            )
            click.echo(
                said.format(remote=lag.remote, count=lag.behind, dataset=lag.dataset, age=age(lag.since))
            )
