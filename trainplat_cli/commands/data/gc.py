"""``trainplat data gc``: let go what no version needs."""

from datetime import timedelta
from typing import Any

import click

from resources.data.collecting.gc import Collected
from resources.durations import seconds_of
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.showing import reading_progress
from trainplat_cli.commands.data.shown import bytes_text, collecting_service, current_actor
from trainplat_cli.output import err, print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Let go what no version needs. An object waits for the grace period before it goes into the trash, "
        "and there once more before it is gone. Safe beside anybody who works."
    ),
)
@option("--dry-run", is_flag=True, help=mark("Only say what would go."))
@option("--grace", default="24h", show_default=True, metavar="TIME", help=mark("How long things wait."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def gc(dry_run: bool, grace: str, as_json: bool) -> None:
    """Collect."""
    waits = timedelta(seconds=seconds_of(grace))
    with reading_progress(as_json=as_json) as progress:
        done = collecting_service().collect(current_actor(), waits, progress, dry=dry_run)
    for one in done.recovered:
        err().print(_("Cleaned up what was left half-done: {what}").format(what=one), markup=False)
    for one in done.held_up_by:
        text = _("Nothing was swept: the next version of {dataset} is being made. Run it again later.")
        err().print(text.format(dataset=one), markup=False)
    if done.packs_problem is not None:
        text = _("The packs of colder tiers were not looked after: {problem}")
        err().print(text.format(problem=done.packs_problem), markup=False)
    if as_json:
        print_json(collected_document(done))
        return
    swept = _("{count} objects would go into the trash") if dry_run else _("{count} objects are in the trash")
    click.echo(
        _("{needed} objects are needed; {condemned} wait for the end of the grace period.").format(
            needed=f"{done.needed:,}", condemned=f"{done.condemned:,}"
        )
    )
    click.echo(f"{swept.format(count=f'{done.swept:,}')}: {bytes_text(done.swept_bytes)}")
    if done.gone:
        click.echo(
            _("{count} objects left the trash: {size} are free.").format(
                count=f"{done.gone:,}", size=bytes_text(done.gone_bytes)
            )
        )


def collected_document(done: Collected) -> dict[str, Any]:
    """A collection for machines."""
    return vars(done)
