"""The objects of a repository of DVC on their way into our store: hashed again, and named if missing."""

import os
import subprocess
import sys
import time
from pathlib import Path

from resources.data.interop.history import Repository
from resources.data.interop.pointers import Output
from resources.data.storage.ingesting import Ingest, StoredStamp, Taking
from resources.data.storage.objects import ObjectStore
from resources.data.storage.scanning import stamp_of
from resources.data.storage.worktree import Progress, stamps_for
from resources.data.trees.listing import Stamps, Tree, tree_of_text
from resources.errors import TrainplatError
from resources.files import disk_problem

SHOWN = 5


class MissingObjects(TrainplatError):
    """A repository of DVC lacks objects, and its remotes do too."""

    def __init__(self, root: Path, revision: str, names: list[str], fetched: str) -> None:
        listed = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
        super().__init__(
            f"{len(names)} objects of {revision} are missing from {root} or damaged: {listed}. "
            f"`dvc fetch` says: {fetched}",
            "Nothing was imported. Bring them back there with `dvc fetch --all-commits`, and import again. "
            "--since REVISION leaves the revisions before it out.",
        )
        self.names = tuple(names)


class Source:
    """The cache of a repository of DVC."""

    def __init__(self, repository: Repository, store: ObjectStore, progress: Progress) -> None:
        self._repository, self._progress, self._store = repository, progress, store
        self._ingest = Ingest(store, Taking.COPY, time.time_ns, _nothing)
        self._taken: dict[tuple[str, bool], tuple[str, int] | None] = {}
        self._fetched: str | None = None

    def take(self, output: Output, revision: str) -> tuple[Tree, Stamps]:
        """Put an output's objects into the store; its tree. Raises :class:`MissingObjects`."""
        tree, missing = self._take(output)
        if missing and self._fetched is None:
            self._fetched = _fetch(self._repository, output.path)
            tree, missing = self._take(output)
        if tree is None or missing:
            raise MissingObjects(self._repository.root, revision, missing, self._fetched or "nothing")
        self._store.sync(list(self._ingest.stored))
        self._store.put(tree.text, suffix=".dir")
        self._store.sync([tree.md5])
        return tree, stamps_for(tree, self._ingest.stored, None)

    def _take(self, output: Output) -> tuple[Tree | None, list[str]]:
        if not output.is_folder:
            listed = {output.path.rpartition("/")[2]: output.md5}
        else:
            text = self._text(output.md5, is_old=output.is_dos2unix)
            if text is None:
                return None, [output.md5]
            listed = tree_of_text(text).files
        is_old = output.is_dos2unix
        self._progress(0, 0, len({name for name in listed.values() if (name, is_old) not in self._taken}))
        files, missing = {}, []
        for path, name in listed.items():
            found = self._object(name, is_old=is_old)
            if found is None:
                missing.append(name)
            else:
                files[path] = found
        return Tree.of(files), sorted(set(missing))

    def _text(self, md5: str, *, is_old: bool) -> bytes | None:
        import hashlib

        try:
            text = self._path(md5, is_old=is_old).read_bytes()
        except FileNotFoundError:
            return None
        found = hashlib.md5(text, usedforsecurity=False).hexdigest()
        return text if found == md5.removesuffix(".dir") else None

    def _object(self, name: str, *, is_old: bool) -> tuple[str, int] | None:
        """The name of an object in our store and its size; None for one that is missing or damaged."""
        key = (name, is_old)
        if self._taken.get(key) is None:
            self._taken[key] = self._read(self._path(name, is_old=is_old), name, is_old=is_old)
        return self._taken[key]

    def _read(self, path: Path, name: str, *, is_old: bool) -> tuple[str, int] | None:
        try:
            directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            return None
        try:
            seen = stamp_of(os.stat(path.name, dir_fd=directory))
            taken = self._ingest.take(f"{path.parent}", "", path.name, directory, seen)
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise disk_problem(problem, path) from problem
        finally:
            os.close(directory)
        self._ingest.refuse_unreadable(path.parent)
        self._progress(1, seen[0])
        if taken is None or (taken.name != name and not (is_old and _old_name(path) == name)):
            return None
        return taken.name, seen[0]

    def _path(self, md5: str, *, is_old: bool) -> Path:
        cache = self._repository.cache
        return (cache if is_old else cache / "files" / "md5") / md5[:2] / md5[2:]


def _old_name(path: Path) -> str:
    """What DVC 2 calls an object: the hash of a text with the line ends of Unix."""
    from dvc_data.hashfile.hash import fobj_md5

    with path.open("rb") as file:
        return str(fobj_md5(file, name="md5-dos2unix"))


def _fetch(repository: Repository, path: str) -> str:
    """Let dvc fetch what is missing, of every revision; what it said last."""
    every = ["--all-commits"] if repository.has_git else []
    command = [sys.executable, "-m", "dvc", "fetch", *every, path]
    ran = subprocess.run(command, cwd=repository.root, capture_output=True, text=True, check=False)
    said = [line for line in (ran.stdout + ran.stderr).splitlines() if line.strip()]
    return said[-1].strip() if said else f"nothing, and ends with {ran.returncode}"


def _nothing(name: str) -> StoredStamp | None:  # noqa: ARG001 - nothing is known of any
    return None
