"""``trainplat data push``: bring versions to a remote."""

import click

from resources.data.versions.naming import checked_dataset
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.showing import reading_progress
from trainplat_cli.commands.data.shown import bytes_text, current_actor, place_service, version_document
from trainplat_cli.output import print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Bring VERSION of DATASET, or all its versions, to a remote, from which `dvc pull` works too. Only "
        "what is new there is sent."
    ),
)
@click.argument("dataset")
@click.argument("version", required=False)
@option("--remote", metavar="NAME", help=mark("Which one, where there are several."))
@option(
    "--again",
    is_flag=True,
    help=mark(
        "Look at every object there, whatever was pushed before, and send those again that are missing or "
        "damaged."
    ),
)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def push(dataset: str, version: str | None, remote: str | None, again: bool, as_json: bool) -> None:
    """Push."""
    with reading_progress(as_json=as_json) as progress:
        done = place_service().push(
            checked_dataset(dataset), version, remote, current_actor(), progress, again=again
        )
    if as_json:
        print_json(
            {
                "versions": [version_document(one) for one in done.versions],
                "looked_for": done.looked_for,
                "sent": done.sent,
                "sent_bytes": done.sent_bytes,
            }
        )
        return
    said = _("{versions} versions are new there; {objects} objects, {size}, were sent.")
    click.echo(
        said.format(versions=len(done.versions), objects=f"{done.sent:,}", size=bytes_text(done.sent_bytes))
    )
