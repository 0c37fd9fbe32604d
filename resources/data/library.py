"""The versions of one data set from Python: scripts, notebooks, and assets of anybody.

>>> pets = DataSet("pets")
>>> with pets.taken("latest") as folder: ...  # its files, locked meanwhile
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from resources.clock import Clock, utc_now
from resources.data.collecting.dependents import Dependent, Kind
from resources.data.collecting.service import CollectingService
from resources.data.locks.service import Asked, Granted, Holding, LockService
from resources.data.merges.model import Tried
from resources.data.merges.service import MergeService
from resources.data.merging.model import Policy
from resources.data.places.service import PlaceService
from resources.data.results.model import ResultSnapshot
from resources.data.results.service import ResultService
from resources.data.trees.diff import Change
from resources.data.versions.committing import Wanted
from resources.data.versions.model import Branch, Committed, Version
from resources.data.versions.naming import checked_dataset
from resources.data.versions.refs import NEWEST
from resources.data.versions.service import VersionService
from resources.errors import NotFound
from resources.home import Home
from resources.terms import Actor
from resources.users import current_user


class DataSet:
    """One data set, and who works with it. Raises BadInput for a name that none can have.

    ``ref`` is a version, a tag, a branch (its newest version) or ``latest``, here as everywhere.
    """

    def __init__(
        self,
        name: str,
        home: Home | None = None,
        *,
        actor: Actor | None = None,
        priority: int = 0,
        clock: Clock = utc_now,
    ) -> None:
        """``home`` and ``actor`` are those of the environment where they are not given."""
        self.name = checked_dataset(name)
        self.home = home or Home.from_environment()
        self.user = current_user()
        self.actor = actor or Actor(f"user:{self.user}")
        self._priority = priority
        database = self.home.database()
        places = PlaceService(self.home, database)
        collecting = CollectingService(
            self.home, database, clock, elsewhere=places.erase, remote=places.repair
        )
        self._collecting = collecting
        self._versions = VersionService(self.home, database, clock, repair=collecting.repair)
        self._locks, self._merges = LockService(database, clock), MergeService(self.home, database, clock)
        self._results = ResultService(self.home, database, clock)

    def log(self) -> list[Version]:
        """All versions, newest first. Raises :class:`UnknownDataset`."""
        return self._versions.log(self.name)

    def show(self, ref: str = NEWEST) -> Version:
        """One version. Raises :class:`UnknownRef`."""
        return self._versions.show(self.name, ref)

    def paths(self, ref: str = NEWEST) -> list[str]:
        """The paths of its files, in their order."""
        return list(self._versions.tree(self.show(ref)).paths)

    def read(self, path: str, ref: str = NEWEST) -> bytes:
        """One of its files, compared with its hash. Raises NotFound, and :class:`DamagedObject`."""
        version = self.show(ref)
        tree = self._versions.tree(version)
        place = tree.position(path)
        if place is None:
            raise NotFound(
                f"{self.name} {version.key} has no file {path!r}",
                f"`trainplat data show {self.name} {version.key} --files` lists its files.",
            )
        return self._versions.objects.read(tree.names[place])

    def diff(self, before: str, after: str = NEWEST) -> list[Change]:
        """What is different between two versions, by path."""
        return self._versions.diff(self.name, before, after)

    def give(self, ref: str, folder: Path | str) -> Version:
        """Its files in a new folder, which is the user's own and can be committed again."""
        return self._versions.restore(self.name, ref, Path(folder).absolute())

    def commit(
        self, folder: Path | str, message: str = "", *, base: str | None = None, schema: str | None = None
    ) -> Committed:
        """Make a folder the next version, or one on a branch where somebody else was faster."""
        wanted = Wanted(
            self.name, Path(folder).absolute(), message, self.actor, self.user, base, schema=schema
        )
        return self._versions.commit(wanted)

    def branch(self, ref: str = NEWEST) -> Branch:
        """Begin a branch."""
        return self._versions.branch(self.name, ref, self.user, self.actor)

    def merge(self, branch: str, policy: Policy | None = None) -> Tried:
        """Try to merge a branch into the main line; what is in conflict is listed in what comes back."""
        return self._merges.merge(self.name, branch, self.actor, policy)

    def results(self) -> list[ResultSnapshot]:
        """The results of the trainings on it, oldest first."""
        return self._results.results(self.name)

    def kept_for(self, ref: str = NEWEST) -> list[Dependent]:
        """What a version is kept for: models, runs, locks, pins."""
        return self._collecting.dependents(self.name, ref)

    def release(self, ref: str, model: str) -> None:
        """Keep a version for a model no longer. Raises NotFound where it is not kept for that."""
        self._collecting.release(self.name, ref, Kind.MODEL, model, self.actor)

    @contextmanager
    def locked(self, ref: str = NEWEST, purpose: str = "in use") -> Iterator[Holding]:
        """Keep a version as it is for a block; one of more than a day says ``touch()`` meanwhile."""
        with self._locks.reading(self.name, ref, self._asked(purpose)) as holding:
            yield holding

    @contextmanager
    def writing(
        self, ref: str = NEWEST, purpose: str = "next version", *, can_branch: bool = True
    ) -> Iterator[Granted]:
        """Be the one who commits next for a block, on the line of ``ref`` or else on a branch.

        Raises :class:`Locked` for who cannot branch: it names the holder, and when the lock expires.
        """
        granted = self._locks.write(self.name, ref, self._asked(purpose, can_branch=can_branch))
        try:
            yield granted
        finally:
            self._locks.release(granted.lock, self.actor)

    @contextmanager
    def taken(self, ref: str = NEWEST, purpose: str = "in use") -> Iterator[Path]:
        """A version's files in a folder for a block: locked meanwhile, and gone afterwards."""
        with (
            self.locked(ref, purpose) as holding,
            tempfile.TemporaryDirectory(prefix=f"trainplat-{self.name}-") as outer,
        ):
            folder = Path(outer) / "data"
            self.give(holding.lock.key, folder)
            yield folder

    def _asked(self, purpose: str, *, can_branch: bool = True) -> Asked:
        return Asked(self.actor, self.user, purpose, self._priority, can_branch)
