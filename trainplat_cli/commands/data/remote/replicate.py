"""``trainplat data remote replicate``: let versions be at a second remote, too."""

from typing import TYPE_CHECKING

import click

from resources.data.places.model import EVERY
from resources.data.versions.naming import checked_dataset
from resources.errors import ExitCode
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.showing import reading_progress
from trainplat_cli.commands.data.shown import current_actor, replication_service
from trainplat_cli.output import err, print_json
from trainplat_cli.texts import _

if TYPE_CHECKING:
    from resources.data.places.replication import ReplicationService


@click.command(
    cls=Command,
    help=mark(
        "Let all versions of DATASET, or of all data sets, be at the remote NAME, too. They go there by "
        "themselves; trainplat data status shows how far it is behind."
    ),
)
@click.argument("name")
@click.argument("dataset", required=False)
@option("--remove", is_flag=True, help=mark("Replicate no more; what is there stays."))
@option("--now", is_flag=True, help=mark("Bring what is missing now, and wait for it."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
@click.pass_context
def replicate(
    context: click.Context, name: str, dataset: str | None, remove: bool, now: bool, as_json: bool
) -> None:
    """Write it down, or take it away; the exit code is 1 where not all could be brought now."""
    service, actor = replication_service(), current_actor()
    of = EVERY if dataset is None else checked_dataset(dataset)
    if remove:
        service.leave(of, name, actor)
    else:
        service.replicate(of, name, actor)
    asked, done = [], []
    if now:
        asked = service.ask(actor)
        with reading_progress(as_json=as_json) as progress:
            done = service.run(actor, progress)
    lost = [(one.remote, version) for one in asked for version in one.lost]
    _tell_lost(service, lost)
    told = [*(one.problem for one in asked), *(one.problem for one in done)]
    problems = [one for one in dict.fromkeys(told) if one is not None]
    for problem in problems:
        err().print(problem, markup=False)
    if as_json:
        print_json(
            {
                "replicas": [{"dataset": one.dataset, "remote": one.remote} for one in service.replicas()],
                "pushed": sum(len(one.pushed.versions) for one in done if one.pushed is not None),
                "lost": [{"remote": remote, "version": version} for remote, version in lost],
                "problems": problems,
            }
        )
    elif remove:
        click.echo(_("Nothing more goes to {remote} by this rule; what is there stays.").format(remote=name))
    else:
        click.echo(_("Written down. See how far it is behind: trainplat data status"))
    if problems:
        context.exit(int(ExitCode.FAILED))


def _tell_lost(service: "ReplicationService", lost: list[tuple[str, str]]) -> None:
    """Name what remotes lost, and whether they have it again."""
    if not lost:
        return
    standings = service.places.status()
    missing = {(one.remote.name, f"{it.dataset} {it.key}") for one in standings for it in one.missing}
    for remote, version in lost:
        if (remote, version) in missing:
            said = _("{remote} has lost {version}; it could not be sent again now.")
        else:
            said = _("{remote} has lost {version}; it was sent again.")
        err().print(said.format(remote=remote, version=version), markup=False)
