"""``trainplat model pull``."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from resources.home import Home
from resources.serving.layers.model import Role, Watch
from resources.serving.layers.pulling import PullService
from resources.serving.references import parse_reference
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import current_actor
from trainplat_cli.commands.model.shown import size
from trainplat_cli.output import err, out, print_json
from trainplat_cli.texts import _


@click.command(
    cls=Command,
    help=mark(
        "Bring a model's layers, its weights, signature and config, into this home by their digests, "
        "verified. What has come of one that was killed is gone on with."
    ),
)
@click.argument("reference")
@option("--from", "server", metavar="URL", help=mark("Another MLflow server than this home's."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def pull(reference: str, server: str | None, as_json: bool) -> None:
    """Pull it."""
    home = Home.from_environment()
    service = PullService(home, home.database())
    with _bars() as watch:
        manifest = service.pull(parse_reference(reference), current_actor(), server, watch)
    layers = [{**layer.__dict__, "path": str(service.store.path(layer.digest))} for layer in manifest.layers]
    if as_json:
        print_json(
            {
                "name": manifest.name,
                "number": manifest.number,
                "dataset_version": manifest.dataset_version,
                "origin": manifest.origin,
                "layers": layers,
            }
        )
        return
    text = _("{name}:{number} is here, verified: {digest}, {size}.")
    out().print(
        text.format(
            name=manifest.name,
            number=manifest.number,
            digest=manifest.layer(Role.WEIGHTS).digest[:12],
            size=size(manifest.size_bytes),
        ),
        markup=False,
    )


@contextmanager
def _bars() -> Iterator[Watch]:
    """A bar for each layer on a terminal; in a pipe a line for each that is there."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

    console, tasks = err(), dict[str, TaskID]()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True))
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:

        def watch(role: Role, digest: str, done_bytes: int, total_bytes: int) -> None:
            if digest not in tasks:
                tasks[digest] = progress.add_task(f"{_(ROLES[role])} {digest[:12]}", total=total_bytes)
            progress.update(tasks[digest], completed=done_bytes, total=total_bytes)
            if not console.is_terminal and done_bytes >= total_bytes:
                console.print(f"{_(ROLES[role])} {digest[:12]} {size(total_bytes)}", markup=False)

        yield watch


ROLES = {Role.WEIGHTS: mark("weights"), Role.SIGNATURE: mark("signature"), Role.CONFIG: mark("config")}
