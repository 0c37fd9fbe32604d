"""Every way to write that a file system has, each on a file of its own, each in a folder too."""

import fcntl
import mmap
import os
import shutil
from collections.abc import Callable
from pathlib import Path

Write = Callable[[Path], None]
MARK = b"written in a space"


def files() -> dict[str, bytes]:
    """A tree with a file for each way to write, here and two folders down."""
    content = {
        f"{place}{name}.bin": f"{place}{name}".encode() * 700 for name in WAYS for place in ("", "deep/er/")
    }
    return content | {
        "empty": b"",
        "gone/one": b"1",
        "gone/two": b"2",
        "moved/one": b"1",
        "kept": b"kept" * 10_000,
    }


def write_everywhere(root: Path) -> dict[str, str]:
    """Write in every way below ``root``; the ways that the system refused, with its reason."""
    refused = {}
    for name, way in WAYS.items():
        for place in ("", "deep/er/"):
            try:
                way(root / f"{place}{name}.bin")
            except OSError as problem:
                refused[name] = problem.strerror or str(problem)
    acts: dict[str, Callable[[], object]] = {
        "empty": lambda: (root / "empty").write_bytes(MARK),
        "a folder that goes": lambda: shutil.rmtree(root / "gone"),
        "a folder that moves": lambda: (root / "moved").rename(root / "went"),
        "a new file": lambda: (root / "new").write_bytes(MARK),
    }
    for name, act in acts.items():
        try:
            act()
        except OSError as problem:
            refused[name] = problem.strerror or str(problem)
    return refused


def _open_for_write(path: Path) -> None:
    path.write_bytes(MARK)


def _write_in_place(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(100)
        file.write(MARK)


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(MARK)


def _truncate(path: Path) -> None:
    os.truncate(path, 10)


def _grow(path: Path) -> None:
    os.truncate(path, 100_000)


def _chmod_and_write(path: Path) -> None:
    path.chmod(0o666)
    path.write_bytes(MARK)


def _chmod(path: Path) -> None:
    path.chmod(0o600)


def _rename_over(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(MARK)
    other.replace(path)


def _rename_away(path: Path) -> None:
    path.rename(path.with_name(f"{path.name}.away"))


def _unlink_and_create(path: Path) -> None:
    path.unlink()
    path.write_bytes(MARK)


def _map_and_write(path: Path) -> None:
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        mapped[: len(MARK)] = MARK
        mapped.flush()


def _chown(path: Path) -> None:
    os.chown(path, 1234 if os.geteuid() == 0 else -1, os.getegid())
    path.write_bytes(MARK)


def _set_times(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def _link_and_write(path: Path) -> None:
    link = path.with_name(f"{path.name}.link")
    link.hardlink_to(path)
    link.write_bytes(MARK)


def _link_out_and_write(path: Path) -> None:
    root = next(place for place in path.parents if place.parent.name == "data")
    out = root.parent.parent / "cache" / f"{path.name}.{len(path.parts)}"
    out.hardlink_to(path)
    out.chmod(0o666)
    out.write_bytes(MARK)


def _set_attribute(path: Path) -> None:
    os.setxattr(path, "user.mark", MARK)


def _clone_into(path: Path) -> None:
    source = path.with_name("kept") if path.with_name("kept").exists() else path.parents[2] / "kept"
    with source.open("rb") as read, path.open("r+b") as written:
        fcntl.ioctl(written, 0x40049409, read.fileno())  # FICLONE


def _punch(path: Path) -> None:
    with path.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, 200_000)
        os.copy_file_range(file.fileno(), file.fileno(), 100, 0, 5000)


def _write_by_descriptor_of_proc(path: Path) -> None:
    """Opened for reading, and opened again for writing by its number."""
    with path.open("rb") as read, Path(f"/proc/self/fd/{read.fileno()}").open("wb") as written:
        written.write(MARK)


WAYS: dict[str, Write] = {
    "open": _open_for_write,
    "in-place": _write_in_place,
    "append": _append,
    "truncate": _truncate,
    "grow": _grow,
    "chmod-write": _chmod_and_write,
    "chmod": _chmod,
    "rename-over": _rename_over,
    "rename-away": _rename_away,
    "unlink-create": _unlink_and_create,
    "mmap": _map_and_write,
    "chown": _chown,
    "times": _set_times,
    "link": _link_and_write,
    "link-out": _link_out_and_write,
    "attribute": _set_attribute,
    "clone-into": _clone_into,
    "copy-range": _punch,
    "proc": _write_by_descriptor_of_proc,
}
IN_PLACE = frozenset(WAYS) - {"rename-over", "rename-away", "unlink-create"}
"""The ways that need the file itself, and not only its folder."""
