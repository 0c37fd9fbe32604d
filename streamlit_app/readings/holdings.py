"""What people hold of a data set: spaces, and the storage that its versions take."""

from dataclasses import dataclass

from resources.data.collecting.service import CollectingService
from resources.data.collecting.usage import Usage
from resources.data.locks.model import VersionLock
from resources.data.locks.service import LockService
from resources.data.spaces.changes import Changes
from resources.data.spaces.model import Space
from resources.data.spaces.service import SpaceService
from resources.database.engine import Database
from resources.errors import TrainplatError
from resources.home import Home
from resources.terms import DatasetName


@dataclass(frozen=True)
class Storage:
    """What versions take, in bytes."""

    versions: tuple[Usage, ...]
    """Of one data set, in the order in which they were committed; erased ones are left out."""
    stored_bytes: int
    """Of all objects of all data sets."""

    @property
    def apart_bytes(self) -> int:
        """What the versions would take if each had its own copy."""
        return sum(one.size_bytes for one in self.versions)


def read_spaces(home: Home, database: Database, dataset: DatasetName) -> tuple[Space, ...]:
    """The spaces of a data set, of all users."""
    found = SpaceService(home, database).spaces()
    return tuple(one for one in found if one.dataset == dataset)


def read_changes_in(home: Home, database: Database, space: Space) -> Changes | None:
    """How much was changed in a space since its version: a look at each of its files.

    None where it cannot be told: the space is not open, or belongs to somebody who keeps it to himself.
    """
    if not space.is_open:
        return None
    try:
        return SpaceService(home, database).changes(space)
    except TrainplatError:
        return None


def read_locks(database: Database, dataset: DatasetName) -> tuple[VersionLock, ...]:
    """The locks on versions of a data set that hold now, the oldest first."""
    return tuple(LockService(database).locks(dataset))


def read_storage(home: Home, database: Database, dataset: DatasetName) -> Storage:
    """Measure it. Raises :class:`~resources.data.versions.errors.UnknownDataset`."""
    service = CollectingService(home, database)
    found = sorted(service.usage(dataset), key=lambda one: one.version.number)
    return Storage(tuple(found), service.stored_bytes())
