"""``trainplat data verify``: read every object, and name what is damaged."""

import click

from resources.data.versions.naming import checked_dataset
from resources.errors import ExitCode
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.showing import reading_progress
from trainplat_cli.commands.data.shown import bytes_text, collecting_service
from trainplat_cli.output import print_json
from trainplat_cli.texts import _

SHOWN = 20


@click.command(
    cls=Command,
    help=mark(
        "Read every object of VERSION, of all versions of DATASET, or of all there are, and name what is "
        "damaged with every version that it touches."
    ),
)
@click.argument("dataset", required=False)
@click.argument("version", required=False)
@option("--repair", is_flag=True, help=mark("Bring damaged objects back, from the trash or a remote."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
@click.pass_context
def verify(
    context: click.Context, dataset: str | None, version: str | None, repair: bool, as_json: bool
) -> None:
    """Verify; the exit code is 1 where something is damaged and was not repaired."""
    with reading_progress(as_json=as_json) as progress:
        of = None if dataset is None else checked_dataset(dataset)
        found = collecting_service().verify(of, version, progress, mend=repair)
    if as_json:
        print_json(vars(found))
    else:
        click.echo(
            _(
                "{versions} versions, {objects} objects, {size}: {damaged} damaged, {repaired} repaired."
            ).format(
                versions=f"{len(found.versions):,}",
                objects=f"{found.objects:,}",
                size=bytes_text(found.size_bytes),
                damaged=f"{len(found.damaged):,}",
                repaired=f"{len(found.repaired):,}",
            )
        )
        for name in found.damaged[:SHOWN]:
            click.echo(f"  {name}")
        if found.damaged:
            touched = ", ".join(found.touched)
            click.echo(_("They belong to {versions}.").format(versions=touched))
            click.echo(
                _("Next: commit a folder that still has the files; no remote or tier in reach has them.")
                if repair
                else _("Next: trainplat data verify --repair, or commit a folder that still has the files.")
            )
    if found.damaged:
        context.exit(int(ExitCode.FAILED))
