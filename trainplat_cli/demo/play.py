"""Playing the demo: round 0 is launched, then the platform's own sensors do the rest."""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from resources.data.service import DataService
from resources.errors import TrainplatError, Unavailable
from resources.home import Home
from resources.labeling.service import LabelingService
from resources.registry.model import Decision
from resources.registry.service import RegistryService
from resources.terms import FIRST_VERSION, VersionKey, next_minor
from trainplat_cli.demo.annotator import Annotator
from trainplat_cli.demo.dagster_page import DagsterPage
from trainplat_cli.demo.model import DATASET, ROUND_JOB, RunState, RunView, Scene
from trainplat_cli.demo.news import doing, news, run_title
from trainplat_cli.output import duration
from trainplat_cli.supervisor.model import PartName, PartState, StackStatus
from trainplat_cli.supervisor.record import read_running
from trainplat_cli.texts import _, ngettext

LOOK_PAUSE_S = 1.0
STALL_TIMEOUT_S = 600.0
"""How long nothing at all may happen. A start on a slow machine takes minutes."""
MOST_FAILURES = 2
"""Failed runs of one job for one version after which the demo ends; the sensors alone would try on."""
NEEDED_FOR_ROUND_0 = (PartName.CODE_SERVER, PartName.DAGSTER, PartName.DAEMON, PartName.MLFLOW)


class GaveUp(TrainplatError):
    """The demo does not go on by itself."""


class Stage(Protocol):
    """Where the demo shows what happens."""

    def say(self, line: str) -> None:
        """Show a line that stays."""
        ...

    def doing(self, line: str) -> None:
        """Show what goes on now."""
        ...

    def stack(self, status: StackStatus) -> None:
        """Show how the parts of the stack come up."""
        ...


class Play:
    """One demo on one home, whose stack runs or starts."""

    def __init__(
        self,
        home: Home,
        rounds: int,
        stage: Stage,
        *,
        stall_timeout_s: float = STALL_TIMEOUT_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        database = home.database()
        self._home = home
        self._stage = stage
        self._stall_timeout_s = stall_timeout_s
        self._monotonic = monotonic
        self._registry = RegistryService(home, database)
        self._annotator = Annotator(LabelingService(home, database), DataService(home, database))
        self._versions = versions_of(rounds)
        self._scene: Scene | None = None
        self._page: DagsterPage | None = None
        self._happened_s = monotonic()
        self._trouble = ""
        self._failures_told: set[str] = set()
        self._old_failures: frozenset[str] = frozenset()

    def decisions(self) -> list[Decision]:
        """The decisions of the rounds that belong to the demo, in their order."""
        return [made for made in self._registry.decisions(DATASET) if made.version in self._versions]

    def is_over(self) -> bool:
        """Whether every round is decided."""
        return len(self.decisions()) == len(self._versions)

    def run(self, stop: threading.Event) -> bool:
        """Play until every round is decided (True) or ``stop`` is set (False).

        Raises GaveUp when runs keep failing, when the stack is stopped, or when nothing happens for too
        long; each says what to do.
        """
        self._happened_s = self._monotonic()
        try:
            while not stop.is_set():
                if self.step():
                    return True
                stop.wait(LOOK_PAUSE_S)
        finally:
            if self._page is not None:
                self._page.close()
        return False

    def step(self) -> bool:
        """Look once, tell what is new, and do what is the demo's to do. Returns whether it is over."""
        if self._monotonic() - self._happened_s > self._stall_timeout_s:
            raise self._stalled()
        status = read_running(self._home)
        if status is None:
            raise stack_vanished(self._home)
        self._stage.stack(status)
        if not _can_begin(status):
            return False
        try:
            return self._play(status)
        except Unavailable as problem:
            # A part that was killed is back in a while; what stays away is told when the patience ends.
            self._trouble = str(problem)
            self._stage.doing(problem.problem)
            return False

    def _play(self, status: StackStatus) -> bool:
        if self._page is None:
            self._page = DagsterPage(status.part(PartName.DAGSTER).address or "")
        scene = self._look(self._page)
        if self._scene is None:
            # What failed before the demo was started again has been mended, or fails once more.
            self._old_failures = frozenset(run.run_id for run in scene.runs if run.state is RunState.FAILED)
        lines = news(self._scene, scene)
        for line in lines:
            self._stage.say(line)
        self._scene, self._trouble = scene, ""
        if lines:
            self._happened_s = self._monotonic()
        if len(scene.decisions) == len(self._versions) and not scene.rounds_under_way():
            return True
        self._judge_failures(self._page, scene)
        self._stage.doing(doing(scene, time.time()))
        if self._launch_round_0(self._page, scene) or self._answer():
            self._happened_s = self._monotonic()
        return False

    def _look(self, page: DagsterPage) -> Scene:
        # Runs first: a run seen as done has its decision by then.
        runs = tuple(
            run
            for run in page.runs()
            if run.version in self._versions and run.run_id not in self._old_failures
        )
        return Scene(tuple(self.decisions()), runs, len(self._annotator.waiting(self._answered_versions())))

    def _launch_round_0(self, page: DagsterPage, scene: Scene) -> bool:
        newest = scene.newest_run(ROUND_JOB, FIRST_VERSION)
        if scene.decisions or (newest is not None and newest.state is not RunState.CANCELED):
            return False
        page.add_version(FIRST_VERSION)
        page.launch_round(FIRST_VERSION)
        return True

    def _answer(self) -> bool:
        waiting = self._annotator.waiting(self._answered_versions())
        if not waiting:
            return False
        text = ngettext(
            "answering {count} question in Label Studio",
            "answering {count} questions in Label Studio",
            len(waiting),
        )
        self._stage.doing(text.format(count=len(waiting)))
        began_s = self._monotonic()
        answered = self._annotator.answer(waiting)
        took = duration(self._monotonic() - began_s)
        text = ngettext(
            "{count} question of {version} answered in Label Studio in {time}",
            "{count} questions of {version} answered in Label Studio in {time}",
            answered,
        )
        self._stage.say(text.format(count=answered, version=waiting[0].version, time=took))
        return True

    def _answered_versions(self) -> tuple[VersionKey, ...]:
        """Those whose questions lead to a round of the demo. The last one's are left to people."""
        return self._versions[:-1]

    def _judge_failures(self, page: DagsterPage, scene: Scene) -> None:
        for run in scene.runs:
            told = self._failures_told | self._old_failures
            if run.state is not RunState.FAILED or run.run_id in told:
                continue
            self._failures_told.add(run.run_id)
            why, address = page.failure(run.run_id), page.run_address(run.run_id)
            self._stage.say(_("{run} failed: {why}").format(run=run_title(run), why=why))
            self._stage.say(_("see {address}").format(address=address))
            if len(_failures_like(run, scene)) >= MOST_FAILURES and _is_newest(run, scene):
                raise GaveUp(
                    _("{run} failed {count} times; the last time: {why}").format(
                        run=run_title(run), count=len(_failures_like(run, scene)), why=why
                    ),
                    _("See {address}, mend what it names, then run the demo again.").format(address=address),
                )
            self._stage.say(_("the sensors try it again by themselves"))

    def _stalled(self) -> GaveUp:
        waits = self._trouble or (
            doing(self._scene, time.time()) if self._scene else _("the stack is not ready")
        )
        return GaveUp(
            _("nothing has happened for {time}: {what}").format(
                time=duration(self._stall_timeout_s), what=waits
            ),
            _("See `trainplat status`, `trainplat doctor`, and the sensors in Dagster; then run it again."),
        )


def versions_of(rounds: int) -> tuple[VersionKey, ...]:
    """The versions of a demo: the first one, and one for each further round."""
    versions = [FIRST_VERSION]
    for _round in range(rounds):
        versions.append(next_minor(versions[-1]))
    return tuple(versions)


def stack_vanished(home: Home) -> GaveUp:
    """The stack that the demo plays on is there no more."""
    return GaveUp(
        _("the stack of {home} was stopped").format(home=home.path),
        _("Run the demo again: it goes on where it was."),
    )


def _can_begin(status: StackStatus) -> bool:
    states = {part.name: part.state for part in status.parts}
    return all(states.get(name) is PartState.READY for name in NEEDED_FOR_ROUND_0)


def _failures_like(run: RunView, scene: Scene) -> list[RunView]:
    return [
        other
        for other in scene.runs
        if (other.job, other.version, other.state) == (run.job, run.version, RunState.FAILED)
    ]


def _is_newest(run: RunView, scene: Scene) -> bool:
    return scene.newest_run(run.job, run.version) == run
