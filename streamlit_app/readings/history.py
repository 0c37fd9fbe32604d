"""The versions of one data set: its lines, its tags, and what each version is kept for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from resources.clock import Clock, utc_now
from resources.data.collecting.dependents import Dependent
from resources.data.collecting.service import CollectingService
from resources.data.versions.model import Branch, BranchState, Version
from resources.data.versions.service import VersionService
from resources.database.engine import Database
from resources.home import Home
from resources.terms import DatasetName, VersionKey


@dataclass(frozen=True)
class History:
    """All versions of a data set, as they were at ``read_at``."""

    dataset: DatasetName
    versions: tuple[Version, ...]
    """In the order in which they were committed."""
    branches: tuple[Branch, ...]
    """The oldest first."""
    tags: Mapping[VersionKey, tuple[str, ...]]
    kept: Mapping[VersionKey, tuple[Dependent, ...]]
    """What each version is kept for."""
    read_at: datetime

    @property
    def open_branches(self) -> tuple[Branch, ...]:
        """Those that could be merged."""
        return tuple(one for one in self.branches if one.state is BranchState.OPEN)

    def short(self, key: VersionKey) -> str:
        """What a version is called where its line is known: ``v1.2``, and ``ann@2`` on a branch of ann."""
        name, at, number = key.rpartition("@")
        user = next((one.user for one in self.branches if one.name == name), None)
        return key if user is None else f"{user}{at}{number}"


def read_datasets(home: Home, database: Database) -> tuple[DatasetName, ...]:
    """The data sets that have versions, by name."""
    return tuple(VersionService(home, database).datasets())


def read_history(home: Home, database: Database, dataset: DatasetName, clock: Clock = utc_now) -> History:
    """Read it. Raises :class:`~resources.data.versions.errors.UnknownDataset`."""
    service = VersionService(home, database, clock)
    tags: dict[VersionKey, list[str]] = {}
    for tag, key in service.tags(dataset).items():
        tags.setdefault(key, []).append(tag)
    kept: dict[VersionKey, list[Dependent]] = {}
    for one in CollectingService(home, database, clock).dependents(dataset):
        kept.setdefault(one.key, []).append(one)
    return History(
        dataset,
        tuple(service.log(dataset)[::-1]),
        tuple(service.branches(dataset)),
        {key: tuple(names) for key, names in tags.items()},
        {key: tuple(found) for key, found in kept.items()},
        clock(),
    )
