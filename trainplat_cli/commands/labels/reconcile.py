"""``trainplat labels reconcile``: every task read, counted, and set against what is known."""

from dataclasses import asdict

import click

from resources.data.service import DataService
from resources.data.versions.naming import checked_dataset
from resources.errors import NotFound
from resources.labeling.reconciling import Reconciliation
from resources.terms import Actor
from resources.texts import mark
from resources.users import current_user
from trainplat_cli.command import Command, option
from trainplat_cli.commands.labels.shown import labeling_service
from trainplat_cli.output import err, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _

SHOWN = 20
TOLD_EVERY = 10_000


@click.command(
    cls=Command,
    help=mark(
        "Read every task of DATASET in Label Studio, page by page to the end, and take in what was missed. "
        "Killed on the way, it goes on where it was."
    ),
)
@click.argument("dataset")
@option("--dry-run", is_flag=True, help=mark("Change nothing; tell what would change."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def reconcile(dataset: str, dry_run: bool, as_json: bool) -> None:
    """Do it, and tell."""
    name, people, actor = checked_dataset(dataset), labeling_service(), Actor(f"user:{current_user()}")
    try:
        found = people.reconcile(name, dry_run=dry_run, actor=actor, progress=_Told())
    except NotFound:
        # A data set that is not there is told of, rather than that nobody was asked about it.
        DataService(people.home, people.database).newest_begun(name)
        raise
    if as_json:
        print_json({**asdict(found), "changes": found.changes})
        return
    _show(found)


class _Told:
    """Says now and then how far it is, where it takes long."""

    def __init__(self) -> None:
        self._next = TOLD_EVERY

    def __call__(self, read: int, total: int) -> None:
        if read >= self._next:
            self._next += TOLD_EVERY
            err().print(_("{read} of {total} tasks").format(read=f"{read:,}", total=f"{total:,}"))


def _show(found: Reconciliation) -> None:
    text = _("Label Studio tells {tasks} tasks with {annotations} annotations; {read} tasks were read.")
    click.echo(
        text.format(
            tasks=f"{found.told.tasks:,}", annotations=f"{found.told.annotations:,}", read=f"{found.read:,}"
        )
    )
    title = _("would change") if found.dry_run else _("changed")
    show_table(
        [_("tasks"), title],
        [
            [_("not known before"), f"{found.new:,}"],
            [_("known otherwise"), f"{found.changed:,}"],
            [_("not there any more"), f"{found.gone:,}"],
        ],
    )
    if found.labels:
        show_table(
            [_("sample"), _("label before"), _("label now")],
            [[one.sample[:12], one.before or "–", one.after or "–"] for one in found.labels[:SHOWN]],
        )
    more = len(found.labels) - SHOWN
    if more > 0:
        click.echo(_("and {count} labels more").format(count=more))
    if found.twice:
        click.echo(_("{count} samples have two tasks of one question.").format(count=len(found.twice)))
    if found.strangers:
        click.echo(_("{count} tasks are about no sample that was asked.").format(count=found.strangers))
    if not found.changes and not found.labels:
        click.echo(_("All of it was known."))
