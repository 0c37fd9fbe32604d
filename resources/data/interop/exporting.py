"""A version as a repository of DVC that owns all it has: nothing that dvc does there reaches our store.

``dvc gc`` deletes what it does not know from the cache that it is given, so an export never leads to ours.
"""

import os
import shutil
from array import array
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from resources.data.interop.configuration import cache_of, own_cache
from resources.data.interop.pointers import pointer_text
from resources.data.storage.giving import Giving, give
from resources.data.storage.objects import ObjectStore
from resources.data.storage.worktree import Progress
from resources.data.trees.listing import Stamps, Tree
from resources.data.versions.model import Version
from resources.errors import Conflict
from resources.files import write_atomically

_READ_ONLY = 0o444
_CORE, _NO_SCM = "[core]\n    analytics = false\n", "    no_scm = True\n"
_CACHE = "[cache]\n    dir = cache\n"
"""Said, since a user or a machine may have another for all repositories."""
_IGNORED_BY_GIT = "/config.local\n/tmp\n/cache\n"
_INCOMING = "incoming-"


@dataclass(frozen=True)
class Exported:
    """A version in a repository of DVC."""

    version: Version
    repository: Path
    pointer: Path
    """The ``.dvc`` file, which ``dvc checkout`` takes."""
    new_objects: int
    has_git: bool


@dataclass(frozen=True)
class Damaged(Exception):
    """Objects that are not what their names say."""

    names: list[str]


def export(
    store: ObjectStore,
    version: Version,
    tree: Tree,
    stamps: Stamps,
    folder: Path,
    giving: Giving,
    progress: Progress,
) -> Exported:
    """Make ``folder`` a repository of DVC that has this version, or add the version to one.

    The objects come first, the tree after them, the ``.dvc`` file last: after a kill, run it again. Raises
    :class:`Damaged`, and Conflict for a folder whose cache lies elsewhere.
    """
    has_git = _in_git(folder)
    _make_repository(folder, has_git=has_git)
    cache = folder / ".dvc" / "cache" / "files" / "md5"
    for left in cache.parent.glob(f"*{_INCOMING}*"):  # by an export that was killed
        shutil.rmtree(left, ignore_errors=True)
    new = _objects(tree, cache)
    if len(new[0]):
        _bring(store, *new, stamps_of=(tree, stamps), cache=cache, giving=giving, progress=progress)
    _write_object(cache / version.tree_md5[:2] / version.tree_md5[2:], tree.text)
    pointer = folder / f"{version.dataset}.dvc"
    if has_git:
        _ignore(folder / ".gitignore", f"/{version.dataset}")
    text = pointer_text(version.dataset, version.tree_md5, size_bytes=version.size_bytes, files=version.files)
    write_atomically(pointer, text)
    return Exported(version, folder, pointer, len(new[0]), has_git)


def _in_git(folder: Path) -> bool:
    return any((place / ".git").exists() for place in (folder, *folder.parents))


def _make_repository(folder: Path, *, has_git: bool) -> None:
    config = folder / ".dvc" / "config"
    if config.exists() or (folder / ".dvc" / "config.local").exists():
        if cache_of(folder).resolve() != own_cache(folder).resolve():
            raise Conflict(
                f"{folder} has its cache at {cache_of(folder)}; expected a repository whose cache is "
                ".dvc/cache",
                "Export into a new folder. `dvc remote add` and `dvc push` bring it from there.",
            )
        return
    if folder.exists() and not has_git and any(folder.iterdir()):
        raise Conflict(
            f"{folder} is not empty, and neither a repository of git nor one of DVC; nothing was changed",
            "Choose a folder that is new or empty, or run `git init` there.",
        )
    write_atomically(folder / ".dvcignore", "")
    write_atomically(folder / ".dvc" / ".gitignore", _IGNORED_BY_GIT)
    write_atomically(config, _CORE + ("" if has_git else _NO_SCM) + _CACHE)


def _objects(tree: Tree, cache: Path) -> tuple[list[str], list[int]]:
    """The objects that the export does not have, and where in the tree each one stands."""
    places: dict[str, int] = {}
    for place, name in enumerate(tree.names):
        places.setdefault(name, place)
    missing = {}
    for name, place in places.items():
        try:
            is_there = os.stat(f"{cache}/{name[:2]}/{name[2:]}").st_size == tree.sizes[place]  # noqa: PTH116
        except FileNotFoundError:
            is_there = False
        if not is_there:
            missing[name] = place
    names = sorted(missing)
    return names, [missing[name] for name in names]


def _bring(
    store: ObjectStore,
    names: list[str],
    places: list[int],
    *,
    stamps_of: tuple[Tree, Stamps],
    cache: Path,
    giving: Giving,
    progress: Progress,
) -> None:
    """Give the objects out under their own names, verified, and put each one in its place."""
    tree, stamps = stamps_of
    as_files = Tree(
        [f"{name[:2]}/{name[2:]}" for name in names], names, array("q", [tree.sizes[at] for at in places])
    )
    looks = Stamps(
        array("q", [stamps.inodes[at] for at in places]), array("q", [stamps.mtimes_ns[at] for at in places])
    )
    incoming = cache.with_name(f"{_INCOMING}{token_hex(6)}")
    given = give(store, as_files, looks, incoming, giving, progress=progress)
    if given.damaged:
        raise Damaged(given.damaged)
    for path in as_files.paths:
        source, target = f"{incoming}/{path}", f"{cache}/{path}"
        os.chmod(source, _READ_ONLY)  # noqa: PTH101 - dvc trusts what nobody can write
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120
        os.replace(source, target)  # noqa: PTH105
    shutil.rmtree(incoming)


def _write_object(path: Path, content: bytes) -> None:
    write_atomically(path, content, mode=_READ_ONLY)


def _ignore(file: Path, line: str) -> None:
    lines = file.read_text().splitlines() if file.exists() else []
    if line not in lines:
        write_atomically(file, "\n".join([*lines, line]) + "\n")
