"""Collecting for everyone above: collect, erase, verify, measure, and say who depends on what."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from resources.clock import Clock, utc_now
from resources.data.collecting import scrubs
from resources.data.collecting.dependents import Dependent, Kind, depend, dependents, release
from resources.data.collecting.erasing import Elsewhere, Eraser
from resources.data.collecting.gc import GRACE, Collected, Collector
from resources.data.collecting.needed import Needed
from resources.data.collecting.pack_scrubbing import PackScrubber
from resources.data.collecting.scrubbing import KnownDamage, Scrubbed, Scrubber
from resources.data.collecting.usage import Usage, stored_bytes, usage
from resources.data.collecting.verifying import Repair, Verified, all_versions, from_trash, verify
from resources.data.storage.objects import ObjectStore
from resources.data.storage.worktree import Progress, quiet
from resources.data.tiers import pack_rows
from resources.data.tiers.keeping import Keeper
from resources.data.tiers.recalling import recall
from resources.data.versions import store
from resources.data.versions.audit import audit
from resources.data.versions.errors import UnknownDataset
from resources.data.versions.handing import refuse_unusable, touched_by
from resources.data.versions.model import Version
from resources.data.versions.refs import resolve
from resources.database.engine import Database
from resources.errors import NotFound, TrainplatError
from resources.home import Home
from resources.terms import Actor, DatasetName


def _nowhere(names: list[str]) -> None:
    """Take nothing away: there is no other tier."""


class CollectingService:
    """Keeps the store of one home clean and whole."""

    def __init__(
        self,
        home: Home,
        database: Database,
        clock: Clock = utc_now,
        elsewhere: Elsewhere = _nowhere,
        remote: Repair | None = None,
    ) -> None:
        self.home, self.database, self.clock = home, database, clock
        self.objects = ObjectStore(home.data / ".cache")
        self._elsewhere, self._remote = elsewhere, remote

    def collect(
        self, actor: Actor, grace: timedelta = GRACE, progress: Progress = quiet, *, dry: bool = False
    ) -> Collected:
        """Let go what no version needs. ``dry`` only tells what would go."""
        collector = Collector(self.database, self.objects, self.home.data, self.clock, grace)
        if dry:
            return collector.preview()
        erased = self._eraser().finish_those_begun()
        done = collector.run(actor, progress)
        try:
            done.packs_gone = self._packs().collect().gone
        except TrainplatError as problem:  # their place does not answer: the next collection tries again
            done.packs_problem = problem.one_line
        done.recovered += [f"erase {one}" for one in erased]
        return done

    def erase(self, dataset: DatasetName, ref: str, actor: Actor) -> int:
        """Let a version's bytes go for good, and keep its record; how many objects went.

        Raises Conflict while a model, a run, a pin, a tag or a work tree depends on it.
        """
        with self.database.read_plainly() as rows:
            version = resolve(rows, dataset, ref)
        return self._eraser().erase(version, actor, self.clock())

    def verify(
        self, dataset: DatasetName | None, ref: str | None, progress: Progress, *, mend: bool = False
    ) -> Verified:
        """Read every object of one version, of a data set, or of all; ``mend`` brings damaged ones back."""
        repair, packs, sound = self.repair if mend else None, self._packs(), set[str]()

        def elsewhere(names: Sequence[str]) -> set[str]:
            found = packs.whole(names, progress)
            sound.update(found)
            return found

        found = verify(
            self.database,
            self.objects,
            self._versions(dataset, ref),
            progress,
            repair,
            elsewhere,
        )
        if mend and (found.damaged or sound):
            with self.database.write_plainly() as rows:  # a commit that has the content brings it back
                scrubs.note_damage(rows, found.damaged, sorted(sound), self.clock())
        return found

    def scrub(self, actor: Actor, most_bytes: int | None = None, progress: Progress = quiet) -> Scrubbed:
        """Read the next slice of the store and of the warm tier's packs, and mend what is damaged.

        Slices are sized so that all is read every 14 days, or by ``most_bytes``.
        """
        needed = Needed(self.objects, self.home.data)
        packs = PackScrubber(self.database, self.objects, self._packs(), self.clock)
        scrubber = Scrubber(self.database, self.objects, needed, self.clock, self._repair_unread, packs)
        return scrubber.run(actor, most_bytes, progress)

    def damage(self) -> list[KnownDamage]:
        """What the scrub found damaged and nobody could repair yet, with the versions that have it."""
        with self.database.read_plainly() as rows:
            return [
                KnownDamage(one.name, one.found_at, tuple(touched_by(rows, self.objects, [one.name])))
                for one in scrubs.damage(rows)
            ]

    def usage(self, dataset: DatasetName | None = None) -> list[Usage]:
        """What each version takes, of a data set or of all. What is its own counts beside all others."""
        found = usage(self.objects, all_versions(self.database))
        if dataset is not None and not any(one.version.dataset == dataset for one in found):
            self._versions(dataset, None)
        return [one for one in found if dataset in (None, one.version.dataset)]

    def stored_bytes(self) -> int:
        """Of all objects in the store."""
        return stored_bytes(self.objects)

    def packed_bytes(self) -> dict[str, int]:
        """Of the packs of each colder tier that has some."""
        with self.database.read_plainly() as rows:
            found = pack_rows.packs(rows)
        tiers = dict.fromkeys(one.tier.value for one in found)
        return {tier: sum(one.size_bytes for one in found if one.tier.value == tier) for tier in tiers}

    def repair(self, names: Sequence[str]) -> list[str]:
        """Bring damaged objects back, from the trash, a colder tier or a remote; those that could not be."""
        left = from_trash(self.objects, names)
        with suppress(TrainplatError):  # a place that does not answer: another one may have them
            left = recall(self.database, self.objects, left)
        return left if self._remote is None or not left else self._remote(left)

    def _repair_unread(self, names: Sequence[str]) -> list[str]:
        """The same, but for packs in which they are known to be damaged: archives charge for each look."""
        left = from_trash(self.objects, names)
        try:
            left = recall(self.database, self.objects, left, sound=True)
        except TrainplatError:  # a place that does not answer: what it has is not known to be damaged
            pass
        else:
            self._packs().doubt(left)
        return left if self._remote is None or not left else self._remote(left)

    def dependents(self, dataset: DatasetName, ref: str | None = None) -> list[Dependent]:
        """What depends on a version, or on any version of a data set."""
        with self.database.read_plainly() as rows:
            key = None if ref is None else resolve(rows, dataset, ref).key
            return dependents(rows, dataset, key, self.clock())

    def depend(
        self, dataset: DatasetName, ref: str, kind: Kind, name: str, actor: Actor, *, for_s: int | None = None
    ) -> Dependent:
        """Keep a version for something; for a time, or until it is released.

        Raises :class:`UnusableVersion` for one that was erased.
        """
        now = self.clock()
        with self.database.write_plainly() as rows:
            version = resolve(rows, dataset, ref)
            refuse_unusable(version)
            until = None if for_s is None else now + timedelta(seconds=for_s)
            added = Dependent(dataset, version.key, kind, name, until, actor, now)
            depend(rows, added)
            audit(rows, now, actor, f"data.depend_{kind.value}", f"{dataset} {version.key}", name)
        return added

    def release(self, dataset: DatasetName, ref: str, kind: Kind, name: str, actor: Actor) -> None:
        """Keep it no longer for that. Raises NotFound where nothing was kept."""
        now = self.clock()
        with self.database.write_plainly() as rows:
            version = resolve(rows, dataset, ref)
            if not release(rows, dataset, version.key, kind, name):
                raise NotFound(
                    f"{dataset} {version.key} is not kept for the {kind.value} {name!r}",
                    f"`trainplat data pin {dataset}` lists what its versions are kept for.",
                )
            audit(rows, now, actor, f"data.release_{kind.value}", f"{dataset} {version.key}", name)

    def _versions(self, dataset: DatasetName | None, ref: str | None) -> list[Version]:
        if dataset is None:
            return all_versions(self.database)
        with self.database.read_plainly() as rows:
            if ref is not None:
                return [resolve(rows, dataset, ref)]
            found = store.versions(rows, dataset)
            if not found:
                raise UnknownDataset(dataset, store.datasets(rows))
        return found

    def _eraser(self) -> Eraser:
        def everywhere(names: list[str]) -> None:
            self._packs().erase(names)
            self._elsewhere(names)

        return Eraser(self.database, self.objects, self.home.data, everywhere)

    def _packs(self) -> Keeper:
        return Keeper(self.database, self.objects, self.home.data, self.clock)
