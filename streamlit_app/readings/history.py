"""The versions of one data set: its lines, its tags, and what each version is kept for."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from resources.clock import Clock, utc_now
from resources.data.collecting.dependents import Dependent
from resources.data.collecting.service import CollectingService
from resources.data.versions.model import Branch, BranchState, Version
from resources.data.versions.service import VersionService
from resources.database.engine import Database
from resources.home import Home
from resources.terms import DatasetName, VersionKey

_MERGE = "merge "


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
        """What a version is called within its data set: ``v1.2``, and ``ann@2`` on a branch of ann."""
        name, at, number = key.rpartition("@")
        return f"{self._names[name]}{at}{number}" if name in self._names else key

    def branch_name(self, name: str) -> str:
        """What a branch is called then: ``ann``, and ``ann/v1.3`` where she has another one."""
        return self._names.get(name, name)

    def message(self, one: Version) -> str:
        """What its author said; the branch in what a merge says by itself is called as above."""
        merged, comma, more = one.message.removeprefix(_MERGE).partition(",")
        return f"{_MERGE}{self._names[merged]}{comma}{more}" if merged in self._names else one.message

    def version(self, key: VersionKey) -> Version:
        """The version of this key."""
        return self._by_key[key]

    def user_of(self, branch: str | None) -> str | None:
        """Whose branch it is; None for the main line."""
        return self._users.get(branch or "")

    def is_open_head(self, one: Version) -> bool:
        """Whether it is the newest of a branch that could be merged."""
        return one.key in self._open_heads

    @cached_property
    def _by_key(self) -> Mapping[VersionKey, Version]:
        return {one.key: one for one in self.versions}

    @cached_property
    def _users(self) -> Mapping[str, str]:
        return {one.name: one.user for one in self.branches}

    @cached_property
    def _open_heads(self) -> frozenset[VersionKey]:
        return frozenset(one.head for one in self.open_branches if one.head != one.base)

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """Branches by the user, with the base where he has several, and counted where that is the same."""
        of_user = Counter(one.user for one in self.branches)
        of_base: Counter[str] = Counter()
        names = {}
        for one in self.branches:
            with_base = f"{one.user}/{one.base}"
            of_base[with_base] += 1
            counted = with_base if of_base[with_base] == 1 else f"{with_base}/{of_base[with_base]}"
            names[one.name] = one.user if of_user[one.user] == 1 else counted
        return names


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
