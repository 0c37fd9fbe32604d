"""``trainplat data space list``: the spaces there are."""

import click

from resources.data.spaces.changes import Changes
from resources.data.spaces.model import Space, SpaceState
from resources.data.spaces.service import SpaceService
from resources.errors import TrainplatError
from resources.texts import in_language, mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.space.shown import (
    changes_document,
    space_document,
    space_service,
    user_of,
)
from trainplat_cli.output import age, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(cls=Command, help=mark("Show your spaces, and how each one shares its content."))
@option("--all", "everybody", is_flag=True, help=mark("Those of all users."))
@option("--changes", is_flag=True, help=mark("Say what was changed in each since its version."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def list(everybody: bool, changes: bool, as_json: bool) -> None:  # noqa: A001 - the command's name
    """Show them."""
    service = space_service()
    found = service.spaces(None if everybody else user_of(None))
    changed = {one.path: _changes_in(service, one) for one in found if changes and one.is_open}
    if as_json:
        documents = [space_document(one) for one in found]
        if changes:
            documents = [
                document | changes_document(changed.get(one.path))
                for document, one in zip(documents, found, strict=True)
            ]
        print_json({"spaces": documents})
        return
    if not found:
        click.echo(_("There is no space yet: trainplat data space create NAME DATASET makes one."))
        return
    titles = [_("space"), _("user"), _("version"), _("kind"), _("open"), _("age"), _("path")]
    rows = [
        [
            one.name,
            one.user,
            f"{one.dataset} {one.base}",
            one.kind.value,
            _openness(one),
            age(one.created_at),
            str(one.path),
        ]
        for one in found
    ]
    if changes:
        titles.insert(-1, _("changes"))
        for row, one in zip(rows, found, strict=True):
            row.insert(-1, _changes_text(changed.get(one.path)))
    show_table(titles, rows)


def _changes_in(service: SpaceService, one: Space) -> Changes | TrainplatError:
    """What was changed in a space, or why that cannot be told: others are told all the same."""
    try:
        return service.changes(one)
    except TrainplatError as problem:
        return problem


def _changes_text(found: Changes | TrainplatError | None) -> str:
    if found is None:
        return "-"
    if isinstance(found, TrainplatError):
        return in_language(found.problem, _)
    if not found.count:
        return _("none")
    return _("{added} added, {changed} changed, {removed} removed").format(
        added=f"{found.added:,}", changed=f"{found.changed:,}", removed=f"{found.removed:,}"
    )


def _openness(space: Space) -> str:
    if space.state is SpaceState.MAKING:
        return _("being made; after a kill: trainplat data space open {name}").format(name=space.name)
    if space.state is SpaceState.REMOVING:
        return _("being removed; after a kill: trainplat data space remove {name}").format(name=space.name)
    return _("yes") if space.is_open else _("no: trainplat data space open {name}").format(name=space.name)
