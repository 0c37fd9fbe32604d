"""``trainplat data locks``: who uses versions now, and who writes after them."""

import click

from resources.data.locks.model import MAIN_LINE, LockKind, VersionLock
from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import lock_service
from trainplat_cli.output import age, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Show which versions are locked, by whom and until when: of DATASET, or of all. A lock ends with the "
        "process that holds it."
    ),
)
@click.argument("dataset", required=False)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def locks(dataset: str | None, as_json: bool) -> None:
    """Show them."""
    found = lock_service().locks(None if dataset is None else checked_dataset(dataset))
    if as_json:
        print_json({"locks": [lock_document(one) for one in found]})
        return
    if not found:
        click.echo(_("No version is locked."))
        return
    titles = [_("version"), _("kind"), _("holder"), _("until"), _("age"), _("for")]
    show_table(
        titles,
        [
            [
                f"{one.dataset} {one.key}",
                _(one.kind.value),
                one.owner,
                until_text(one),
                age(one.asked_at),
                one.purpose
                if one.kind is LockKind.READ or one.line == MAIN_LINE
                else f"{one.purpose}: {one.line}",
            ]
            for one in found
        ],
    )


def until_text(lock: VersionLock) -> str:
    """When a lock ends."""
    ends = f"{lock.until:%Y-%m-%d %H:%M} UTC"
    if lock.holder is None:
        return ends
    return _("process {pid} on {host} ends, at the latest {time}").format(
        pid=lock.holder.pid, host=lock.holder.host, time=ends
    )


def lock_document(lock: VersionLock) -> dict[str, object]:
    """A lock for machines."""
    return {
        "id": lock.id,
        "dataset": lock.dataset,
        "version": lock.key,
        "kind": lock.kind.value,
        "branch": lock.line or None,
        "owner": lock.owner,
        "user": lock.user,
        "purpose": lock.purpose,
        "priority": lock.priority,
        "host": None if lock.holder is None else lock.holder.host,
        "pid": None if lock.holder is None else lock.holder.pid,
        "asked_at": lock.asked_at,
        "until": lock.until,
    }
