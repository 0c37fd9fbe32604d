"""What lies in a work tree: every file's stamp, folder by folder, and nothing read."""

import errno
import os
import stat
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from resources.errors import BadInput, Denied, NotFound
from resources.printable import printable

FIELDS = 4
"""Numbers that a stamp has: size in bytes, mtime and ctime in ns, inode."""
SKIPPED = frozenset({".git", ".dvc", ".trainplat"})
"""Folders that belong to programs, and to no version. They are left out at the top of a work tree."""
SHOWN = 5
_LONGEST = 4096
"""PATH_MAX of Linux."""
_NO_FOLDER = frozenset({errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTDIR})


@dataclass(frozen=True)
class Folder:
    """One folder of a work tree, and what its regular files look like."""

    path: str
    """Relative to the work tree, with a ``/`` at its end; empty for the work tree itself."""
    names: Sequence[str]
    """Of its regular files, sorted."""
    stamps: "array[int]"
    """:data:`FIELDS` numbers for each name."""

    def stamp(self, position: int) -> "array[int]":
        """The stamp of the file at a position."""
        return self.stamps[position * FIELDS : (position + 1) * FIELDS]


class UnfitFiles(BadInput):
    """A work tree holds what no version can hold."""

    def __init__(self, root: Path, complaints: Sequence[str]) -> None:
        shown = "; ".join(complaints[:SHOWN])
        more = f"; and {len(complaints) - SHOWN} more" if len(complaints) > SHOWN else ""
        super().__init__(
            f"{len(complaints)} entries of {root} cannot go into a version: {shown}{more}",
            "A version holds regular files. Remove these, or move them out of the folder.",
        )
        self.complaints = tuple(complaints)


def scan(root: Path) -> Iterator[Folder]:
    """Every folder below ``root`` that has files, in no order that matters.

    A link to a file inside of ``root`` counts as a file with that content, as DVC has it. Raises
    :class:`UnfitFiles` for sockets, pipes, devices, links to folders and links that lead out or nowhere,
    NotFound for a root that is missing, and Denied for what cannot be read.
    """
    try:
        if not stat.S_ISDIR(root.stat().st_mode):
            raise BadInput(f"{root} is no folder; expected the folder of a work tree", "Give a folder.")
    except FileNotFoundError:
        raise NotFound(f"{root} does not exist", "Give the folder that holds the files.") from None
    except PermissionError as problem:
        raise _denied(root, problem) from problem
    except OSError as problem:
        if problem.errno not in _NO_FOLDER:
            raise
        raise BadInput(f"{root} is no folder: {problem.strerror}", "Give a folder.") from None
    complaints: list[str] = []
    yield from _scan(root, complaints)
    if complaints:
        raise UnfitFiles(root, complaints)


def files_below(root: Path) -> int:
    """About how many files a scan will find: names are listed, and nothing is looked at or refused."""
    found = 0
    for path, folders, files in os.walk(root):
        if path == os.fspath(root):
            folders[:] = [name for name in folders if name not in SKIPPED]
        found += len(files)
    return found


def stamp_of(status: os.stat_result) -> tuple[int, int, int, int]:
    """What tells that a file was not written since: the same for the same content, unless somebody tricks.

    A read-only file with several names has no ctime here: objects are such, and each new name changes it.
    """
    return (
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns if status.st_nlink == 1 or status.st_mode & 0o222 else 0,
        status.st_ino,
    )


def _scan(root: Path, complaints: list[str]) -> Iterator[Folder]:
    top = os.fspath(root)
    pending = [""]
    lstat, regular, kind_of = os.stat, stat.S_IFREG, 0o170000
    while pending:
        path = pending.pop()
        descriptor = _opened(top, path)
        try:
            names: list[str] = []
            numbers: list[int] = []
            add = numbers.extend
            for name in sorted(os.listdir(descriptor)):
                status = lstat(name, dir_fd=descriptor, follow_symlinks=False)
                if status.st_mode & kind_of != regular:
                    if stat.S_ISDIR(status.st_mode):
                        if path or name not in SKIPPED:
                            pending.append(f"{path}{name}/")
                        continue
                    found = _special(root, path + name, status, complaints)
                    if found is None:
                        continue
                    status = found
                names.append(name)
                add(
                    (
                        status.st_size,
                        status.st_mtime_ns,
                        status.st_ctime_ns if status.st_nlink == 1 or status.st_mode & 0o222 else 0,
                        status.st_ino,
                    )
                )
        except FileNotFoundError as problem:
            raise _vanished(f"{top}/{path}{_name_in(problem)}") from problem
        except PermissionError as problem:
            raise _denied(f"{top}/{path}{_name_in(problem)}", problem) from problem
        finally:
            os.close(descriptor)
        if names:
            yield Folder(path, names, array("q", numbers))


def _opened(top: str, path: str) -> int:
    # Only the top may be a link: a folder that has become one since it was seen may lead anywhere.
    flags = os.O_RDONLY | os.O_DIRECTORY | (os.O_NOFOLLOW if path else 0)
    folder = f"{top}/{path}".rstrip("/") or "/"
    try:
        return os.open(folder, flags)
    except PermissionError as problem:
        raise _denied(folder, problem) from problem
    except (FileNotFoundError, NotADirectoryError) as problem:
        raise _vanished(folder) from problem
    except OSError as problem:
        if problem.errno == errno.ELOOP:
            raise _vanished(folder) from problem
        if problem.errno != errno.ENAMETOOLONG:
            raise
        raise BadInput(
            f"a path below {top} is longer than the {_LONGEST} bytes that programs can open: "
            f"…{printable(folder[-60:])}",
            "Move what is there further up.",
        ) from problem


def _denied(what: str | Path, problem: OSError) -> Denied:
    return Denied(
        f"{printable(str(what))} cannot be read: {problem.strerror}",
        "Make it readable for this user (chmod u+rx), or run as its owner.",
    )


def _vanished(what: str) -> BadInput:
    return BadInput(
        f"{printable(what)} vanished while the folder was read",
        "Let what writes there finish, then run the same thing again.",
    )


def _name_in(problem: OSError) -> str:
    return problem.filename if isinstance(problem.filename, str) else ""


def _special(root: Path, path: str, status: os.stat_result, complaints: list[str]) -> os.stat_result | None:
    """The status of the file that a link leads to; None, with a complaint, for what cannot be kept."""
    shown = printable(path)
    if not stat.S_ISLNK(status.st_mode):
        kinds = {
            stat.S_IFIFO: "a pipe",
            stat.S_IFSOCK: "a socket",
            stat.S_IFBLK: "a device",
            stat.S_IFCHR: "a device",
        }
        complaints.append(f"{shown} is {kinds.get(stat.S_IFMT(status.st_mode), 'no regular file')}")
        return None
    link = os.path.join(root, path)
    target = os.path.realpath(link)
    try:
        led_to = os.stat(target)
    except OSError:
        complaints.append(f"{shown} is a link that leads nowhere, to {printable(os.readlink(link))}")
        return None
    if not Path(target).is_relative_to(root.resolve()):
        complaints.append(f"{shown} is a link out of the folder, to {printable(target)}")
        return None
    if not stat.S_ISREG(led_to.st_mode):
        complaints.append(f"{shown} is a link to a folder, {printable(target)}")
        return None
    return led_to
