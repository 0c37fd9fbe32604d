"""Work trees read into a store and given back, without a database: the index is kept by whoever calls."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from resources.data.storage.giving import Given, Giving, give
from resources.data.storage.ingesting import Ingest, StoredStamp, Taking
from resources.data.storage.objects import ObjectStore
from resources.data.storage.worktree import IndexRow, Reading, read_work_tree
from resources.data.trees.listing import Stamps, Tree


class Reader:
    """Reads a work tree again and again, as commits do."""

    def __init__(
        self, store: ObjectStore, taking: Taking = Taking.COPY, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self.store, self.taking, self.now_ns = store, taking, now_ns
        self.index: dict[bytes, IndexRow] = {}
        self.trusted: dict[str, StoredStamp] = {}
        self.ingest: Ingest | None = None

    def read(self, root: Path) -> Reading:
        """Read it, and remember what it looked like."""
        self.ingest = None
        found = read_work_tree(root, self.index, self._begin, lambda files, size_bytes, to_come=0: None)  # noqa: ARG005
        for folder in found.gone_folders:
            del self.index[folder]
        self.index.update({row.folder: row for row in found.changed_rows})
        return found

    def tree(self, root: Path) -> dict[str, str]:
        """The same as path to object name."""
        return self.read(root).tree.files

    def _begin(self) -> Ingest:
        self.ingest = Ingest(self.store, self.taking, self.now_ns, self.trusted.get)
        return self.ingest


def given_out(store: ObjectStore, tree: Tree, target: Path, giving: Giving = Giving.COPY) -> Given:
    """Give a tree out, of which nothing is known but its text."""
    return give(store, tree, Stamps.unknown(len(tree)), target, giving, progress=lambda *_: None)


@contextmanager
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The files opened to be read within, and not folders."""
    names: list[str] = []
    real = os.open

    def note(path: str, flags: int, *more: int, **settings: int) -> int:
        if not flags & (os.O_DIRECTORY | os.O_WRONLY | os.O_RDWR):
            names.append(os.fspath(path))
        return real(path, flags, *more, **settings)

    with monkeypatch.context() as patched:
        patched.setattr("os.open", note)
        yield names


@contextmanager
def as_it_is_read(monkeypatch: pytest.MonkeyPatch, name: str, work: Callable[[], None]) -> Iterator[None]:
    """Do ``work`` each time right after the file ``name`` was opened to be read."""
    real = os.open

    def act(path: str, flags: int, *more: int, **settings: int) -> int:
        descriptor = real(path, flags, *more, **settings)
        if path == name and not flags & (os.O_DIRECTORY | os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            work()
        return descriptor

    with monkeypatch.context() as patched:
        patched.setattr("os.open", act)
        yield
