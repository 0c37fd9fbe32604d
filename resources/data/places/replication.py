"""Replication by rule: what is to be at a second remote, too, how far it is behind, and what it lost."""

from collections.abc import Iterable
from dataclasses import dataclass

from resources.data.collecting import scrubs
from resources.data.places import store
from resources.data.places.model import EVERY, Lag, Pushed, Replica
from resources.data.places.service import PlaceService
from resources.data.storage.worktree import Progress, quiet
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


SLICE = 32
"""So many versions are asked for at each remote at a time: one request for each."""


@dataclass(frozen=True)
class ReplicaLook:
    """What one remote was asked for, and does not have any more."""

    remote: str
    trees: int
    lost: tuple[str, ...]
    """Versions, such as ``digits v1.0``, that rows said were there."""
    problem: str | None = None
    """Why it could not be asked."""


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

    def ask(self, actor: Actor) -> list[ReplicaLook]:
        """Ask each remote of a rule for the next versions that rows say it has; for all where one is gone.

        Only the list of files of each is asked for, which is sent last and so tells of a place that was
        emptied, or made anew. What is gone counts as missing: the next round sends it again.
        """
        return [self._ask(remote, actor) for remote in sorted({one.remote for one in self.replicas()})]

    def _ask(self, remote: str, actor: Actor) -> ReplicaLook:
        with self.database.read_plainly() as rows:
            named = _replicated(rows, remote)
            at = scrubs.position(rows, _cursor_of(remote))
        trees = sorted(named)
        turn = sorted(trees, key=lambda tree: (tree <= at.cursor, tree))[:SLICE]
        try:
            gone = self.places.lacks(remote, turn)
            if gone:
                gone += self.places.lacks(remote, [tree for tree in trees if tree not in turn])
        except TrainplatError as problem:
            return ReplicaLook(remote, 0, (), problem.one_line)
        lost, now = sorted(name for tree in gone for name in named[tree]), self.clock()
        with self.database.write_plainly() as rows:
            for tree in gone:
                store.drop_tree(rows, remote, tree)
            for name in lost:
                audit(rows, now, actor, "data.replica_lost", name, f"it is not at {remote} any more")
            if turn:
                passes = at.passes + (trees[-1] in turn)
                scrubs.move(rows, scrubs.Position(turn[-1], now, now, passes), _cursor_of(remote))
        return ReplicaLook(remote, len(trees) if gone else len(turn), tuple(lost))


def _replicated(rows: Plain, remote: str) -> dict[str, list[str]]:
    """The trees that rules want at a remote and rows say are there, with the versions that each is of."""
    there, found = store.trees_at(rows, remote), dict[str, list[str]]()
    rules = [one for one in store.replicas(rows) if one.remote == remote]
    for dataset in dict.fromkeys(dataset for _, dataset in _pairs(rows, rules)):
        for one in versions.versions(rows, dataset):
            if one.state is not State.ERASED and one.tree_md5 in there:
                found.setdefault(one.tree_md5, []).append(f"{dataset} {one.key}")
    return found


def _cursor_of(remote: str) -> str:
    """Under which name it is written how far a remote was asked: no remote is named in capitals."""
    return remote.upper()


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
