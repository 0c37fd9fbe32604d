"""Versions for everyone above: commit folders, look at versions, give them back."""

from resources.clock import Clock, utc_now
from resources.data.storage.objects import ObjectStore
from resources.data.storage.worktree import Progress
from resources.data.versions import store
from resources.data.versions.committing import Commit, Wanted
from resources.data.versions.errors import UnknownDataset
from resources.data.versions.model import Committed, Version
from resources.data.versions.refs import resolve
from resources.database.engine import Database
from resources.home import Home
from resources.terms import DatasetName


def _quiet(files: int, size_bytes: int) -> None:
    """Tell nobody."""


class VersionService:
    """All that is done with the versions of one home. Every act can be repeated without harm."""

    def __init__(self, home: Home, database: Database, clock: Clock = utc_now) -> None:
        self.home = home
        self.database = database
        self.clock = clock
        self.objects = ObjectStore(home.data / ".cache")

    def commit(self, wanted: Wanted, progress: Progress = _quiet) -> Committed:
        """Make a folder the next version, or a version on a branch where somebody else was faster."""
        return Commit(self.database, self.objects, self.clock, wanted).run(progress)

    def log(self, dataset: DatasetName) -> list[Version]:
        """All versions, newest first. Raises :class:`UnknownDataset`."""
        with self.database.read_plainly() as rows:
            found = store.versions(rows, dataset)
            if not found:
                raise UnknownDataset(dataset, store.datasets(rows))
        return found[::-1]

    def show(self, dataset: DatasetName, ref: str) -> Version:
        """One version by its key, a tag, a branch or ``latest``. Raises :class:`UnknownRef`."""
        with self.database.read_plainly() as rows:
            return resolve(rows, dataset, ref)
