"""``trainplat data show``: one version."""

import click

from resources.data.versions.naming import checked_dataset
from resources.printable import printable
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.schemas import schema_facts
from trainplat_cli.commands.data.shown import files_text, version_document, version_service
from trainplat_cli.output import age, print_json
from trainplat_cli.tables import show_facts
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark("Show VERSION of DATASET: v1.0, a tag, a branch (its newest version), or latest."),
)
@click.argument("dataset")
@click.argument("version", default="latest")
@option("--files", is_flag=True, help=mark("List its files too."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def show(dataset: str, version: str, files: bool, as_json: bool) -> None:
    """Show it."""
    service, name = version_service(), checked_dataset(dataset)
    found = service.show(name, version)
    listed = list(service.tree(found)) if files else []
    tags = [tag for tag, key in service.tags(name).items() if key == found.key]
    if as_json:
        document = version_document(found) | {"tags": tags}
        if files:
            document["listing"] = [
                {"path": path, "md5": md5, "size_bytes": size} for path, md5, size in listed
            ]
        print_json(document)
        return
    show_facts(
        [
            (_("version"), f"{found.dataset} {found.key}"),
            (_("state"), _(found.state.value)),
            (_("parents"), ", ".join(found.parents) or "-"),
            (_("tags"), ", ".join(tags) or "-"),
            (_("author"), found.author),
            (_("age"), age(found.committed_at)),
            (_("message"), found.message or "-"),
            (_("content"), files_text(found)),
            (_("tree"), found.tree_md5),
            ("SHA-256", found.tree_sha256),
            *schema_facts(found.schema),
        ]
    )
    for path, _md5, size in listed:
        click.echo(f"{size:>12}  {printable(path)}")
