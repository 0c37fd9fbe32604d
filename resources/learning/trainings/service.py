"""Trainings as the platform sees them: taken up, ended, registered; each change with its audit row."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from resources.clock import Clock, utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.errors import Conflict, NotFound
from resources.home import Home
from resources.learning.distributed.plan import Plan
from resources.learning.trainings.model import End, TakenUp, Training, TrainingId, other_fields
from resources.learning.trainings.store import LOCK, all_records, read_record, write_record
from resources.terms import Actor

LOCK_TIMEOUT_S = 30.0
"""How long one that was killed may take to end before the next takes its training up."""


class TrainingService:
    """The trainings of one home."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now) -> None:
        self.home, self.database, self.clock = home, database, clock

    def folder(self, training: TrainingId) -> Path:
        """Where a training tells and keeps everything."""
        return self.home.trainings / training.name / training.key

    def all(self) -> list[Training]:
        """Those that were taken up last first."""
        return sorted(all_records(self.home.trainings), key=lambda one: (one.last.at, one.id), reverse=True)

    def find(self, training: TrainingId) -> Training | None:
        """What is known of a training, or None."""
        return read_record(self.folder(training))

    def named(self, text: str) -> Training:
        """The training that a person means: ``NAME/KEY``, a name alone for its newest, or the begin of a key.

        Raises :class:`NotFound`, and :class:`Conflict` for the begin of several keys.
        """
        known = self.all()
        exact = [one for one in known if str(one.id) == text]
        by_name = [one for one in known if one.id.name == text]
        by_begin = [
            one for one in known if text and (one.id.key.startswith(text) or str(one.id).startswith(text))
        ]
        found = exact or by_name[:1] or by_begin
        if not found:
            raise NotFound(
                f"there is no training {text!r}",
                "`trainplat training list` shows them all.",
            )
        if len(found) > 1:
            raise Conflict(
                f"{text!r} is the begin of {len(found)} trainings: {', '.join(str(one.id) for one in found)}",
                "Give more of its key.",
            )
        return found[0]

    @contextmanager
    def following(self, training: TrainingId) -> Iterator[Path]:
        """Be the one process that follows a training; its folder.

        Raises :class:`Conflict` where another one does. The system takes the role from a killed process.
        """
        folder = self.folder(training)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(folder / LOCK, timeout=LOCK_TIMEOUT_S):
                yield folder
        except Timeout as problem:
            raise Conflict(
                f"another process follows the training {training}",
                "See `trainplat training show` for its run; give another key to train beside it.",
            ) from problem

    def take_up(
        self, training: TrainingId, plan: Plan, taken: TakenUp, actor: Actor, asset: str | None = None
    ) -> Training:
        """Note who follows it from now on. Raises :class:`Conflict` where the plan learns something else."""
        before = self.find(training)
        if before is None:
            now = Training(training, plan, (taken,), asset=asset)
        else:
            self._refuse_others(before, plan)
            ends = before.earlier if before.end is None else (*before.earlier, before.end)
            now = replace(before, plan=plan, taken_up=(*before.taken_up, taken), end=None, earlier=ends)
        verb = "begin" if before is None else "take_up"
        devices = ", ".join(taken.devices) or "no device"
        self._keep(now, actor, verb, f"{taken.processes} processes on {devices}, run {taken.run_id}")
        return now

    def end(self, training: Training, end: End, actor: Actor) -> Training:
        """Note how it ended this time."""
        now = replace(training, end=end)
        self._keep(now, actor, "end", f"{end.outcome}: {end.problem}" if end.problem else str(end.outcome))
        return now

    def became(self, training: Training, model: str, actor: Actor) -> Training:
        """Note the model version that it is registered as."""
        if training.model == model:
            return training
        now = replace(training, model=model)
        self._keep(now, actor, "register", model)
        return now

    def _refuse_others(self, before: Training, plan: Plan) -> None:
        changed = other_fields(before.plan, plan)
        if changed:
            said = ", ".join(
                f"{name} ({getattr(before.plan, name)}, now {getattr(plan, name)})" for name in changed
            )
            raise Conflict(
                f"the training {before.id} was begun with another plan: {said}",
                "Give it the plan that it was begun with, or start a new run, which is a new training.",
            )

    def _keep(self, training: Training, actor: Actor, verb: str, detail: str) -> None:
        write_record(self.folder(training.id), training)
        with self.database.write() as connection:
            row = AuditRow(self.clock(), actor, f"training.{verb}", str(training.id), detail)
            record(connection, row)
