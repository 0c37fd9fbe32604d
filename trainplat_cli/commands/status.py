"""``trainplat status``: what runs, where, since when, and how much memory it takes."""

import os
from dataclasses import dataclass

import click
import psutil
from rich.markup import escape
from rich.table import Table

from resources.home import Home
from resources.process import ProcessIdentity
from resources.texts import mark
from trainplat_cli.command import Command, option
from trainplat_cli.output import duration, mebibytes, out, print_json
from trainplat_cli.supervisor.marked import marked_processes
from trainplat_cli.supervisor.model import PartState, PartStatus, StackStatus
from trainplat_cli.supervisor.record import read_running
from trainplat_cli.texts import _, ngettext

COLOURS = {
    PartState.READY: "green",
    PartState.STARTING: "yellow",
    PartState.WAITING: "yellow",
    PartState.NOT_ANSWERING: "red",
    PartState.RESTARTING: "red",
}


@dataclass(frozen=True)
class Memory:
    """Resident memory of a stack, in bytes. Pages that processes share are counted once for each."""

    by_group: dict[int, int]
    """By process group: each part has its own."""
    supervisor: int

    @property
    def total(self) -> int:
        """Of all of it."""
        return sum(self.by_group.values()) + self.supervisor


@click.command(cls=Command, help=mark("Show each part of the stack: state, address, memory, restarts."))
@option("--json", "as_json", is_flag=True, help=mark("Print the same for machines."))
def status(as_json: bool) -> None:
    """Show the stack of the home."""
    home = Home.from_environment()
    running = read_running(home)
    left = [] if running else marked_processes(home.path)
    memory = None if running is None else measure(home, running)
    if as_json:
        print_json(_document(home, running, memory, [process.pid for process in left]))
        return
    console = out()
    if running is None or memory is None:
        console.print(_("No stack runs for {home}.").format(home=home.path), markup=False)
        if left:
            text = ngettext(
                "{count} process of a killed stack is left.",
                "{count} processes of a killed stack are left.",
                len(left),
            )
            console.print(text.format(count=len(left)))
            console.print(_("`trainplat down` or the next `trainplat up` ends what is left."))
        else:
            console.print(_("Start it with `trainplat up`."))
        return
    console.print(_("Home: {home}").format(home=home.path), markup=False)
    console.print(_table(running, memory))
    console.print(
        _("Resident memory of the whole stack: {memory}, {own} of it for the supervisor").format(
            memory=mebibytes(memory.total), own=mebibytes(memory.supervisor)
        )
    )
    for part in running.parts:
        if part.detail:
            console.print(f"[dim]{part.name}: {escape(part.detail.shown())} ({escape(str(part.log))})[/dim]")


def measure(home: Home, running: StackStatus) -> Memory:
    """The memory of the stack now."""
    by_group: dict[int, int] = {}
    for process in marked_processes(home.path, running.generation):
        try:
            group = os.getpgid(process.pid)
            rss = int(psutil.Process(process.pid).memory_info().rss)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
        by_group[group] = by_group.get(group, 0) + rss
    try:
        own = int(psutil.Process(running.supervisor.pid).memory_info().rss)
    except psutil.NoSuchProcess:
        own = 0
    return Memory(by_group, own)


def _table(running: StackStatus, memory: Memory) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in (_("part"), _("state"), _("address"), "pid", _("up for"), _("restarts"), _("memory")):
        table.add_column(title, no_wrap=True)
    for part in running.parts:
        table.add_row(
            str(part.name),
            f"[{COLOURS.get(part.state, 'dim')}]{part.state.shown()}[/]",
            escape(part.address or "-"),
            "-" if part.process is None else str(part.process.pid),
            "-" if part.process is None else _uptime(part.process),
            str(part.restarts),
            mebibytes(_memory_of(part, memory)),
        )
    return table


def _memory_of(part: PartStatus, memory: Memory) -> int:
    return 0 if part.process is None else memory.by_group.get(part.process.pid, 0)


def _document(
    home: Home, running: StackStatus | None, memory: Memory | None, left: list[int]
) -> dict[str, object]:
    if running is None or memory is None:
        return {"home": str(home.path), "phase": "down", "left_over_pids": left, "parts": []}
    return {
        "home": str(home.path),
        "phase": running.phase,
        "supervisor_pid": running.supervisor.pid,
        "started_at": running.started_at,
        "memory_bytes": memory.total,
        "supervisor_memory_bytes": memory.supervisor,
        "parts": [
            {
                "name": part.name,
                "state": part.state,
                "since": part.since,
                "address": part.address,
                "pid": None if part.process is None else part.process.pid,
                "restarts": part.restarts,
                "memory_bytes": _memory_of(part, memory),
                "detail": str(part.detail),
                "log": str(part.log),
            }
            for part in running.parts
        ],
    }


def _uptime(process: ProcessIdentity) -> str:
    return duration(max(0.0, process.age_s()))
