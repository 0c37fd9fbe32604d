"""Data sets for everyone above: plan versions, make them stage by stage, read them."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection

from resources.clock import Clock, utc_now
from resources.data import ledger
from resources.data.arrivals import store as arrivals
from resources.data.arrivals.model import Arrival
from resources.data.errors import UnknownVersion
from resources.data.locks import store as locks
from resources.data.locks.model import MAIN_LINE
from resources.data.mainline import committed, parent_of, publish, record_of
from resources.data.making.originals import Originals, find_originals
from resources.data.making.similarity.album import Album, Looks, nothing
from resources.data.making.similarity.wordings import WordingFile, Wordings
from resources.data.making.soundness import leaks, unsound
from resources.data.making.sources.model import INBOX
from resources.data.making.stages import Stages, look_at_samples, read_staged, reader
from resources.data.manifest import CollectedSample, Divided, SampleRow, Validated, VersionDocument
from resources.data.model import (
    CollectReport,
    ConfirmedLabel,
    DriftMeasure,
    ImageSet,
    NearDuplicate,
    Sample,
    Snapshot,
    Split,
    SplitReport,
    TransformReport,
    ValidateReport,
    VersionRecord,
    VersionState,
)
from resources.data.planning import (
    NOTHING_BESIDE,
    Beside,
    arrivals_planned,
    first_planned,
    next_planned,
    refuse_unusable,
    retraining_planned,
)
from resources.data.reading import (
    image_set,
    origins_of,
    pictures,
    samples_of,
    true_labels,
    unreadable_images,
)
from resources.data.reviewing import drift, drift_of_pool
from resources.data.spec import DatasetSpec
from resources.data.splitting import Place
from resources.data.storage.repository import DatasetRepository
from resources.data.storage.snapshots import read_snapshot, snapshot_of, write_snapshot
from resources.data.storage.tree import SealedTree
from resources.data.versions import store as versions
from resources.data.versions.handing import refuse_unusable as refuse_erased
from resources.database.audit import AuditRow, record
from resources.database.engine import Database
from resources.database.plain import plain_over
from resources.errors import Conflict, NotFound
from resources.files import disk_problem
from resources.home import Home
from resources.terms import Actor, DatasetName, Label, SampleId, VersionKey

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")


class DataService:
    """All that is done with the data sets of one home. Every act can be repeated without harm.

    Whatever writes raises :class:`Unavailable` when the disk is full, and :class:`Conflict` when another
    process has been writing the same data set for minutes.
    """

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now) -> None:
        self.home = home
        self.database = database
        self.clock = clock

    def plan_first(self, spec: DatasetSpec, actor: Actor) -> VersionRecord:
        """Plan the first version; the one that was planned before is given back.

        Raises :class:`Conflict` where people committed versions of that name before: a first version of the
        pipeline would have the key of another one.
        """
        with self._told_of_full_disk(spec.name):
            if existing := self.versions(spec.name):
                return existing[0]  # without a wait for whoever makes it just now
        with self._writing(spec.name), self.database.write(lasting=True) as connection:
            if existing := ledger.all_versions(connection, spec.name):
                return existing[0]
            self._refuse_taken_name(connection, spec.name)
            planned = first_planned(spec.name, self.clock())
            self._add(connection, planned, (), actor)
        return planned

    def plan_next(
        self,
        spec: DatasetSpec,
        labels: Sequence[ConfirmedLabel],
        actor: Actor,
        beside: Beside = NOTHING_BESIDE,
    ) -> VersionRecord:
        """Plan the version that takes up ``labels``: the next minor one after the newest.

        Each ref goes into exactly one version; the same refs again give the same record. Raises
        :class:`Conflict` while the newest version is not sealed or when some refs are taken already, and
        :class:`BadInput` for labels that cannot be used: outside the classes, of an unknown sample or a test
        sample. Of two labels for one sample the later in ``labels`` counts.
        """
        self.adopt(spec, actor)
        with self._told_of_full_disk(spec.name), self.database.read() as connection:
            planned, is_new = self._next(connection, spec.name, labels)
        if not is_new or planned.parent is None:
            return planned
        rows = self._tree(spec.name, planned.parent).rows
        places = {one: Place(Split.POOL, None) for one in beside.pool}
        refuse_unusable(spec, labels, places | {row.id: Place(row.split, row.label) for row in rows})
        with self._writing(spec.name), self.database.write(lasting=True) as connection:
            planned, is_new = self._next(connection, spec.name, labels)
            if is_new:
                planned = replace(planned, starts_from=beside.starts_from)
                arrivals.come_with(
                    connection, DatasetRepository(self.home, spec.name).objects, beside.arrivals, beside.epoch
                )
                self._add(connection, planned, labels, actor)
        return planned

    def plan_for_arrivals(self, spec: DatasetSpec, actor: Actor) -> VersionRecord | None:
        """Plan the version that takes up the samples that came by themselves, without new labels.

        None while none waits, while the newest version is not sealed, and while one that people committed
        is to be taken up first.
        """
        with self._writing(spec.name), self.database.write(lasting=True) as connection:
            known = ledger.all_versions(connection, spec.name)
            if committed(plain_over(connection), spec.name, known):
                return None
            waiting = arrivals.waiting_count(connection, spec.name)
            planned = arrivals_planned(
                spec.name, known, waiting, self.clock(), _last_key(connection, spec.name)
            )
            if planned is not None:
                self._add(connection, planned, (), actor)
        return planned

    def plan_retraining(self, spec: DatasetSpec, starts_from: str, actor: Actor) -> VersionRecord:
        """Plan the version that is trained from something else than the champion; the same one each time.

        It takes up samples that wait, and no label. Raises :class:`Conflict` while the newest version is not
        sealed.
        """
        with self._writing(spec.name), self.database.write(lasting=True) as connection:
            known = ledger.all_versions(connection, spec.name)
            last = _last_key(connection, spec.name)
            planned = retraining_planned(spec.name, known, starts_from, self.clock(), last)
            if planned not in known:
                self._add(connection, planned, (), actor)
        return planned

    def adopt(self, spec: DatasetSpec, actor: Actor, at_most: int | None = None) -> list[VersionRecord]:
        """Take up what people committed to the main line, or merged into it: now it can be trained on.

        The oldest come first; ``at_most`` leaves the others for later, when the round of these is decided.
        Raises Conflict for a version that no model may be trained on: until it is retired nothing is planned
        after it.
        """
        adopted = []
        with self.database.read() as connection:
            known = ledger.all_versions(connection, spec.name)
            found = committed(plain_over(connection), spec.name, known)
        repository = DatasetRepository(self.home, spec.name)
        for version in found[:at_most]:
            taken, counts = record_of(spec, repository, version, parent_of(known, version))
            with self._writing(spec.name), self.database.write(lasting=True) as connection:
                known = ledger.all_versions(connection, spec.name)
                if version.key in {one.version for one in known}:
                    continue
                ledger.add_planned(connection, taken, ())
                at, tree_md5 = version.committed_at, version.tree_md5
                ledger.mark_sealed(connection, taken, tree_md5=tree_md5, counts=counts, at=at)
                subject = f"{spec.name} {version.key}"
                record(
                    connection, AuditRow(self.clock(), actor, "data.adopt_version", subject, version.author)
                )
                known = ledger.all_versions(connection, spec.name)
            adopted.append(next(one for one in known if one.version == version.key))
        return adopted

    def taken_refs(self, dataset: DatasetName) -> frozenset[str]:
        """The refs of all confirmed labels that a version has taken up."""
        with self.database.read() as connection:
            return frozenset(ledger.versions_by_ref(connection, dataset))

    def confirmed_labels(self, dataset: DatasetName, version: VersionKey) -> list[ConfirmedLabel]:
        """The labels that a version takes up beyond its parent, in the order in which they were given."""
        with self.database.read() as connection:
            return ledger.labels_of(connection, dataset, version)

    def versions(self, dataset: DatasetName) -> list[VersionRecord]:
        """All versions, oldest first; empty for a data set that has none."""
        with self.database.read() as connection:
            return ledger.all_versions(connection, dataset)

    def newest_begun(self, dataset: DatasetName) -> VersionKey | None:
        """The newest version; None while there is only a first one that nobody has made.

        Raises :class:`NotFound` for a data set without any version.
        """
        known = self.versions(dataset)
        if not known:
            raise NotFound(
                f"the home {self.home.path} has no data set {dataset} with a version",
                "Look at `trainplat data show`, or start the platform, which plans first versions: "
                "`trainplat up`.",
            )
        newest = known[-1]
        is_begun = newest.parent is not None or newest.state is not VersionState.PLANNED
        return newest.version if is_begun else None

    def version(self, dataset: DatasetName, key: str) -> VersionRecord:
        """One version. Raises :class:`UnknownVersion`, which lists the known ones."""
        known = self.versions(dataset)
        for one in known:
            if one.version == key:
                return one
        raise UnknownVersion(dataset, key, [one.version for one in known])

    def collect(self, spec: DatasetSpec, version: VersionKey) -> CollectReport:
        """Stage 1: take up what the source folder holds, on top of the parent's samples.

        Of a version that is sealed, this and the next three stages give back what they reported then.
        """
        return self._stage(spec, version, Stages.collect, lambda document: document.collected)

    def validate(self, spec: DatasetSpec, version: VersionKey) -> ValidateReport:
        """Stage 2: quarantine what cannot be used, each file with its reason."""
        return self._stage(spec, version, Stages.validate, lambda document: document.validated)

    def transform(self, spec: DatasetSpec, version: VersionKey) -> TransformReport:
        """Stage 3: the images as models see them."""
        return self._stage(spec, version, Stages.transform, lambda document: document.transformed)

    def split(self, spec: DatasetSpec, version: VersionKey) -> SplitReport:
        """Stage 4: who trains, who waits in the pool, who tests; confirmed labels are taken up here."""
        return self._stage(spec, version, Stages.split, lambda document: document.divided)

    def seal(self, spec: DatasetSpec, version: VersionKey, actor: Actor) -> VersionRecord:
        """Stage 5: write the tree; from here on the version never changes.

        Raises :class:`Conflict` for a split that is not sound. The checks stop a run before it gets here; who
        seals a version by hand passes them by.
        """
        with self._writing(spec.name) as repository:
            planned = self.version(spec.name, version)
            if planned.state is VersionState.PLANNED:
                self._refuse_if_unsound(spec, planned)
                stages = self._stages(spec, planned)
                counts, tree, now = dict(stages.divided().report.counts), stages.write_tree(), self.clock()
                detail = f"tree {tree.md5}; " + ", ".join(
                    f"{split} {count}" for split, count in counts.items()
                )
                with self.database.write(lasting=True) as connection:
                    if ledger.mark_sealed(connection, planned, tree_md5=tree.md5, counts=counts, at=now):
                        known = ledger.all_versions(connection, spec.name)
                        publish(plain_over(connection), repository, known, actor, now)
                        subject = f"{spec.name} {version}"
                        record(connection, AuditRow(now, actor, "data.seal_version", subject, detail))
            shutil.rmtree(repository.staging(version), ignore_errors=True)
        return self.version(spec.name, version)

    def freeze_snapshot(self, spec: DatasetSpec, version: VersionKey, actor: Actor) -> Snapshot:
        """Stage 6: write down what a training of this sealed version starts from."""
        with self._writing(spec.name) as repository:
            return self._freeze(repository, version, self._tree(spec.name, version), actor)

    def freeze_tree(self, dataset: DatasetName, version: VersionKey, tree_md5: str, actor: Actor) -> Snapshot:
        """The same for a version that no stages made, such as one on a branch."""
        with self._writing(dataset) as repository:
            return self._freeze(repository, version, SealedTree(repository.objects, tree_md5), actor)

    def publish(self, dataset: DatasetName, version: VersionKey, actor: Actor) -> None:
        """Make sure that everyone knows a version, also one that a pipeline of an earlier release sealed."""
        with self.database.read_plainly() as rows:
            if versions.version(rows, dataset, version) is not None:
                return
        self.version(dataset, version)
        with self._writing(dataset) as repository, self.database.write(lasting=True) as connection:
            known = ledger.all_versions(connection, dataset)
            publish(plain_over(connection), repository, known, actor, self.clock())

    def make(self, spec: DatasetSpec, version: VersionKey, actor: Actor) -> Snapshot:
        """All six stages of a planned version, one after the other."""
        self.collect(spec, version)
        self.validate(spec, version)
        self.transform(spec, version)
        self.split(spec, version)
        self.seal(spec, version, actor)
        return self.freeze_snapshot(spec, version, actor)

    def snapshot(self, dataset: DatasetName, version: VersionKey) -> Snapshot:
        """The newest snapshot of a version. Raises :class:`NotFound` when none is frozen yet."""
        with self.database.read() as connection:
            identity = ledger.newest_snapshot(connection, dataset, self.version(dataset, version).version)
        if identity is None:
            raise NotFound(
                f"{dataset} {version} has no snapshot yet",
                f"Materialize {dataset}/snapshot for partition {version} first.",
            )
        return read_snapshot(DatasetRepository(self.home, dataset), identity)

    def candidate(self, dataset: DatasetName, version: VersionKey) -> list[Sample]:
        """The samples of a version that is split but perhaps not sealed yet, by id."""
        known, repository = self.version(dataset, version), DatasetRepository(self.home, dataset)
        if known.state is VersionState.PLANNED:
            return samples_of(repository, read_staged(repository, version, Divided, "split").samples)
        return samples_of(repository, self._tree(dataset, version).rows)

    def samples(self, dataset: DatasetName, version: VersionKey) -> list[Sample]:
        """The samples of a sealed version, by id. Raises :class:`Conflict` when it is not sealed yet."""
        return samples_of(DatasetRepository(self.home, dataset), self._tree(dataset, version).rows)

    def origins(self, spec: DatasetSpec, version: VersionKey) -> Mapping[SampleId, str]:
        """The source that each sample of a sealed version came from, by its name."""
        names = {INBOX, *(source.name for source in (*spec.sources, *spec.watched))}
        return origins_of(self._tree(spec.name, version).rows, names)

    def images(self, dataset: DatasetName, version: VersionKey, split: Split) -> ImageSet:
        """The transformed images of one split of a sealed version. Raises :class:`DamagedObject`."""
        return image_set(self._tree(dataset, version), split)

    def unreadable_images(self, spec: DatasetSpec, version: VersionKey) -> list[str]:
        """What is wrong with images of a version that was validated: what is new in it is read again.

        Of a sealed version each one is read.
        """
        repository = DatasetRepository(self.home, spec.name)
        return unreadable_images(repository, self._usable(spec.name, version), spec.kind)

    def near_duplicates(self, spec: DatasetSpec, version: VersionKey) -> list[NearDuplicate]:
        """Pairs of samples of a version that was validated which are nearly the same, the most alike first.

        Each sample is read once in the life of the data set; where none is new, nothing is read.
        """
        usable = self._usable(spec.name, version)
        if spec.kind.is_text:
            return self._wordings(spec, usable).among(one.id for one in usable)
        return self._looks(spec, usable).among(one.id for one in usable)

    def drift(self, spec: DatasetSpec, version: VersionKey) -> list[DriftMeasure]:
        """How far a version that was split is from its parent; nothing for a first version."""
        parent = self.version(spec.name, version).parent
        if parent is None:
            return []
        looks = self._looks(spec, self._usable(spec.name, version))
        return drift(self.candidate(spec.name, version), self.samples(spec.name, parent), looks, spec)

    def drift_of_pool(self, spec: DatasetSpec, version: VersionKey, since: VersionKey) -> list[DriftMeasure]:
        """How the samples that came to the pool after ``since`` look, beside all that ``since`` knew.

        Raises :class:`NotFound` where one of the two is not sealed.
        """
        before, now = self.samples(spec.name, since), self.samples(spec.name, version)
        looks = self._looks(spec, self._usable(spec.name, version))
        return drift_of_pool(now, before, looks, spec.drift)

    def pictures(
        self, dataset: DatasetName, version: VersionKey, samples: Sequence[SampleId]
    ) -> "NDArray[np.uint8]":
        """Samples of a version that was validated, small, for people. Raises :class:`DamagedObject`."""
        objects = {one.id: one.md5 for one in self._usable(dataset, version)}
        return pictures(DatasetRepository(self.home, dataset), [objects[one] for one in samples])

    def damage(self, dataset: DatasetName, version: VersionKey) -> list[str]:
        """What is wrong with the files of a sealed version; every one of them is read."""
        return self._tree(dataset, version).damage()

    def originals(self, spec: DatasetSpec, version: VersionKey, samples: Iterable[SampleId]) -> Originals:
        """Where these samples of a sealed version lie on the web and in buckets, as long as they do."""
        wanted = set(samples)
        rows = [row for row in self._tree(spec.name, version).rows if row.id in wanted]
        return find_originals(DatasetRepository(self.home, spec.name), spec, rows)

    def true_labels(self, dataset: DatasetName) -> dict[SampleId, Label]:
        """What the source says about every sample, hidden ones too: for demos and simulations only."""
        return true_labels(DatasetRepository(self.home, dataset))

    def source_folder(self, dataset: DatasetName) -> Path:
        """Where people put files and ``labels.csv``."""
        return DatasetRepository(self.home, dataset).source

    def dvc_folder(self, dataset: DatasetName) -> Path:
        """Where ``dvc`` works on the data set: ``dvc checkout versions/v1.0.dvc`` and the like."""
        return DatasetRepository(self.home, dataset).root

    def _freeze(
        self, repository: DatasetRepository, version: VersionKey, tree: SealedTree, actor: Actor
    ) -> Snapshot:
        snapshot = snapshot_of(repository, version, tree)
        write_snapshot(snapshot)
        now = self.clock()
        with self.database.write(lasting=True) as connection:
            if ledger.add_snapshot(connection, snapshot, now):
                subject = f"{repository.dataset} {version}"
                record(connection, AuditRow(now, actor, "data.freeze_snapshot", subject, snapshot.id))
        return snapshot

    def _arrivals(self, dataset: DatasetName, version: VersionKey) -> list[Arrival]:
        with self.database.read() as connection:
            return arrivals.of_version(connection, dataset, version)

    def _looks(self, spec: DatasetSpec, samples: Sequence[CollectedSample | SampleRow]) -> Looks:
        if spec.kind.is_text:
            return nothing()
        repository = DatasetRepository(self.home, spec.name)
        wanted = {one.id: one.md5 for one in samples}
        looks = Album(repository.root).read()
        if not wanted.keys() <= looks.places.keys():
            with self._writing(spec.name):
                looks, _ = look_at_samples(repository, wanted, frozenset(wanted.values()))
        return looks

    def _wordings(self, spec: DatasetSpec, samples: Sequence[CollectedSample | SampleRow]) -> Wordings:
        repository = DatasetRepository(self.home, spec.name)
        wanted = {one.id: one.md5 for one in samples}
        file = WordingFile(repository.root)
        known = file.read()
        if not wanted.keys() <= known.hashes.keys():
            with self._writing(spec.name):
                known, _ = file.take_in(wanted, reader(repository, frozenset(wanted.values())))
        return known

    def _usable(self, dataset: DatasetName, version: VersionKey) -> Sequence[CollectedSample | SampleRow]:
        """The samples of a version that was validated, sealed or not."""
        if self.version(dataset, version).state is VersionState.PLANNED:
            return read_staged(DatasetRepository(self.home, dataset), version, Validated, "validated").samples
        return self._tree(dataset, version).rows

    def _next(
        self, connection: Connection, dataset: DatasetName, labels: Sequence[ConfirmedLabel]
    ) -> tuple[VersionRecord, bool]:
        known = ledger.all_versions(connection, dataset)
        taken = ledger.versions_by_ref(connection, dataset)
        last = _last_key(connection, dataset)
        planned = next_planned(dataset, known, taken, labels, self.clock(), last)
        return planned, planned not in known

    def _refuse_taken_name(self, connection: Connection, dataset: DatasetName) -> None:
        taken = versions.main_head(plain_over(connection), dataset)
        if taken is not None:
            raise Conflict(
                f"{dataset} has versions that no pipeline made, up to {taken.key}, which {taken.author} "
                "committed; a first version cannot be planned beside them",
                "Declare the data set under a name that is free; `trainplat data export` brings what was "
                "committed elsewhere.",
            )

    def _add(
        self,
        connection: Connection,
        planned: VersionRecord,
        labels: Sequence[ConfirmedLabel],
        actor: Actor,
    ) -> None:
        what = f"{planned.dataset} {planned.version} cannot be planned"
        locks.refuse_written(
            plain_over(connection), planned.dataset, MAIN_LINE, planned.planned_at, actor, what
        )
        ledger.add_planned(connection, planned, labels)
        arrived = arrivals.assign(connection, planned.dataset, planned.version)
        subject, detail = f"{planned.dataset} {planned.version}", f"{planned.new_labels} new labels"
        detail += f", {arrived} samples that came" if arrived else ""
        record(connection, AuditRow(planned.planned_at, actor, "data.plan_version", subject, detail))

    def _stage(
        self,
        spec: DatasetSpec,
        version: VersionKey,
        make: Callable[[Stages], T],
        recall: Callable[[VersionDocument], T],
    ) -> T:
        with self._writing(spec.name):
            known = self.version(spec.name, version)
            if known.state is VersionState.PLANNED:
                return make(self._stages(spec, known))
            return recall(self._tree(spec.name, version).document)

    def _refuse_if_unsound(self, spec: DatasetSpec, planned: VersionRecord) -> None:
        parent = [] if planned.parent is None else self.samples(spec.name, planned.parent)
        confirmed = self.confirmed_labels(spec.name, planned.version)
        samples = self.candidate(spec.name, planned.version)
        usable = self._usable(spec.name, planned.version)
        near = Album(DatasetRepository(self.home, spec.name).root).read().among(one.id for one in usable)
        found = [
            *unsound(samples, parent, spec.classes, confirmed, spec.kind),
            *leaks(samples, parent, near)[0],
        ]
        if found:
            more = f"; and {len(found) - 1} more" if len(found) > 1 else ""
            raise Conflict(
                f"{spec.name} {planned.version} cannot be sealed: {found[0]}{more}",
                f"Mend what it names, then materialize {spec.name}/collected to {spec.name}/dataset for "
                f"partition {planned.version} again. Its checks list all of it.",
            )

    def _stages(self, spec: DatasetSpec, planned: VersionRecord) -> Stages:
        return Stages(
            spec=spec,
            version=planned.version,
            parent_version=planned.parent,
            parent=None if planned.parent is None else self._tree(spec.name, planned.parent),
            labels=self.confirmed_labels(spec.name, planned.version),
            arrivals=self._arrivals(spec.name, planned.version),
            repository=DatasetRepository(self.home, spec.name),
        )

    def _tree(self, dataset: DatasetName, version: VersionKey) -> SealedTree:
        known = self.version(dataset, version)
        if known.tree_md5 is None:
            raise Conflict(
                f"{dataset} {version} is {known.state}, not sealed",
                f"Materialize {dataset}/collected to {dataset}/dataset for partition {version} first.",
            )
        with self.database.read_plainly() as rows:
            for_all = versions.version(rows, dataset, version)
        if for_all is not None:
            refuse_erased(for_all)
        return SealedTree(DatasetRepository(self.home, dataset).objects, known.tree_md5)

    @contextmanager
    def _writing(self, dataset: DatasetName) -> Iterator[DatasetRepository]:
        repository = DatasetRepository(self.home, dataset)
        with self._told_of_full_disk(dataset), repository.locked():
            yield repository

    @contextmanager
    def _told_of_full_disk(self, dataset: DatasetName) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            told = disk_problem(problem, DatasetRepository(self.home, dataset).root)
            if told is problem:
                raise
            raise told from problem


def _last_key(connection: Connection, dataset: DatasetName) -> VersionKey | None:
    last = versions.last_on_main(plain_over(connection), dataset)
    return None if last is None else last.key
