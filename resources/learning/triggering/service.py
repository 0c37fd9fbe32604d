"""Triggers for everyone above: what was found, what people wish, and what they pause."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from resources.clock import Clock, utc_now
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.errors import BadInput, Conflict, NotFound
from resources.learning.triggering import store
from resources.learning.triggering.model import Evaluation, Pause, Paused, Verdict, Wish, Wished
from resources.terms import Actor, DatasetName, VersionKey, version_order

LONGEST_REASON = 500
NOTHING_AGAIN: Mapping[int, VersionKey] = MappingProxyType({})
SEEN_AGAIN = timedelta(seconds=30)
"""The same verdict is not written more often than this: a tick with nothing new writes nothing."""


class TriggerService:
    """All that is done with the triggers of one database. Every act can be repeated without harm."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self.database = database
        self.clock = clock

    def keep(self, dataset: DatasetName, verdict: Verdict) -> None:
        """Keep what an evaluation found: a row for each change, the newest of which is brought up to date."""
        newest = self.newest(dataset)
        now = self.clock()
        if (
            newest is not None
            and newest.version is None
            and newest.verdict == verdict
            and timedelta() <= now - newest.seen_at < SEEN_AGAIN
        ):
            return
        with self.database.write() as connection:
            store.put_evaluation(connection, dataset, verdict, now)

    def note_planned(self, dataset: DatasetName, version: VersionKey, planned_at: datetime) -> None:
        """Name the version that came of the last evaluation, where that one fired and names none yet.

        Whoever plans is killed at times before it says so: the next one that looks does.
        """
        newest = self.newest(dataset)
        if newest is None or newest.version is not None or not newest.verdict.fires:
            return
        if planned_at < newest.began_at:
            return
        with self.database.write() as connection:
            store.name_version(connection, dataset, version)

    def planned(self, dataset: DatasetName, version: VersionKey) -> Evaluation | None:
        """The evaluation that planned a version; None where none is known to have."""
        with self.database.read() as connection:
            return store.evaluation_that_planned(connection, dataset, version)

    def newest(self, dataset: DatasetName) -> Evaluation | None:
        """The last evaluation, or None before the first."""
        return next(iter(self.evaluations(dataset, 1)), None)

    def evaluations(self, dataset: DatasetName, limit: int = 20) -> list[Evaluation]:
        """The newest changes of what was found, newest first."""
        with self.database.read() as connection:
            return store.evaluations_of(connection, dataset, limit)

    def datasets(self) -> list[DatasetName]:
        """Those that were ever evaluated, by name."""
        with self.database.read() as connection:
            return store.evaluated_datasets(connection)

    def wish(self, dataset: DatasetName, after: VersionKey | None, reason: str, actor: Actor) -> Wished:
        """Ask for a training by hand: the next version after ``after`` takes the wish, exactly once.

        Who asks again while such a wish of theirs is open has one all the same: the new reason, if there is
        one, takes the place of the old one. Raises :class:`BadInput` for a reason that is too long.
        """
        reason = _fit(reason)
        with self.database.write() as connection:
            mine = [
                one
                for one in store.open_wishes(connection, dataset)
                if (one.actor, one.after) == (actor, after)
            ]
            if mine and reason in ("", mine[-1].reason):
                return Wished(mine[-1], is_new=False)
            now, where = self.clock(), f"after {after or 'no version'}"
            if mine:
                made = replace(mine[-1], reason=reason)
                store.say_why(connection, made.id, reason)
                where = f"again, {where}"
            else:
                made = store.add_wish(connection, dataset, after, reason, actor, now)
            detail = where + (f": {reason}" if reason else "")
            record(connection, AuditRow(now, actor, "triggers.wish", dataset, detail))
        return Wished(made, is_new=not mine)

    def withdraw(self, dataset: DatasetName, actor: Actor) -> list[Wish]:
        """Take all open wishes back. Raises :class:`NotFound` where there is none."""
        with self.database.write() as connection:
            waiting = store.open_wishes(connection, dataset)
            if not waiting:
                raise NotFound(
                    f"no wish for a training of {dataset} is open",
                    f"See `trainplat triggers show {dataset}`: one that was taken has its version there.",
                )
            now = self.clock()
            store.end_wishes(connection, [one.id for one in waiting], None, now)
            detail = f"{len(waiting)} taken back"
            record(connection, AuditRow(now, actor, "triggers.withdraw", dataset, detail))
        return waiting

    def wishes(self, dataset: DatasetName) -> list[Wish]:
        """Those that are open, oldest first."""
        with self.database.read() as connection:
            return store.open_wishes(connection, dataset)

    def past_wishes(self, dataset: DatasetName, limit: int = 20) -> list[Wish]:
        """The newest ones, open or not, newest first."""
        with self.database.read() as connection:
            return store.newest_wishes(connection, dataset, limit)

    def settle(
        self,
        dataset: DatasetName,
        begun: Sequence[VersionKey],
        actor: Actor,
        again: Mapping[int, VersionKey] = NOTHING_AGAIN,
    ) -> list[Wish]:
        """Note of each wish that a version came after it; returns those that are still open.

        ``begun`` are the versions whose making was begun, in their order. Whoever plans a version need not
        write that it took a wish: a kill between the two leaves nothing to be done twice, for the version
        itself says so. ``again`` are wishes by their number that a version took which was there already: its
        round was begun once more for them.
        """
        waiting = self.wishes(dataset)
        if not _takers(waiting, begun, again):
            return waiting
        with self.database.write() as connection:
            # Asked anew: another one that settles may have been here since.
            waiting, now = store.open_wishes(connection, dataset), self.clock()
            takers = _takers(waiting, begun, again)
            for version, taken in takers.items():
                store.end_wishes(connection, [one.id for one in taken], version, now)
                detail = f"{version} took {len(taken)}"
                record(connection, AuditRow(now, actor, "triggers.take_wish", dataset, detail))
        ended = {one.id for taken in takers.values() for one in taken}
        return [one for one in waiting if one.id not in ended]

    def pause(self, dataset: DatasetName, what: Paused, reason: str, actor: Actor) -> Pause:
        """Let nothing of this kind start by itself. Raises :class:`BadInput` without a reason."""
        reason = _fit(reason)
        if not reason:
            raise BadInput(
                f"a pause of {dataset} was asked for without a reason; expected one that others can read",
                "Say why, for instance: --reason 'the guide for annotators is being rewritten'.",
            )
        made = Pause(dataset, what, self.clock(), actor, reason)
        with self.database.write() as connection:
            store.put_pause(connection, made)
            record(connection, AuditRow(made.since, actor, f"triggers.pause_{what}", dataset, reason))
        return made

    def resume(self, dataset: DatasetName, what: Paused, actor: Actor) -> None:
        """Let it start by itself again. Raises :class:`Conflict` where it is not paused."""
        with self.database.write() as connection:
            if not store.drop_pause(connection, dataset, what):
                raise Conflict(
                    f"{what} of {dataset} is not paused",
                    f"`trainplat triggers show {dataset}` says why nothing starts.",
                )
            record(connection, AuditRow(self.clock(), actor, f"triggers.resume_{what}", dataset, ""))

    def paused(self, dataset: DatasetName, what: Paused) -> Pause | None:
        """Whether it is paused, by whom and why."""
        with self.database.read() as connection:
            return store.pause_of(connection, dataset, what)


def _takers(
    waiting: Sequence[Wish], begun: Sequence[VersionKey], again: Mapping[int, VersionKey]
) -> dict[VersionKey, list[Wish]]:
    """Which of ``waiting`` each version takes: the first one after the wish, or that began again for it."""
    found: dict[VersionKey, list[Wish]] = {}
    for one in waiting:
        later = [key for key in begun if one.after is None or version_order(key) > version_order(one.after)]
        taker = again.get(one.id) or min(later, key=version_order, default=None)
        if taker is not None:
            found.setdefault(taker, []).append(one)
    return found


def _fit(reason: str) -> str:
    reason = " ".join(reason.split())
    if len(reason) > LONGEST_REASON:
        raise BadInput(
            f"the reason has {len(reason)} characters; expected {LONGEST_REASON} at most", "Say it shorter."
        )
    return reason
