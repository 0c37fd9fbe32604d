"""``trainplat data scrub``: read the next part of the store, and mend what is damaged."""

import click

from resources.errors import ExitCode
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.showing import reading_progress
from trainplat_cli.commands.data.shown import bytes_text, collecting_service, current_actor
from trainplat_cli.output import print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _, ngettext


@click.command(
    cls=Command,
    help=mark(
        "Read the next part of the store, as the schedule data_upkeep does by itself, and bring back what "
        "is damaged. Parts are sized so that all is read every 14 days. With --show only say what is known "
        "to be damaged."
    ),
)
@option("--show", "only_show", is_flag=True, help=mark("Read nothing."))
@option(
    "--most-mib",
    type=click.IntRange(min=1),
    metavar="N",
    help=mark("Read about so many MiB of objects, and as many of packs."),
)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
@click.pass_context
def scrub(context: click.Context, only_show: bool, most_mib: int | None, as_json: bool) -> None:
    """Scrub; the exit code is 1 where something is damaged and not repaired, or could not be looked at."""
    service = collecting_service()
    most_bytes = None if most_mib is None else most_mib * 1024 * 1024
    with reading_progress(as_json=as_json) as progress:
        done = None if only_show else service.scrub(current_actor(), most_bytes, progress)
    known = service.damage()
    if as_json:
        damage = [dict(vars(one)) for one in known]
        print_json({"slice": None if done is None else vars(done), "damage": damage})
    else:
        if done is not None:
            said = _(
                "{objects} objects, {size}: {damaged} damaged, {repaired} repaired. {share} of the store "
                "are behind this pass; it was read as a whole {passes} times."
            )
            click.echo(
                said.format(
                    objects=f"{done.objects:,}",
                    size=bytes_text(done.size_bytes),
                    damaged=f"{len(done.damaged):,}",
                    repaired=f"{len(done.repaired):,}",
                    share=f"{done.done_share:.0%}",
                    passes=done.passes,
                )
            )
            if done.packs:
                said = ngettext(
                    "{packs} pack of the warm tier: {damaged} damaged, {mended} written anew.",
                    "{packs} packs of the warm tier: {damaged} damaged, {mended} written anew.",
                    done.packs,
                ).format(packs=done.packs, damaged=len(done.packs_damaged), mended=done.packs_mended)
                click.echo(said)
            if done.packs_problem:
                click.echo(done.packs_problem, err=True)
        if known:
            rows = [[one.name, f"{one.found_at:%Y-%m-%d %H:%M} UTC", ", ".join(one.touched)] for one in known]
            show_table([_("damaged object"), _("found at"), _("versions that have it")], rows)
            click.echo(
                _("Next: trainplat data verify --repair, or commit a folder that still has the files.")
            )
        elif only_show:
            click.echo(_("Nothing is known to be damaged."))
    if known or (done is not None and not done.is_mended):
        context.exit(int(ExitCode.FAILED))
