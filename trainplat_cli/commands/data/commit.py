"""``trainplat data commit``: make a folder the next version of a data set."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from resources.data.storage.ingesting import Taking
from resources.data.storage.scanning import files_below
from resources.data.versions.committing import Wanted
from resources.data.versions.model import BranchState, Committed
from resources.data.versions.naming import checked_dataset
from resources.errors import BadInput
from resources.texts import mark
from resources.users import current_user
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.showing import reading_progress
from trainplat_cli.commands.data.shown import bytes_text, current_actor, version_document, version_service
from trainplat_cli.output import print_json
from trainplat_cli.texts import _

if TYPE_CHECKING:
    from resources.data.schemas.comparing import SchemaChange


@click.command(
    cls=Command,
    help=mark(
        "Make FOLDER the next version of DATASET. Only what changed since the last time is read. Where "
        "somebody else has committed meanwhile, the version goes to a branch of its own, to be merged."
    ),
)
@click.argument("dataset")
@click.argument("folder", type=click.Path(path_type=Path))
@option("-m", "--message", default="", metavar="TEXT", help=mark("What changed, for those who look."))
@option("--base", metavar="VERSION", help=mark("The version that the folder was made from."))
@option(
    "--link",
    is_flag=True,
    help=mark(
        "Hand the files over: they become the store's, read-only, and are not copied. Whoever owns them "
        "could still write them, which damages the version; `verify` sees it."
    ),
)
@option(
    "--schema",
    "schema",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help=mark(
        "Declare what the files have in common: an object of JSON, which this version and those after it "
        "keep. An empty one, {}, lets it be read from the files again."
    ),
)
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def commit(
    dataset: str,
    folder: Path,
    message: str,
    base: str | None,
    link: bool,
    schema: Path | None,
    as_json: bool,
) -> None:
    """Commit, and say what became of it."""
    wanted = Wanted(
        dataset=checked_dataset(dataset),
        root=folder.absolute(),
        message=message,
        author=current_actor(),
        user=current_user(),
        base=base,
        taking=Taking.LINK if link else Taking.COPY,
        schema=None if schema is None else _declared(schema),
    )
    with reading_progress(lambda: files_below(wanted.root), as_json=as_json) as progress:
        made = version_service().commit(wanted, progress)
    if as_json:
        print_json(committed_document(made))
    else:
        click.echo(committed_text(made))


def _declared(file: Path) -> str:
    from resources.data.schemas.texts import declaration

    name = str(file)
    try:
        with click.open_file(name, encoding="utf-8") as stream:
            return declaration(stream.read(), "what was given" if name == "-" else name)
    except (OSError, UnicodeDecodeError) as problem:
        raise BadInput(
            f"{name} cannot be read: {problem}", "Name a file of JSON in UTF-8, or - for what is given."
        ) from problem


def committed_document(made: Committed) -> dict[str, object]:
    """What a commit made, for machines."""
    return {
        **version_document(made.version),
        "new": made.is_new,
        "added": made.added,
        "changed": made.changed,
        "removed": made.removed,
        "new_bytes": made.new_bytes,
        "overtaken_by": made.overtaken_by,
        "held_by": made.held_by,
        "instead_of": None if made.instead_of is None else made.instead_of.name,
        "schema_changes": [_change_document(change) for change in made.schema_changes],
    }


def _change_document(change: "SchemaChange") -> dict[str, object]:
    # Loaded by those only whose schema changed: a commit without changes is done in the time of this.
    from trainplat_cli.commands.data.schemas import change_document

    return change_document(change)


def committed_text(made: Committed) -> str:
    """What a commit made, for people."""
    version = made.version
    if not made.is_new:
        return _("Nothing changed: the folder is {dataset} {version}.").format(
            dataset=version.dataset, version=version.key
        )
    said = _(
        "{dataset} {version}: {files} files, {size}; {added} added, {changed} changed, {removed} removed, "
        "{new} new."
    ).format(
        dataset=version.dataset,
        version=version.key,
        files=f"{version.files:,}",
        size=bytes_text(version.size_bytes),
        added=f"{made.added:,}",
        changed=f"{made.changed:,}",
        removed=f"{made.removed:,}",
        new=bytes_text(made.new_bytes),
    )
    if made.schema_changes:
        from trainplat_cli.commands.data.schemas import breaking_lines

        said = "\n".join([said, *breaking_lines(made.schema_changes)])
    if made.instead_of is not None:
        was_merged = _(
            "The branch {old} was merged meanwhile, so yours is on a new one from the same base. "
            "Next: trainplat data merge {dataset} {branch}"
        )
        was_closed = _(
            "The branch {old} was given up meanwhile, so yours is on a new one from the same base. "
            "Next: trainplat data merge {dataset} {branch}"
        )
        told = was_merged if made.instead_of.state is BranchState.MERGED else was_closed
        return f"{said}\n" + told.format(
            old=made.instead_of.name, dataset=version.dataset, branch=version.branch
        )
    if made.overtaken_by is None and made.held_by is None:
        return said
    if made.held_by is not None:
        return (
            said
            + "\n"
            + _(
                "The line is locked by {holder}, so yours is on a branch. "
                "Next: trainplat data merge {dataset} {branch}"
            ).format(holder=made.held_by, dataset=version.dataset, branch=version.branch)
        )
    return (
        said
        + "\n"
        + _(
            "{other} was committed meanwhile, so yours is on a branch. "
            "Next: trainplat data merge {dataset} {branch}"
        ).format(other=made.overtaken_by, dataset=version.dataset, branch=version.branch)
    )
