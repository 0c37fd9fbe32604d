"""One data set as a DVC repository without git: where its parts lie, and a ``.dvc`` file for each version."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from resources.data.storage.objects import ObjectStore, StoredObject
from resources.errors import Conflict
from resources.files import write_atomically
from resources.home import Home
from resources.terms import FIRST_VERSION, DatasetName, VersionKey

LOCK_FILE = ".lock"
"""In the folder of each data set: whoever makes versions of it holds it."""
LOCK_TIMEOUT_S = 120.0
"""How long one writer of a data set waits for another; a whole version takes a few seconds."""

_CONFIG = """\
[core]
    no_scm = True
    analytics = False
    autostage = False
[cache]
    dir = ../../.cache
    type = "reflink,hardlink,copy"
"""
_IGNORED = "/source\n/imports\n/inbox\n/staging\n/samples\n/snapshots\n"


@dataclass(frozen=True)
class DatasetRepository:
    """The folder of one data set. Making the object reads and writes nothing."""

    home: Home
    dataset: DatasetName

    @property
    def root(self) -> Path:
        """Where ``dvc`` is run."""
        return self.home.data / self.dataset

    @property
    def source(self) -> Path:
        """What people put in: image files and ``labels.csv``."""
        return self.root / "source"

    @property
    def imports(self) -> Path:
        """Where the relative paths of other sources start: archives, manifests, exports."""
        return self.root / "imports"

    @property
    def inbox(self) -> Path:
        """Where new samples without a label are put; each file is removed when it has been taken in."""
        return self.root / "inbox"

    @property
    def samples(self) -> Path:
        """Every sample that was ever in a version, once, read-only, named by its id."""
        return self.root / "samples"

    @property
    def snapshots(self) -> Path:
        """One JSON file for each snapshot, named by its id."""
        return self.root / "snapshots"

    @property
    def objects(self) -> ObjectStore:
        """The content, shared by all data sets of the home."""
        from resources.data.tiers.recalling import recalling_store  # what it reads may lie in a colder tier

        return recalling_store(self.home.data / ".cache", self.home.database)

    def staging(self, version: VersionKey) -> Path:
        """What the stages of a version that is not sealed yet hand on."""
        return self.root / "staging" / version

    def pointer(self, version: VersionKey) -> Path:
        """The ``.dvc`` file of a version: ``dvc checkout`` of it brings the tree back beside it."""
        return self.root / "versions" / f"{version}.dvc"

    def prepare(self) -> None:
        """Make the folder a DVC repository, once."""
        config = self.root / ".dvc" / "config"
        if not config.exists():
            write_atomically(self.root / ".dvcignore", _IGNORED)
            write_atomically(config, _CONFIG)
        self.source.mkdir(exist_ok=True)
        self.inbox.mkdir(exist_ok=True)
        self.samples.mkdir(exist_ok=True)

    def write_pointer(self, version: VersionKey, tree: StoredObject, *, size_bytes: int, files: int) -> None:
        """Write the ``.dvc`` file as ``dvc add`` writes it; ``size_bytes`` is that of all files together."""
        described = (
            f"md5: {tree.md5}\n  size: {size_bytes}\n  nfiles: {files}\n  hash: md5\n  path: {version}"
        )
        write_atomically(self.pointer(version), f"outs:\n- {described}\n")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one writer at a time; the kernel gives the lock back when its holder is killed."""
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.root / LOCK_FILE, timeout=LOCK_TIMEOUT_S):
                self._sweep()
                yield
        except Timeout:
            raise Conflict(
                f"another process has been writing data set {self.dataset} for over {LOCK_TIMEOUT_S:.0f} s",
                "Let it finish, then run the same thing again; 'trainplat status' lists what runs.",
            ) from None

    def _sweep(self) -> None:
        """Remove what writers that were killed left half-written: whoever has the lock is the only one."""
        for folder in (self.root, self.root / ".dvc", self.pointer(FIRST_VERSION).parent, self.snapshots):
            for draft in folder.glob(".*.tmp"):
                draft.unlink()
        self.objects.sweep_drafts()
