"""Replication by rule: what is to be at a second remote, too, and how far it is behind."""

from collections.abc import Iterable
from dataclasses import dataclass

from resources.data.places import store
from resources.data.places.model import EVERY, Lag, Pushed, Replica
from resources.data.places.service import PlaceService, quiet
from resources.data.storage.worktree import Progress
from resources.data.versions import store as versions
from resources.data.versions.audit import audit
from resources.data.versions.errors import UnknownDataset
from resources.data.versions.model import State
from resources.database.plain import Plain
from resources.errors import NotFound, TrainplatError
from resources.terms import Actor, DatasetName


@dataclass(frozen=True)
class Replicated:
    """What one round did for one data set and remote."""

    lag: Lag
    """As it was before."""
    pushed: Pushed | None
    problem: str | None
    """Why not all is there now."""


class ReplicationService:
    """The rules of one home. A round can be killed at any moment and run again."""

    def __init__(self, places: PlaceService) -> None:
        self.places, self.database, self.clock = places, places.database, places.clock

    def replicas(self) -> list[Replica]:
        """All rules."""
        with self.database.read_plainly() as rows:
            return store.replicas(rows)

    def replicate(self, dataset: str, remote: str, actor: Actor) -> Replica:
        """Let all versions of a data set, or :data:`EVERY`, be at a remote. Raises NotFound."""
        name, now = self.places.remote(remote).name, self.clock()
        added = Replica(dataset, name, actor, now)
        with self.database.write_plainly() as rows:
            known = versions.datasets(rows)
            if dataset != EVERY and dataset not in known:
                raise UnknownDataset(DatasetName(dataset), known)
            store.add_replica(rows, added)
            audit(rows, now, actor, "data.replicate", dataset, f"to {name}")
        return added

    def leave(self, dataset: str, remote: str, actor: Actor) -> None:
        """Replicate no more; what is there stays. Raises NotFound."""
        with self.database.write_plainly() as rows:
            if not store.drop_replica(rows, dataset, remote):
                raise NotFound(
                    f"no rule says that {'every data set' if dataset == EVERY else dataset} is to be at "
                    f"{remote}",
                    "`trainplat data status` lists what is replicated.",
                )
            audit(rows, self.clock(), actor, "data.stop_replicating", dataset, f"to {remote}")

    def lags(self) -> list[Lag]:
        """How far each remote is behind its rules, one for each data set; only rows are read."""
        with self.database.read_plainly() as rows:
            wanted = dict.fromkeys(_pairs(rows, store.replicas(rows)))
            return [_lag(rows, remote, dataset) for remote, dataset in wanted]

    def run(self, actor: Actor, progress: Progress = quiet) -> list[Replicated]:
        """Push what is missing. A remote that does not answer is told, and the others get theirs."""
        done = []
        for lag in self.lags():
            if not lag.behind:
                continue
            try:
                pushed = self.places.push(lag.dataset, None, lag.remote, actor, progress)
            except TrainplatError as problem:
                done.append(Replicated(lag, None, problem.one_line))
            else:
                done.append(Replicated(lag, pushed, None))
        return done


def _pairs(rows: Plain, rules: Iterable[Replica]) -> Iterable[tuple[str, DatasetName]]:
    for rule in rules:
        for dataset in versions.datasets(rows) if rule.dataset == EVERY else [DatasetName(rule.dataset)]:
            yield rule.remote, dataset


def _lag(rows: Plain, remote: str, dataset: DatasetName) -> Lag:
    there = store.trees_at(rows, remote)
    missing = [
        one
        for one in versions.versions(rows, dataset)
        if one.state is not State.ERASED and one.tree_md5 not in there
    ]
    since = min((one.committed_at for one in missing), default=None)
    return Lag(remote, dataset, len(missing), since)
