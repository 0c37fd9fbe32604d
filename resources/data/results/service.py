"""Result snapshots for everyone above: keep one, say which model it is of, find it again."""

import json
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from resources.clock import Clock, utc_now
from resources.data.collecting.dependents import Dependent, Kind, depend
from resources.data.results import store
from resources.data.results.files import CONFIGURATION, files_of
from resources.data.results.model import Follow, ResultSnapshot, TrainingResult
from resources.data.storage.listings import read_listing, write_listing
from resources.data.storage.objects import ObjectStore
from resources.data.trees.listing import Stamps, Tree
from resources.data.versions import journal, sweeps
from resources.data.versions import store as versions
from resources.data.versions.audit import audit
from resources.data.versions.model import State, Version
from resources.data.versions.naming import RESULTS, checked_dataset, next_key
from resources.database.engine import Database
from resources.database.plain import Plain
from resources.errors import Conflict, NotFound
from resources.home import Home
from resources.terms import Actor, DatasetName

TRIES = 3
"""How often a result is written again whose objects were swept away meanwhile."""


def results_of(dataset: DatasetName) -> DatasetName:
    """The data set that holds the results of another one's trainings."""
    return checked_dataset(f"{dataset}{RESULTS}")


class ResultService:
    """The result snapshots of one home. Every act can be repeated."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now) -> None:
        self.database, self.clock = database, clock
        self.objects = ObjectStore(home.data / ".cache")

    def keep(self, result: TrainingResult, actor: Actor) -> ResultSnapshot:
        """Make a result the next version of ``<dataset>_results``, once.

        The same weights from the same snapshot have one result, whoever keeps it again.
        """
        weights_sha256 = sha256(result.weights).hexdigest()
        found = self.find(result.dataset, result.snapshot_id, weights_sha256)
        if found is not None:
            return found
        with self.database.write_plainly() as rows:
            intent = journal.begin(rows, "result", f"{result.dataset} {result.version}", self.clock())
            epoch = sweeps.epoch(rows)
        try:
            for _ in range(TRIES):
                kept, epoch = self._seal(result, self._write(result), weights_sha256, epoch, actor)
                if kept is not None:
                    return kept
        finally:
            journal.close(self.database, intent)
        raise Conflict(
            f"the result of {result.dataset} {result.version} was swept away {TRIES} times",
            "Run the same thing again; `trainplat data gc` should not run in a loop.",
        )

    def bind(self, kept: ResultSnapshot, model: str, actor: Actor) -> ResultSnapshot:
        """Say which registered model a result is of: from now on the model depends on both versions."""
        if kept.model == model:
            return kept
        now = self.clock()
        with self.database.write_plainly() as rows:
            bound = replace(self._known(rows, kept), model=model)
            store.keep(rows, bound)
            for dataset, key in ((kept.dataset, kept.version), (kept.results, kept.key)):
                if versions.version(rows, dataset, key) is not None:
                    depend(rows, Dependent(dataset, key, Kind.MODEL, model, None, actor, now))
            audit(rows, now, actor, "data.bind_result", kept.id, model)
        return bound

    def follow(self, kept: ResultSnapshot, what: Follow, actor: Actor) -> ResultSnapshot:
        """Say what came of the branch of a training."""
        now = self.clock()
        with self.database.write_plainly() as rows:
            followed = replace(self._known(rows, kept), follow=what)
            store.keep(rows, followed)
            audit(rows, now, actor, "data.follow_training", f"{kept.dataset} {kept.version}", what.value)
        return followed

    def find(self, dataset: DatasetName, snapshot_id: str, weights_sha256: str) -> ResultSnapshot | None:
        """The result of one training, by what it started from and came to."""
        with self.database.read_plainly() as rows:
            return store.result(rows, dataset, snapshot_id, weights_sha256)

    def results(self, dataset: DatasetName) -> list[ResultSnapshot]:
        """The results of all trainings of a data set, oldest first."""
        with self.database.read_plainly() as rows:
            return store.results(rows, dataset)

    def configuration(self, kept: ResultSnapshot) -> dict[str, object]:
        """All that decided how a result was trained. Raises :class:`DamagedObject`."""
        with self.database.read_plainly() as rows:
            version = versions.version(rows, kept.results, kept.key)
        if version is None:
            return {}
        tree = read_listing(self.objects, version.tree_md5)[0]
        told: dict[str, object] = json.loads(self.objects.read(tree.files[CONFIGURATION]))
        return told

    def _known(self, rows: Plain, kept: ResultSnapshot) -> ResultSnapshot:
        found = store.result(rows, kept.dataset, kept.snapshot_id, kept.weights_sha256)
        if found is None:
            raise NotFound(f"the result {kept.id} is not known here", "Keep it first.")
        return found

    def _write(self, result: TrainingResult) -> Tree:
        """Write the files, then the tree; synced, as a commit is."""
        put = {path: self.objects.put(content) for path, content in files_of(result).items()}
        tree = Tree.of({path: (stored.md5, stored.size_bytes) for path, stored in put.items()})
        self.objects.sync([stored.md5 for stored in put.values()])
        self.objects.put(tree.text, suffix=".dir")
        self.objects.sync([tree.md5])
        write_listing(self.objects, tree, Stamps.unknown(len(tree)))
        return tree

    def _seal(
        self, result: TrainingResult, tree: Tree, weights_sha256: str, epoch: int, actor: Actor
    ) -> tuple[ResultSnapshot | None, int]:
        """The one transaction that makes it a version; None where its objects were swept away meanwhile."""
        now = self.clock()
        with self.database.write_plainly() as rows:
            found = store.result(rows, result.dataset, result.snapshot_id, weights_sha256)
            if found is not None:
                return found, epoch
            if sweeps.epoch(rows) != epoch or sweeps.is_sweeping(rows):
                needed = {*tree.names, tree.md5}
                if not all(self.objects.path(name).exists() for name in needed):
                    return None, sweeps.epoch(rows)
            version = _version(rows, result, tree, actor, now)
            versions.add_version(rows, version)
            kept = ResultSnapshot(
                dataset=result.dataset,
                version=result.version,
                branch=result.branch,
                snapshot_id=result.snapshot_id,
                weights_sha256=weights_sha256,
                results=version.dataset,
                key=version.key,
                run_id=result.run_id,
                model=None,
                made_at=now,
            )
            store.keep(rows, kept)
            audit(rows, now, actor, "data.keep_result", kept.id, f"{result.dataset} {result.version}")
        return kept, epoch


def _version(rows: Plain, result: TrainingResult, tree: Tree, actor: Actor, now: datetime) -> Version:
    """Each result stands for itself: it has no parent."""
    name = results_of(result.dataset)
    last = versions.last_on_main(rows, name)
    return Version(
        dataset=name,
        key=next_key(None if last is None else last.key, breaks=False),
        number=versions.next_number(rows, name),
        branch=None,
        state=State.SEALED,
        tree_md5=tree.md5,
        tree_sha256=tree.sha256,
        files=len(tree),
        size_bytes=tree.size_bytes,
        schema="{}",
        author=actor,
        message=f"result of {result.dataset} {result.version}",
        committed_at=now,
        parents=(),
    )
