"""Showing how the stack comes up and goes down: a line for each event, and on a terminal a live one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner

from resources.clock import utc_now
from trainplat_cli.output import duration
from trainplat_cli.supervisor.logs import last_lines
from trainplat_cli.supervisor.model import PartState, PartStatus, StackPhase, StackStatus
from trainplat_cli.texts import _

SHOWN_LOG_LINES = 8


class Progress:
    """Prints what changed from one status of the stack to the next."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: StackStatus | None = None
        self._spinner = Spinner("dots")

    @contextmanager
    def live(self) -> Iterator["Progress"]:
        """Keep a line at the bottom of a terminal that says what is waited for, and for how long."""
        if not self._console.is_terminal:
            yield self
            return
        with Live(self, console=self._console, refresh_per_second=4, transient=True):
            yield self

    def take_as_known(self, status: StackStatus | None) -> None:
        """What a stack that ran already had behind it is no news."""
        self._last = status

    def show(self, status: StackStatus) -> None:
        """Print what is new in ``status``."""
        before = {} if self._last is None else {part.name: part for part in self._last.parts}
        phase_before = None if self._last is None else self._last.phase
        self._last = status
        for part in status.parts:
            self._show_part(status, before.get(part.name), part)
        if status.phase is not phase_before:
            self._show_phase(status)

    def __rich__(self) -> "Spinner | str":
        """The live line."""
        if self._last is None or self._last.phase is StackPhase.RUNNING:
            return ""
        stopping = self._last.phase is StackPhase.STOPPING
        waited_for = [
            part
            for part in self._last.parts
            if (part.process is not None if stopping else part.state is not PartState.READY)
        ]
        names = ", ".join(f"{part.name} {duration(_age_s(part.since))}" for part in waited_for)
        text = _("Stopping: {parts}") if stopping else _("Waiting for: {parts}")
        self._spinner.update(text=text.format(parts=names))
        return self._spinner

    def _show_part(self, status: StackStatus, before: PartStatus | None, part: PartStatus) -> None:
        if before is not None and before.state is part.state and before.restarts == part.restarts:
            return
        at = duration((part.since - status.started_at).total_seconds())
        if part.state is PartState.READY:
            self._line("green", "✓", part, _("ready after {time}").format(time=at), part.address or "")
        elif part.state is PartState.NOT_ANSWERING:
            self._line("yellow", "!", part, _("does not answer"), part.detail.shown())
        elif part.state is PartState.RESTARTING:
            self._line("red", "✗", part, _("ended; it is started again"), part.detail.shown())
            if part.restarts <= 1 or status.phase is StackPhase.STARTING:
                for line in last_lines(part.log, SHOWN_LOG_LINES):
                    self._console.print(f"    [dim]{escape(line)}[/dim]")
            where = _("its log: {path}").format(path=part.log)
            self._console.print(f"    [dim]{escape(where)}[/dim]")
        elif part.state is PartState.STOPPED and before is not None:
            self._line("dim", "·", part, _("stopped"), "")

    def _show_phase(self, status: StackStatus) -> None:
        took = duration(_age_s(status.started_at))
        if status.phase is StackPhase.RUNNING:
            self._console.print(_("All parts are ready after {time}.").format(time=took))
        elif status.phase is StackPhase.STOPPING:
            self._console.print(_("Stopping: running trainings go back to the queue, then every part ends."))

    def _line(self, colour: str, sign: str, part: PartStatus, what: str, detail: str) -> None:
        self._console.print(
            f"[{colour}]{sign}[/{colour}] {part.name:<13} {what:<24} {escape(detail)}".rstrip()
        )


def _age_s(moment: datetime) -> float:
    return max(0.0, (utc_now() - moment).total_seconds())
