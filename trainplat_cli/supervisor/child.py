"""One part as a process: started, asked how it is, restarted when it dies or no longer answers."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from pathlib import Path

from resources.clock import Clock, utc_now
from resources.process import ProcessIdentity, end_group, group_members
from resources.texts import mark
from trainplat_cli.supervisor.backoff import deaths_in_a_row, pause_s
from trainplat_cli.supervisor.detail import Detail
from trainplat_cli.supervisor.logs import write_header
from trainplat_cli.supervisor.model import Answer, Part, PartName, PartState, PartStatus, ProbeResult
from trainplat_cli.supervisor.ports import holder_of, listens

NOTHING = Detail()
"""There is nothing to say of a part."""


@dataclass(frozen=True)
class Patience:
    """How often a part is asked, and for how long it may fail to answer. In seconds."""

    asked_when_starting_s: float = 0.3
    asked_when_ready_s: float = 10.0
    asked_when_ill_s: float = 2.0
    start_s: float = 300.0
    """From its start until it is ready; then it is started again."""
    refused_s: float = 10.0
    """It lives and refuses, as when the process behind it died; then it is started again."""
    silent_s: float = 120.0
    """It lives and is silent, as when the machine is busy; then it is started again."""


class Child:
    """One part and its process. :meth:`tick` moves it on; it never waits for long."""

    def __init__(
        self,
        part: Part,
        log: Path,
        executor: Executor,
        *,
        patience: Patience | None = None,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.part = part
        self._executor = executor
        self._patience = patience or Patience()
        self._clock = clock
        self._monotonic = monotonic
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths = 0
        self._since_s = monotonic()
        self._asked_at_s = 0.0
        self._question: Future[ProbeResult] | None = None
        self._ready_since_s: float | None = None
        self._refused_since_s: float | None = None
        self.was_ready = False
        self.status = PartStatus(part.name, PartState.WAITING, clock(), log, part.address)

    def tick(self, is_ready: Callable[[PartName], bool]) -> None:
        """Look at the process, and do what is due."""
        match self.status.state:
            case PartState.WAITING:
                if self.part.after is None or is_ready(self.part.after):
                    self._start()
            case PartState.RESTARTING:
                if self._here_for_s() >= pause_s(self._deaths):
                    self._start()
            case PartState.STOPPED:
                return
            case _:
                self._look_after()

    def ask_to_end(self) -> None:
        """Ask the process and everything in its group to end; it is not started again."""
        if self._process is not None:
            _signal_group(self._process.pid, signal.SIGTERM)
        self._enter(PartState.STOPPED if self._process is None else self.status.state)

    def has_ended(self) -> bool:
        """Whether nothing is left of it, after :meth:`ask_to_end`."""
        if self._process is None:
            return True
        if self._process.poll() is None or group_members(self._process.pid):
            return False
        self._forget_process(PartState.STOPPED)
        return True

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            _signal_group(self._process.pid, signal.SIGKILL)
            self._process.wait()
            end_group(self._process.pid, grace_s=0)
            self._forget_process(PartState.STOPPED)

    def _start(self) -> None:
        self._question = self._ready_since_s = self._refused_since_s = None
        self.status.log.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.status.log.open("ab") as log:
                write_header(log, self._clock())
                self._process = subprocess.Popen(
                    self.part.command,
                    env=dict(self.part.environment),
                    cwd=self.part.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    # A group of its own: Ctrl-C reaches the supervisor only, which stops all in order.
                    start_new_session=True,
                )
        except OSError as problem:
            self._bury(Detail(mark("it cannot be started: {problem}"), {"problem": str(problem)}))
            return
        self.status = replace(self.status, process=ProcessIdentity.of(self._process.pid))
        self._enter(PartState.STARTING)

    def _look_after(self) -> None:
        assert self._process is not None  # noqa: S101 - every state that gets here has one
        code = self._process.poll()
        if code is not None:
            self._bury(_end_in_words(code))
            return
        found = self._ask()
        if found is not None:
            self._judge(found)
        self._lose_patience()

    def _ask(self) -> ProbeResult | None:
        """What the probe found, once for each time it was asked; None while it asks or none is due."""
        if self._question is not None:
            if not self._question.done():
                return None
            question, self._question = self._question, None
            return question.result()
        state, patience = self.status.state, self._patience
        if state is PartState.READY and not self.part.probed_when_ready:
            return None
        pause = {
            PartState.STARTING: patience.asked_when_starting_s,
            PartState.READY: patience.asked_when_ready_s,
        }.get(state, patience.asked_when_ill_s)
        if self._monotonic() - self._asked_at_s >= pause:
            self._asked_at_s = self._monotonic()
            self._question = self._executor.submit(self.part.probe)
        return None

    def _judge(self, found: ProbeResult) -> None:
        if found.answer is Answer.OK:
            if self.status.state is PartState.STARTING and not self._is_what_answers():
                port = self.part.port or 0
                taken = mark("port {port} is taken by {holder}")
                self._describe(Detail(taken, {"port": port, "holder": holder_of(port)}))
                return
            self.was_ready = True
            self._refused_since_s = None
            if self.status.state is PartState.STARTING:
                self._ready_since_s = self._monotonic()
            if self.status.state is not PartState.READY:
                self._enter(PartState.READY)
            return
        if found.answer is Answer.SILENT:
            self._refused_since_s = None
        elif self._refused_since_s is None:
            self._refused_since_s = self._monotonic()
        if self.status.state is PartState.READY:
            self._enter(PartState.NOT_ANSWERING, Detail.of(found.detail))
        elif self.status.state is PartState.NOT_ANSWERING:
            self._describe(Detail.of(found.detail))

    def _is_what_answers(self) -> bool:
        """Whether the answer came from our process, and not from another that has the port."""
        if self.part.port is None or self._process is None:
            return True
        return listens((member.pid for member in group_members(self._process.pid)), self.part.port)

    def _lose_patience(self) -> None:
        if self.status.state is PartState.STARTING and self._here_for_s() >= self._patience.start_s:
            self._end_ill(Detail(mark("not ready after {seconds:g} s"), {"seconds": self._patience.start_s}))
        elif self.status.state is PartState.NOT_ANSWERING:
            refused_since_s = self._refused_since_s
            refused_for_s = 0.0 if refused_since_s is None else self._monotonic() - refused_since_s
            if refused_for_s >= self._patience.refused_s or self._here_for_s() >= self._patience.silent_s:
                self._end_ill(
                    Detail(
                        mark("no answer for {seconds:.0f} s: {detail}"),
                        {"seconds": self._here_for_s(), "detail": self.status.detail},
                    )
                )

    def _end_ill(self, why: Detail) -> None:
        assert self._process is not None  # noqa: S101 - only a living process is ill
        _signal_group(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._bury(why)

    def _bury(self, why: Detail) -> None:
        """It is dead: end what it left in its group, and start it again after a pause."""
        ready_for_s = 0.0 if self._ready_since_s is None else self._monotonic() - self._ready_since_s
        self._deaths = deaths_in_a_row(self._deaths, ready_for_s)
        if self._process is not None:
            end_group(self._process.pid, grace_s=0)
        self._forget_process(PartState.RESTARTING, why)
        self.status = replace(self.status, restarts=self.status.restarts + 1)

    def _forget_process(self, state: PartState, detail: Detail = NOTHING) -> None:
        self._process = None
        self.status = replace(self.status, process=None)
        self._enter(state, detail)

    def _enter(self, state: PartState, detail: Detail = NOTHING) -> None:
        self._since_s = self._monotonic()
        self.status = replace(self.status, state=state, since=self._clock(), detail=detail)

    def _describe(self, detail: Detail) -> None:
        if detail != self.status.detail:
            self.status = replace(self.status, detail=detail)

    def _here_for_s(self) -> float:
        return self._monotonic() - self._since_s


def _signal_group(group: int, sent: signal.Signals) -> None:
    try:
        os.killpg(group, sent)
    except ProcessLookupError:
        return


def _end_in_words(code: int) -> Detail:
    if code < 0:
        return Detail(mark("killed by {signal}"), {"signal": signal.Signals(-code).name})
    return Detail(mark("ended with exit code {code}"), {"code": code})
