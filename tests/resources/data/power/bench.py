"""A file system on a disk whose power can be cut, and its images after a cut."""

import os
import random
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.children import leave
from tests.resources.data.power.disk import Disk, Server, mount

MIB = 1024 * 1024
MAKERS = {
    "ext4": (["mkfs.ext4", "-q", "-E", "nodiscard"], 64),
    "xfs": (["mkfs.xfs", "-q", "-K", "-m", "reflink=1"], 300),
    "btrfs": (["mkfs.btrfs", "-q", "-K"], 128),
}
"""How a file system is made, and how many MiB it needs. Of these xfs and btrfs let files share blocks."""


@dataclass
class Running:
    """A mounted file system whose disk can lose its power."""

    root: Path
    images: Path
    _told: socket.socket

    def tell(self, done: str) -> None:
        """Say that something is done: a cut that comes later has to keep it."""
        self._told.send(done.encode())

    def cut(self, count: int, spread: int) -> None:
        """Cut the power so often: each time after 1 to ``spread`` more writes."""
        self._told.send(f"cut {count} {spread}".encode())

    def cuts(self) -> int:
        """How many cuts were made."""
        self._told.send(b"count")
        return int(self._told.recv(100).split()[0])


@contextmanager
def running(file_system: str, place: Path, draw: random.Random) -> Iterator[Running]:
    """A new file system, mounted at ``place / "root"``."""
    root, images, file = place / "root", place / "images", place / "disk"
    for folder in (root, images):
        folder.mkdir(parents=True)
    file.touch()
    made = make(file_system, place / "new.img")
    ours, servers = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    fuse = mount(file)
    server = os.fork()
    if server == 0:
        with suppress(BaseException):
            ours.close()
            Server(Disk(made), servers, images, draw).serve(fuse)
        leave(0)
    os.close(fuse)
    servers.close()
    try:
        with mounted(file, root):
            yield Running(root, images, ours)
    finally:
        ours.close()
        subprocess.run(["umount", "--lazy", str(file)], check=False)
        os.kill(server, signal.SIGKILL)
        os.waitpid(server, 0)


def make(file_system: str, image: Path) -> Path:
    """An empty file system in a file."""
    command, size_mib = MAKERS[file_system]
    with image.open("wb") as file:
        file.truncate(size_mib * MIB)
    subprocess.run([shutil.which(command[0]) or command[0], *command[1:], str(image)], check=True)
    return image


@contextmanager
def mounted(image: Path, root: Path) -> Iterator[None]:
    """The file system of an image, at ``root``; its journal is replayed first, as after a start."""
    loop = _said(["losetup", "--find", "--show", str(image)])
    try:
        subprocess.run(["mount", loop, str(root)], check=True)
        try:
            yield
        finally:
            # Whoever looks around on the machine may keep it busy for a moment: never leave it mounted.
            if subprocess.run(["umount", str(root)], check=False, capture_output=True).returncode:
                subprocess.run(["umount", "--lazy", str(root)], check=True)
    finally:
        subprocess.run(["losetup", "--detach", loop], check=True)


def _said(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
