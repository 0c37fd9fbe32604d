"""``trainplat data upload``: bring new samples without a label to a declared data set, once."""

from pathlib import Path
from typing import Any

import click

from resources.data.versions.naming import checked_dataset
from resources.errors import ExitCode
from resources.home import Home
from resources.printable import printable
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.data.showing import reading_progress
from trainplat_cli.output import err, print_json
from trainplat_cli.texts import _, ngettext

SHOWN = 20


@click.command(
    cls=Command,
    help=mark(
        "Bring the pictures or texts at PATHS, files or folders, to DATASET. They have no label yet: its "
        "sensor takes them in within a minute, and its next version brings them into the pool. What is there "
        "already is told, and comes no second time. A .jsonl or .csv holds many texts, under 'text'."
    ),
)
@click.argument("dataset")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
@click.pass_context
def upload(context: click.Context, dataset: str, paths: tuple[Path, ...], as_json: bool) -> None:
    """Upload; the exit code is 2 where a file or line was refused; all others are uploaded."""
    from resources.data.arrivals.service import ArrivalService
    from resources.data.arrivals.uploading import Fate, Uploader, counts
    from resources.data.service import DataService

    home, of = Home.from_environment(), checked_dataset(dataset)
    arrivals = ArrivalService(home, home.database())
    uploader = Uploader(arrivals, DataService(home, home.database()), of)
    with reading_progress(as_json=as_json) as progress:
        done = list(uploader.upload(paths, progress))
    refused = [one for one in done if one.fate is Fate.REFUSED]
    bad_lines = [f"{printable(str(one.path))}: {line}" for one in done for line in one.bad_lines]
    if as_json:
        document: dict[str, Any] = {
            "dataset": of,
            **{fate.value: count for fate, count in counts(done).items()},
            "files": [vars(one) | {"path": printable(str(one.path)), "fate": one.fate.value} for one in done],
        }
        print_json(document)
    else:
        found = counts(done)
        said = _("{new} files are new to {dataset}; {known} are there already; {refused} were refused.")
        there = found[Fate.WAITS] + found[Fate.KNOWN]
        click.echo(said.format(new=found[Fate.NEW], dataset=of, known=there, refused=len(refused)))
        texts = sum(one.texts for one in done if one.fate is Fate.NEW)
        if texts != found[Fate.NEW]:
            click.echo(
                ngettext("They hold {count} new text.", "They hold {count} new texts.", texts).format(
                    count=texts
                )
            )
        for one in [one for one in done if one.reason][:SHOWN]:
            err().print(f"  {printable(str(one.path))}: {one.reason}", markup=False)
        if bad_lines:
            told = ngettext("{count} line holds no text.", "{count} lines hold no text.", len(bad_lines))
            click.echo(told.format(count=len(bad_lines)))
            for line in bad_lines[:SHOWN]:
                err().print(f"  {line}", markup=False)
        if found[Fate.NEW]:
            click.echo(_("They come into the pool with the next version."))
    if refused or bad_lines:
        context.exit(int(ExitCode.BAD_INPUT))
