"""Trainings as the platform sees them: taken up, ended, registered; each change with its audit row."""

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from resources.clock import Clock, utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.errors import Conflict, NotFound
from resources.home import Home
from resources.learning.distributed.plan import Plan
from resources.learning.trainings.looking import stands_now
from resources.learning.trainings.model import End, TakenUp, Training, TrainingId, other_fields
from resources.learning.trainings.result import ROUND
from resources.learning.trainings.retention import Held, Rule, awaiting, in_use, starts_from, to_remove
from resources.learning.trainings.store import LOCK, all_records, read_record, write_record
from resources.terms import Actor

LOCK_TIMEOUT_S = 30.0
"""How long one that was killed may take to end before the next takes its training up."""


@dataclass(frozen=True)
class Removed:
    """A training whose folder is gone."""

    id: TrainingId
    size_bytes: int


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
                # Where it was removed meanwhile, the lock is one on nothing.
                if not (folder / LOCK).exists():
                    raise Conflict(f"the training {training} was removed meanwhile", "Start it again.")
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

    def settle(self, training: str, model: str, actor: Actor) -> None:
        """Note what a training became where a kill had come before that; its checkpoint is of no use then."""
        known = next((one for one in self.all() if str(one.id) == training), None)
        if known is None or known.model is not None or known.last.process.is_alive():
            return
        with self.following(known.id) as folder:
            self.became(known, model, actor)
            (folder / ROUND).unlink(missing_ok=True)

    def held(self, at_work: Mapping[str, str]) -> list[Held]:
        """All of them, as retention sees them. ``at_work``: as :func:`awaiting` takes it."""
        return [
            Held(
                one,
                stands_now(one, self.folder(one.id)).state,
                self.folder(one.id),
                awaiting(one, at_work),
            )
            for one in self.all()
        ]

    def keep_by_rule(self, rule: Rule, at_work: Mapping[str, str], actor: Actor) -> list[Removed]:
        """Remove the folders that the rule keeps no longer; those that somebody follows now stay."""
        self._finish_removals()
        done = []
        for one in to_remove(self.held(at_work), rule, self.clock()):
            with suppress(Conflict):
                done.append(self._remove(one.training.id, actor, "by the rule of retention"))
        return done

    def remove(self, training: TrainingId, at_work: Mapping[str, str], actor: Actor) -> Removed:
        """Remove the folder of a training: checkpoints, curves and log. Its model in MLflow stays.

        Raises :class:`NotFound`; :class:`Conflict` for one that runs, that a run waits to go on with, or that
        another one starts from.
        """
        held = self.held(at_work)
        found = next((one for one in held if one.training.id == training), None)
        if found is None:
            raise NotFound(f"there is no training {training}", "`trainplat training list` shows them all.")
        if in_use(found):
            run = found.awaited_by or found.training.last.run_id
            raise Conflict(
                f"the training {training} is {found.state}: the run {run} works on it, or will",
                "Cancel that run in the Dagster UI first.",
            )
        others = starts_from(held, found.folder)
        if others:
            names = ", ".join(str(one.id) for one in others)
            raise Conflict(
                f"{names} starts from a checkpoint of {training} and is not finished",
                "Let it finish, or remove that one first.",
            )
        self._finish_removals()
        return self._remove(training, actor, "by hand")

    def _remove(self, training: TrainingId, actor: Actor, why: str) -> Removed:
        """First out of sight, in one step, then off the disk: a kill in between leaves no half training."""
        folder = self.folder(training)
        try:
            with FileLock(folder / LOCK, timeout=0):
                size = sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
                removed = Removed(training, size)
                with self.database.write() as connection:
                    detail = f"{why}, {size} bytes"
                    row = AuditRow(self.clock(), actor, "training.remove", str(training), detail)
                    record(connection, row)
                    self._gone.mkdir(parents=True, exist_ok=True)
                    folder.rename(self._gone / f"{training.name}-{training.key}-{secrets.token_hex(8)}")
        except Timeout as problem:
            raise Conflict(
                f"another process follows the training {training}", "Cancel its run in the Dagster UI first."
            ) from problem
        self._finish_removals()
        return removed

    @property
    def _gone(self) -> Path:
        """Beside the others, in no folder of a name: no name begins with a dot."""
        return self.home.trainings / ".removed" / "folders"

    def _finish_removals(self) -> None:
        for folder in self._gone.glob("*"):
            shutil.rmtree(folder, ignore_errors=True)

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
