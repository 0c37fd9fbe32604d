"""Planning the version that takes up a file of labels: exactly once, whatever is killed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from resources.data import ledger
from resources.data.arrivals import store as arrivals
from resources.data.arrivals.model import Arrival
from resources.data.byhand.likeness import refuse_like_test
from resources.data.byhand.model import Fate, GivenLabels, PlannedByHand, Understood
from resources.data.byhand.reading import read_table
from resources.data.byhand.resolving import Known, resolve
from resources.data.model import ConfirmedLabel, Split, VersionRecord, VersionState
from resources.data.planning import Beside
from resources.data.service import DataService
from resources.data.spec import DatasetSpec
from resources.data.storage.repository import DatasetRepository
from resources.data.storage.tree import SealedTree
from resources.data.versions import sweeps
from resources.errors import Conflict
from resources.files import disk_problem
from resources.terms import FIRST_VERSION, Actor, DatasetName, SampleId, VersionKey

SOURCE = "by-hand"
"""The first part of the names of samples that came with labels."""


@dataclass(frozen=True)
class ByHandService:
    """Takes files of labels for the data sets of one home. Every act can be repeated without harm."""

    data: DataService

    def read(self, spec: DatasetSpec, path: Path) -> Understood:
        """What the file at ``path`` says of which samples; writes nothing.

        Raises :class:`BadInput`, which names each line that is wrong, :class:`NotFound` without the file, and
        :class:`Conflict` where no version is sealed yet.
        """
        repository = DatasetRepository(self.data.home, spec.name)
        table = read_table(path, spec.kind)
        newest = self._newest_sealed(spec.name)
        samples = SealedTree(repository.objects, newest.tree_md5 or "").rows
        there = {one.id for one in samples}
        came = {one.sample: one for one in self._came(spec.name) if one.sample not in there}
        usable = self._usable(spec.name, came.values())
        objects = {one.id: one.md5 for one in samples} | {one: came[one].stored.md5 for one in came}
        known = Known(newest.version, samples, usable, lambda one: repository.objects.read(objects[one]))
        given = resolve(spec, path, table, known)
        fresh = _contents(repository, given, came)
        refuse_like_test(repository, path, spec.kind, given, fresh, samples)
        return Understood(spec, path, given, newest, samples, came)

    def answered(self, what: Understood) -> PlannedByHand | None:
        """What became of these labels before: a version took them up, or has them. None for new ones."""
        count = len(what.given.labels)
        with self.data.database.read() as connection:
            key = ledger.version_of_refs(connection, what.spec.name, _ref(what.given, ""))
        if key is not None:
            return PlannedByHand(self.data.version(what.spec.name, key), Fate.TAKEN, count)
        if not _new_labels(what, Actor("")):
            return PlannedByHand(what.newest, Fate.KNOWN, count, known=count)
        return None

    def plan(self, what: Understood, base: VersionKey, actor: Actor) -> PlannedByHand:
        """Plan the version that takes them up, to be trained on from ``base``'s model.

        Whoever gave labels that say the same, in any order or format, is answered with the version that took
        them up. Labels that the newest version has already are left out. Raises :class:`Conflict` while the
        newest version is not sealed, and Unavailable when the disk is full.
        """
        if (answer := self.answered(what)) is not None:
            return answer
        labels = _new_labels(what, actor)
        there = {one.id for one in what.samples}
        pool = frozenset(one.sample for one in what.given.labels if one.sample not in there)
        beside = Beside(base, pool)
        if what.given.fresh:
            repository = DatasetRepository(self.data.home, what.spec.name)
            beside = self._with_fresh(repository, what.spec.name, what.given, beside)
        planned = self.data.plan_next(what.spec, labels, actor, beside)
        trained = {one.id for one in what.samples if one.split is Split.TRAIN}
        corrected = sum(one.sample in trained for one in labels)
        return PlannedByHand(
            planned,
            Fate.PLANNED,
            given=len(what.given.labels),
            newly_labelled=len(labels) - corrected,
            corrected=corrected,
            fresh=len(what.given.fresh),
            known=len(what.given.labels) - len(labels),
        )

    def _with_fresh(
        self, repository: DatasetRepository, dataset: DatasetName, given: GivenLabels, beside: Beside
    ) -> Beside:
        """The content first, then the rows in one transaction: a kill between leaves what nobody needs."""
        with self.data.database.read_plainly() as rows:
            epoch = sweeps.epoch(rows)
        try:
            stored = [repository.objects.put(one.content) for one in given.fresh]
            repository.objects.sync([one.md5 for one in stored])
        except OSError as problem:
            raise disk_problem(problem, repository.root) from problem
        now = self.data.clock()
        coming = tuple(
            Arrival(
                dataset, one.sample, f"{SOURCE}/{one.sample[:8]}-{Path(one.name).name}", at, now, None, None
            )
            for one, at in zip(given.fresh, stored, strict=True)
        )
        return replace(beside, arrivals=coming, epoch=epoch)

    def _newest_sealed(self, dataset: DatasetName) -> VersionRecord:
        sealed = [one for one in self.data.versions(dataset) if one.state is VersionState.SEALED]
        if not sealed:
            raise Conflict(
                f"{dataset} has no sealed version yet, so labels have nothing to go on",
                f"Run {dataset}_round for partition {FIRST_VERSION} first.",
            )
        return sealed[-1]

    def _came(self, dataset: DatasetName) -> list[Arrival]:
        with self.data.database.read() as connection:
            return arrivals.all_of(connection, dataset)

    def _usable(self, dataset: DatasetName, came: Iterable[Arrival]) -> dict[SampleId, str | None]:
        """What came and is in no sealed version: None where it can be used, else why it cannot."""
        planned = {one.version for one in self.data.versions(dataset) if one.state is VersionState.PLANNED}
        found: dict[SampleId, str | None] = {}
        for one in came:
            if one.problem is not None:
                found[one.sample] = one.problem
            elif one.version is None or one.version in planned:
                found[one.sample] = None
            else:
                found[one.sample] = (
                    f"it came for {one.version} and is held back, for it may belong to the test set"
                )
        return found


def _contents(
    repository: DatasetRepository, given: GivenLabels, came: Mapping[SampleId, Arrival]
) -> dict[SampleId, bytes]:
    """Those of the labelled samples that no sealed version has."""
    waiting = [came[one.sample] for one in given.labels if one.sample in came]
    found = {one.sample: repository.objects.read(one.stored.md5) for one in waiting}
    return found | {one.sample: one.content for one in given.fresh}


def _new_labels(what: Understood, actor: Actor) -> list[ConfirmedLabel]:
    """Those that the version before does not have; each says in its ref whose it is."""
    before = {one.id: one.label for one in what.samples if one.split is Split.TRAIN}
    who = actor.rpartition(":")[2]
    return [
        ConfirmedLabel(one.sample, one.label, _ref(what.given, f"{one.sample}:{who}")[:200])
        for one in what.given.labels
        if before.get(one.sample) != one.label
    ]


def _ref(given: GivenLabels, of: str) -> str:
    return f"hand:{given.identity}:{of}"
