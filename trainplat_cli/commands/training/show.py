"""``trainplat training show``."""

from dataclasses import asdict

import click
from rich.markup import escape

from resources.learning.distributed.logs import tail
from resources.learning.distributed.progress import Hung
from resources.learning.trainings.looking import all_told, kept_checkpoints, thinned
from resources.learning.trainings.use import newest_use
from resources.learning.trainings.words import resumption_in_words, sentence
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.shown import waiting_because
from trainplat_cli.commands.training.shown import document, known, resumption_document
from trainplat_cli.output import age, out, print_json
from trainplat_cli.tables import show_facts, show_table
from trainplat_cli.texts import _

MOST_POINTS = 1000
LOG_LINES = 20


@click.command(
    cls=Command, help=mark("Show one training: by its name, for the newest of that name, or by its key.")
)
@click.argument("training")
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines, with its curve."))
@option("--log", "with_log", is_flag=True, help=mark("Print the last lines that its processes wrote, too."))
def show(training: str, as_json: bool, with_log: bool) -> None:
    """Show how it stands, what it kept, and what became of it."""
    found = known()
    one = found.service.named(training)
    folder = found.service.folder(one.id)
    stands, told = all_told(one, folder)
    waits = found.waits(one, stands)
    checkpoints, uses = kept_checkpoints(folder), newest_use(folder)
    if as_json:
        hang = None if stands.hang is None else stands.hang.event
        print_json(
            {
                **document(one, stands, waits),
                "folder": str(folder),
                "curve": [asdict(point) for point in thinned(told, MOST_POINTS)],
                "resumptions": [resumption_document(again) for again in stands.resumptions],
                "hang": asdict(hang) if isinstance(hang, Hung) else None,
                "checkpoints": [
                    {"step": kept.step, "path": str(kept.path), "size_bytes": kept.size_bytes, "at": kept.at}
                    for kept in checkpoints
                ],
                "use": [asdict(device) for device in uses[-1].devices] if uses else [],
            }
        )
        return
    console = out()
    console.print(f"[bold]{escape(str(one.id))}[/bold]  {escape(sentence(one, stands, _))}")
    if waits is not None:
        console.print(escape(waiting_because(waits)))
    facts = [(_("run"), f"{one.last.run_id} · {one.last.attempt}"), (_("folder"), str(folder))]
    if stands.point is not None:
        point = stands.point
        facts += [
            (_("loss"), f"{point.loss:.4f}"),
            (_("learning rate"), f"{point.learning_rate:.3g}"),
            (_("samples per second"), f"{point.samples_per_s:,.1f}"),
        ]
    if uses:
        shares = [f"{use.device} {use.share:.0%}" for use in uses[-1].devices if use.share is not None]
        facts.append((_("use of devices"), ", ".join(shares)))
    facts += [(name, f"{value:.4f}") for name, value in stands.scores.items()]
    if one.model is not None:
        facts.append((_("registered as"), one.model))
    show_facts(facts)
    for again in stands.resumptions:
        console.print(escape(resumption_in_words(again, _)))
    if checkpoints:
        console.print()
        rows = [
            (f"{kept.step:,}", f"{kept.size_bytes / 1e6:,.1f} MB", age(kept.at), str(kept.path))
            for kept in checkpoints
        ]
        show_table((_("checkpoint after step"), _("size"), _("written"), _("folder")), rows)
    if with_log:
        console.print()
        for line in tail(folder, LOG_LINES):
            console.print(escape(f"[{line.process}] {line.text}"))
