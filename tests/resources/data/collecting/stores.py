"""One store with its services, as the tests of this folder use it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from resources.data.collecting.gc import Collected
from resources.data.collecting.service import CollectingService
from resources.data.storage.worktree import quiet
from resources.data.versions.committing import Wanted
from resources.data.versions.model import Committed
from resources.data.versions.service import VersionService
from resources.database.engine import Database
from resources.home import Home
from resources.terms import Actor, DatasetName
from tests.resources.data.auditor import md5_of
from tests.resources.data.folders import write

ANN = Actor("user:ann")
DIGITS = DatasetName("digits")
NOW = timedelta(0)


@dataclass(frozen=True)
class Store:
    """The versions of a home, and who keeps them."""

    home: Home
    database: Database

    @property
    def versions(self) -> VersionService:
        """Who commits."""
        return VersionService(self.home, self.database)

    @property
    def keeper(self) -> CollectingService:
        """Who collects."""
        return CollectingService(self.home, self.database)

    @property
    def cache(self) -> Path:
        """Where the objects lie."""
        return self.home.data / ".cache"

    def commit(
        self, folder: Path, files: Mapping[str, bytes] | None = None, base: str | None = None
    ) -> Committed:
        """Write these files into a folder, and commit all that is there."""
        write(folder, files or {})
        return self.versions.commit(Wanted(DIGITS, folder, "", ANN, "ann", base), quiet)

    def collect(self, grace: timedelta = NOW) -> Collected:
        """Collect without grace."""
        return self.keeper.collect(ANN, grace)

    def holds(self, content: bytes) -> bool:
        """Whether a content is an object."""
        return self.keeper.objects.path(md5_of(content)).exists()

    def stray(self, content: bytes) -> None:
        """An object that nobody needs, as a commit leaves it that was killed."""
        self.keeper.objects.put(content)

    def audit(self) -> dict[tuple[str, str], dict[str, bytes]]:
        """The files of all versions that are not erased, read by no code of ours."""
        import json

        with self.database.read_plainly() as rows:
            found = rows.rows("SELECT dataset, key, tree_md5 FROM data_versions WHERE state <> 'erased'")
        versions = {}
        for dataset, key, tree in found:
            files = {}
            for entry in json.loads(self._object(tree)):
                content = self._object(entry["md5"])
                assert md5_of(content) == entry["md5"], f"{dataset} {key} {entry['relpath']}"
                files[entry["relpath"]] = content
            versions[dataset, key] = files
        return versions

    def bytes_everywhere(self, content: bytes) -> list[Path]:
        """Every file below the home that holds this content."""
        found = [path for path in self.home.path.rglob("*") if path.is_file() and not path.is_symlink()]
        return [path for path in found if content in path.read_bytes()]

    def _object(self, name: str) -> bytes:
        return (self.cache / "files/md5" / name[:2] / name[2:]).read_bytes()
