"""``trainplat data lock``: keep a version as it is, or be the one who makes the next."""

from datetime import timedelta

import click

from resources.data.locks.model import VersionLock
from resources.data.locks.service import Asked, Granted
from resources.data.versions.naming import checked_dataset
from resources.durations import seconds_of
from resources.texts import mark
from resources.users import current_user
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.locks import lock_document, until_text
from trainplat_cli.commands.data.shown import current_actor, lock_service
from trainplat_cli.output import print_json
from trainplat_cli.texts import _

BY_HAND = "by hand"


@click.command(
    cls=Command,
    help=mark(
        "Lock VERSION of DATASET for some time: it is neither retired nor erased meanwhile. With --write "
        "nobody else makes the next version after it; who wants to gets a branch, and so do you where "
        "somebody else was first."
    ),
)
@click.argument("dataset")
@click.argument("version")
@option("--write", is_flag=True, help=mark("Be the one who commits next."))
@option("--no-branch", is_flag=True, help=mark("With --write: rather nothing than a branch."))
@option("--for", "for_text", default="8h", show_default=True, metavar="TIME", help=mark("How long."))
@option("--purpose", default="", metavar="TEXT", help=mark("What it is for, for those who wait."))
@option(
    "--priority",
    type=click.IntRange(-1000, 1000),
    default=0,
    help=mark("The higher one goes first of those who ask within one second."),
)
@option("--release", is_flag=True, help=mark("Give your locks on it back."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def lock(
    dataset: str,
    version: str,
    write: bool,
    no_branch: bool,
    for_text: str,
    purpose: str,
    priority: int,
    release: bool,
    as_json: bool,
) -> None:
    """Lock it, or give it back."""
    service, name, actor = lock_service(), checked_dataset(dataset), current_actor()
    if no_branch and not write:
        raise click.UsageError(_("--no-branch goes with --write."))
    if release:
        released = service.release_of(name, version, actor, actor)
        if as_json:
            print_json({"locks": [lock_document(one) for one in released]})
        else:
            click.echo(
                _("{dataset} {version} is not locked by you any more.").format(dataset=name, version=version)
            )
        return
    asked = Asked(
        actor,
        current_user(),
        purpose or BY_HAND,
        priority=priority,
        can_branch=not no_branch,
        for_time=timedelta(seconds=seconds_of(for_text)),
        with_process=False,
    )
    granted = (
        service.write(name, version, asked)
        if write
        else Granted(service.read(name, version, asked), None, None)
    )
    if as_json:
        print_json(lock_document(granted.lock))
        return
    click.echo(_granted_text(granted))


def _granted_text(granted: Granted) -> str:
    lock: VersionLock = granted.lock
    said = _("{dataset} {version} is locked until {time}.").format(
        dataset=lock.dataset, version=lock.key, time=until_text(lock)
    )
    if granted.branch is None:
        return said
    because = granted.because_of.told if granted.because_of else _("its line went on from it")
    return (
        said
        + "\n"
        + _("You write on the branch {branch}, because of {holder}.").format(
            branch=granted.branch.name, holder=because
        )
    )
