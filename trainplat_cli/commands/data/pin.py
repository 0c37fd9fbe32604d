"""``trainplat data pin``: keep a version, whatever the rules say."""

import click

from resources.data.collecting.dependents import Dependent, Kind
from resources.data.versions.naming import checked_dataset
from resources.durations import seconds_of
from resources.texts import mark
from resources.users import current_user
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.shown import collecting_service, current_actor
from trainplat_cli.output import print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Keep VERSION of DATASET from being erased; without VERSION, list what the versions are kept for: "
        "pins, models, running trainings."
    ),
)
@click.argument("dataset")
@click.argument("version", required=False)
@option("--name", metavar="TEXT", help=mark("What the pin is called; your name by default."))
@option("--for", "for_text", metavar="TIME", help=mark("It ends by itself after this time."))
@option("--remove", is_flag=True, help=mark("Take the pin away."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def pin(
    dataset: str,
    version: str | None,
    name: str | None,
    for_text: str | None,
    remove: bool,
    as_json: bool,
) -> None:
    """Pin, unpin or list."""
    service, actor, of = collecting_service(), current_actor(), checked_dataset(dataset)
    called = name or current_user()
    if version is not None and remove:
        service.release(of, version, Kind.PIN, called, actor)
    elif version is not None:
        for_s = None if for_text is None else seconds_of(for_text)
        service.depend(of, version, Kind.PIN, called, actor, for_s=for_s)
    found = service.dependents(of)
    if as_json:
        print_json({"dependents": [dependent_document(one) for one in found]})
    elif found:
        titles = [_("version"), _("kept for"), _("name"), _("until"), _("said by")]
        show_table(
            titles,
            [
                [
                    one.key,
                    _(one.kind.value),
                    one.name,
                    "-" if one.until is None else f"{one.until:%Y-%m-%d %H:%M} UTC",
                    one.said_by,
                ]
                for one in found
            ],
        )
    else:
        click.echo(_("Nothing depends on a version of {dataset}.").format(dataset=of))


def dependent_document(one: Dependent) -> dict[str, object]:
    """What depends on a version, for machines."""
    return {
        "dataset": one.dataset,
        "version": one.key,
        "kind": one.kind.value,
        "name": one.name,
        "until": one.until,
        "said_by": one.said_by,
        "said_at": one.said_at,
    }
