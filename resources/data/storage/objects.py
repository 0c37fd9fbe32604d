"""Content by its hash, laid out as DVC's cache: what is here, ``dvc`` can check out, push and pull.

An object is written to a draft, made read-only and renamed to the name that its content gives it: a kill
leaves a draft or the whole object, never half of one under its name. DVC trusts a read-only object without
reading it, so reading through :meth:`ObjectStore.read` compares content and name each time.
"""

import hashlib
import json
import os
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from resources.data.storage.drafts import mark_of, own_mark, sweep_drafts
from resources.data.storage.links import can_clone
from resources.data.storage.syncing import sync_file_system
from resources.errors import TrainplatError
from resources.files import disk_problem, sync_file
from resources.holder import Holder

TREE_SUFFIX = ".dir"
_READ_ONLY = 0o444
_SYNC_EACH_UP_TO = 64
"""Up to so many new files are synced one by one; for more, one sync of the file system is cheaper."""


class DamagedObject(TrainplatError):
    """An object is missing, or its content is not what its name says."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            problem,
            "Remove the object if it is there, then bring it back: 'dvc pull' from a remote in the data "
            "set's folder, or its original file in the source folder and a new run of 'collected'.",
        )


@dataclass(frozen=True)
class StoredObject:
    """An object: its name and its size."""

    md5: str
    size_bytes: int


class ObjectStore:
    """The objects of all data sets of one home."""

    def __init__(self, cache: Path, recall: Callable[[list[str]], object] | None = None) -> None:
        """``recall`` brings objects back that are read and not here; None: what is not here is missing."""
        self.cache, self._recall = cache, recall
        self._objects = f"{cache}/files/md5"
        self._has_drafts = False

    def path(self, md5: str) -> Path:
        """Where the object of this name lies, or would lie."""
        return Path(self.place(md5))

    def place(self, md5: str) -> str:
        """The same as text, for whoever asks a hundred thousand times."""
        return f"{self._objects}/{md5[:2]}/{md5[2:]}"

    def make_fan(self, fan: str) -> None:
        """Make the folder of all objects whose names begin with ``fan``, two hexadecimal digits."""
        os.makedirs(f"{self._objects}/{fan}", exist_ok=True)

    def draft(self, number: int) -> str:
        """The name of a draft of this process; the folder of drafts is there."""
        if not self._has_drafts:
            self._drafts().mkdir(parents=True, exist_ok=True)
            self._has_drafts = True
        return f"{self.cache}/drafts/{own_mark()}-{threading.get_ident()}-{number}"

    @cached_property
    def clones(self) -> bool:
        """Whether the file system of the store lets files share their blocks."""
        self._drafts().mkdir(parents=True, exist_ok=True)
        return can_clone(self._drafts(), self._drafts())

    def holds(self, stored: StoredObject) -> bool:
        """Whether the object is there with its full size; the content is not read."""
        try:
            return self.path(stored.md5).stat().st_size == stored.size_bytes
        except FileNotFoundError:
            return False

    def put(self, content: bytes, *, suffix: str = "") -> StoredObject:
        """Store ``content``, once; a damaged object is replaced. Raises Unavailable when the disk is full."""
        name = hashlib.md5(content, usedforsecurity=False).hexdigest() + suffix
        stored = StoredObject(name, len(content))
        if self.holds(stored) and self.path(name).read_bytes() == content:
            return stored
        self._write(content, self.path(name))
        return stored

    def read(self, md5: str) -> bytes:
        """The content of an object, compared with its name. Raises :class:`DamagedObject`."""
        path = self.path(md5)
        if self._recall is not None and not path.exists():
            self._recall([md5])
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise DamagedObject(f"object {md5} is missing from {self.cache}") from None
        if hashlib.md5(content, usedforsecurity=False).hexdigest() != md5.removesuffix(TREE_SUFFIX):
            raise DamagedObject(
                f"object {path} does not hold what its name says: it was changed or cut short"
            )
        return content

    def put_tree(self, files: Mapping[str, str]) -> StoredObject:
        """Store the list of a tree's files, relative path to object name, byte for byte as DVC does.

        Store and sync the files themselves first: whoever finds the list takes them for granted.
        """
        listed = [{"md5": files[path], "relpath": path} for path in sorted(files)]
        return self.put(json.dumps(listed, sort_keys=True).encode(), suffix=TREE_SUFFIX)

    def read_tree(self, md5: str) -> dict[str, str]:
        """The files of a tree: relative path to object name. Raises :class:`DamagedObject`."""
        return {entry["relpath"]: entry["md5"] for entry in json.loads(self.read(md5))}

    def all(self) -> Iterator[tuple[str, Path]]:
        """Every object by name, trees among them, in no order that matters."""
        root = Path(self._objects)
        for fan in sorted(root.iterdir()) if root.is_dir() else ():
            for path in fan.iterdir():
                yield fan.name + path.name, path

    @property
    def trash(self) -> Path:
        """Where objects wait that nobody needs, in case that somebody does."""
        return self.cache / "trash"

    def set_aside(self, md5: str) -> None:
        """Put a damaged object into the trash, so that whoever has its content brings it back."""
        self.trash.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            self.path(md5).rename(self.trash / md5)

    def sync(self, names: Collection[str]) -> None:
        """Return when these objects will outlive a power cut."""
        if len(names) > _SYNC_EACH_UP_TO:
            sync_file_system(self.cache)
            return
        folders = {self.path(name).parent for name in names}
        for place in [*map(self.path, names), *folders]:
            sync_file(place)
        if folders:
            sync_file(Path(self._objects))  # a folder may be as new as what is in it

    def link(self, md5: str, target: Path) -> None:
        """Give the object a second name, ``target``, at no cost in space where the file system can."""
        if target.exists():
            return
        try:
            target.hardlink_to(self.path(md5))
        except PermissionError:  # a file system without hard links
            self._write(self.path(md5).read_bytes(), target)
        except OSError as problem:
            raise disk_problem(problem, target) from problem

    def sweep_drafts(self) -> None:
        """Remove what writers that are dead left half-written."""
        sweep_drafts(self._drafts())

    def drop_drafts(self, writer: Holder) -> None:
        """Remove the drafts of one process that is dead; those of the one that asks are being written."""
        if writer == Holder.current():
            return
        for draft in self._drafts().glob(f"{mark_of(writer)}-*"):
            with suppress(OSError):  # another user's
                draft.unlink()

    def _write(self, content: bytes, target: Path) -> None:
        draft = self._drafts() / f"{own_mark()}-{threading.get_ident()}-{target.name}"
        try:
            draft.parent.mkdir(parents=True, exist_ok=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(content)
            draft.chmod(_READ_ONLY)
            draft.replace(target)
        except OSError as problem:
            draft.unlink(missing_ok=True)
            raise disk_problem(problem, target) from problem

    def _drafts(self) -> Path:
        return self.cache / "drafts"
