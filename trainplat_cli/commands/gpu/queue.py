"""``trainplat gpu queue``: who waits for devices, since when, and why."""

from typing import Any

import click
from rich.markup import escape

from resources.gpu.model import WaitingRequest
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.commands.gpu.parse import meaning
from trainplat_cli.commands.gpu.shown import gpu_service, line_of, moment, named, short, waiting_because
from trainplat_cli.output import age, out, print_json
from trainplat_cli.tables import show_table
from trainplat_cli.texts import _


@click.command(cls=Command, help=mark("Show who waits for devices, since when, and why."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def queue(as_json: bool) -> None:
    """Show the line, in the order in which the next pass looks at it."""
    waiting = line_of(gpu_service())
    if as_json:
        print_json({"waiting": [_document(place, one) for place, one in enumerate(waiting, start=1)]})
        return
    console = out()
    if not waiting:
        console.print(_("Nobody waits. A run that asks for devices while all are in use appears here."))
        return
    titles = ("", _("run"), _("owner"), _("request"), _("priority"), _("waits for"), _("start"), _("means"))
    show_table(titles, [_row(place, one) for place, one in enumerate(waiting, start=1)])
    console.print()
    for one in waiting:
        console.print(f"{short(one.run_id)}  {escape(waiting_because(one))}")


def _document(place: int, waiting: WaitingRequest) -> dict[str, Any]:
    request = waiting.request
    return {
        "place": place,
        "run": waiting.run_id,
        "attempt": waiting.attempt,
        "project": waiting.owner.project,
        "user": waiting.owner.user,
        "request": request.text,
        "count": request.count,
        "model": request.model,
        "fraction": request.fraction,
        "memory": request.memory_mib,
        "mode": request.mode.value,
        "priority": waiting.terms.priority,
        "preemptible": waiting.terms.preemptible,
        "submitted_at": waiting.submitted_at,
        "waiting_since": waiting.queued_at or waiting.submitted_at,
        "rule": waiting.rule,
        "reason": waiting.reason,
        "expected_at": waiting.expected_at,
    }


def _row(place: int, waiting: WaitingRequest) -> tuple[str, ...]:
    return (
        str(place),
        short(waiting.run_id),
        named(waiting.owner),
        waiting.request.text,
        str(waiting.terms.priority),
        age(waiting.queued_at or waiting.submitted_at),
        "-" if waiting.expected_at is None else moment(waiting.expected_at),
        meaning(waiting.request),
    )
