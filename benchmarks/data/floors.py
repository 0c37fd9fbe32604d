"""The least that an operation can take here: its system calls and its hashes, one file after the other.

What is measured is a bare loop in Python that remembers nothing, compares nothing and writes nothing else.
"""

import sys
from pathlib import Path

from benchmarks.data.commands import Cost, cost_of

_WALK = """
import fcntl, hashlib, os, sys
source, target = sys.argv[1:]

def files(folder):
    inner = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                inner.append(entry.path)
            else:
                yield entry
    for path in inner:
        yield from files(path)

folders = {}

def folder_for(number):
    if number // 1000 not in folders:
        os.makedirs(f"{target}/{number // 1000}")
        folders[number // 1000] = os.open(f"{target}/{number // 1000}", os.O_RDONLY)
    return folders[number // 1000]

def created(number):
    new = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    return os.open(f"file-{number}", new, 0o644, dir_fd=folder_for(number))
"""
_STAT = """
for entry in files(source):
    entry.stat(follow_symlinks=False)
"""
_COPY = """
for number, entry in enumerate(files(source)):
    read = os.open(entry.path, os.O_RDONLY)
    content = os.read(read, 1 << 20)
    os.close(read)
    hashlib.md5(content, usedforsecurity=False).hexdigest()
    written = created(number)
    os.write(written, content)
    os.close(written)
"""
_READ = """
for entry in files(source):
    read = os.open(entry.path, os.O_RDONLY)
    hashlib.md5(os.read(read, 1 << 20), usedforsecurity=False).hexdigest()
    os.close(read)
"""
_LINK = """
for number, entry in enumerate(files(source)):
    os.link(entry.path, f"file-{number}", dst_dir_fd=folder_for(number))
"""
_CLONE = """
for number, entry in enumerate(files(source)):
    read, written = os.open(entry.path, os.O_RDONLY), created(number)
    fcntl.ioctl(written, 0x40049409, read)
    os.close(written)
    os.close(read)
"""


def stat_floor(source: Path, target: Path) -> Cost:
    """To look at each file."""
    return _cost(_STAT, source, target)


def copy_floor(source: Path, target: Path) -> Cost:
    """To read and hash each file, and to write it to a new one."""
    return _cost(_COPY, source, target)


def read_and_link_floor(source: Path, target: Path) -> Cost:
    """To read and hash each file, and to give it a second name."""
    return _cost(_READ + _LINK, source, target)


def link_floor(source: Path, target: Path) -> Cost:
    """To give each file a second name."""
    return _cost(_LINK, source, target)


def clone_floor(source: Path, target: Path) -> Cost:
    """To give each file's blocks to a new one."""
    return _cost(_CLONE, source, target)


def _cost(steps: str, source: Path, target: Path) -> Cost:
    command = [sys.executable, "-I", "-S", "-c", _WALK + steps, str(source), str(target)]
    return cost_of(command, source, {})
