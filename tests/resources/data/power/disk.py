"""A disk whose power can be cut: a file of FUSE, served from memory, that knows what was flushed.

What was written is in the disk's own cache until somebody flushes it. An image of a power cut is all that was
flushed, and of what was written since any part: none, the first writes, or some of them and pieces of others,
since a disk writes in the order that it likes. A loop device on the file passes writes and flushes on.
"""

import ctypes
import mmap
import os
import random
import select
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

SECTOR = 4096
"""A disk writes so many bytes at once or not at all."""
CHUNK = 65536
_MOST_BYTES = 128 * 1024
_HEADER, _ANSWER, _ATTRIBUTES = struct.Struct("<IIQQIIIHH"), struct.Struct("<IiQ"), struct.Struct("<6Q10I")
_GETATTR, _SETATTR, _OPEN, _READ, _WRITE, _STATFS, _RELEASE, _FSYNC, _FLUSH, _INIT = (
    *(3, 4, 14, 15, 16, 17, 18, 20),
    *(25, 26),
)
_UNANSWERED = {2, 36, 42}
"""FORGET, INTERRUPT, BATCH_FORGET."""
_ENOSYS = 38


class Memory:
    """Bytes of a disk; what nobody wrote is zero and takes no room."""

    def __init__(self, size: int) -> None:
        self.bytes = mmap.mmap(-1, size)
        self.touched: set[int] = set()

    def write(self, offset: int, content: bytes) -> None:
        """Put ``content`` at ``offset``."""
        self.bytes[offset : offset + len(content)] = content
        self.touched.update(range(offset // CHUNK, (offset + len(content) - 1) // CHUNK + 1))

    def save(self, path: Path) -> None:
        """Write it as a file with holes."""
        with path.open("wb", buffering=0) as file:
            file.truncate(len(self.bytes))
            for chunk in sorted(self.touched):
                file.seek(chunk * CHUNK)
                file.write(self.bytes[chunk * CHUNK : (chunk + 1) * CHUNK])


class Disk:
    """The disk itself."""

    def __init__(self, image: Path) -> None:
        size = image.stat().st_size
        self.now, self.flushed = Memory(size), Memory(size)
        self.cached: list[tuple[int, bytes]] = []
        """What was written since the last flush."""
        self.writes = 0
        with image.open("rb") as file:
            for start in range(0, size, CHUNK):
                content = file.read(CHUNK)
                if content.count(0) != len(content):
                    self.now.write(start, content)
                    self.flushed.write(start, content)

    def write(self, offset: int, content: bytes) -> None:
        """What the kernel sends."""
        self.writes += 1
        self.now.write(offset, content)
        self.cached.append((offset, content))

    def flush(self) -> None:
        """What was written so far is there for good."""
        for offset, content in self.cached:
            self.flushed.write(offset, content)
        self.cached.clear()

    def cut(self, path: Path, draw: random.Random) -> None:
        """Write an image of what a power cut would leave now."""
        self.flushed.save(path)
        with path.open("r+b", buffering=0) as file:
            for offset, content in self._left(draw):
                file.seek(offset)
                file.write(content)

    def _left(self, draw: random.Random) -> Iterator[tuple[int, bytes]]:
        """Of what is in the cache, what the disk was faster to write than the power to fail."""
        how = draw.choice(("nothing", "the first ones", "any", "any", "all"))
        if how == "nothing":
            return
        if how != "any":
            yield from self.cached[: draw.randint(0, len(self.cached)) if how == "the first ones" else None]
            return
        share = draw.random()
        for offset, content in self.cached:
            for start in range(0, len(content), SECTOR):
                if draw.random() < share:
                    yield offset + start, content[start : start + SECTOR]


class Server:
    """Serves a disk to the kernel; cuts the power after so many writes, and hears what was told as done."""

    def __init__(self, disk: Disk, told: socket.socket, images: Path, draw: random.Random) -> None:
        self._disk, self._told, self._images, self._draw = disk, told, images, draw
        self._done: list[str] = []
        self._next_cut: int | None = None
        self._spread = 1
        self.cuts = self._wanted = 0

    def serve(self, fuse: int) -> None:
        """Until the file is unmounted, or whoever is told to hangs up."""
        while True:
            ready, _, _ = select.select([fuse, self._told.fileno()], [], [])
            if self._told.fileno() in ready and not self._hear():
                return
            if fuse not in ready:
                continue
            try:
                request = os.read(fuse, _MOST_BYTES + 4096)
            except OSError as problem:
                if problem.errno in (4, 11, 2):
                    continue
                return  # unmounted
            self._answer(fuse, request)

    def _hear(self) -> bool:
        message = self._told.recv(65536).decode()
        if not message:
            return False
        if message.startswith("cut "):
            self._wanted, self._spread = map(int, message.split()[1:])
            self._plan()
        elif message.startswith("count"):
            self._told.send(f"{self.cuts} {self._disk.writes}".encode())
        else:
            self._done.append(message)
        return True

    def _plan(self) -> None:
        is_over = self.cuts >= self._wanted
        self._next_cut = None if is_over else self._disk.writes + self._draw.randint(1, self._spread)

    def _cut_if_due(self) -> None:
        if self._next_cut is None or self._disk.writes < self._next_cut:
            return
        while select.select([self._told], [], [], 0)[0]:  # what was told before this moment counts
            self._hear()
        self._disk.cut(self._images / f"{self.cuts}.img", self._draw)
        (self._images / f"{self.cuts}.done").write_text("\n".join(self._done))
        self.cuts += 1
        self._plan()

    def _answer(self, fuse: int, request: bytes) -> None:
        length, code, unique, *_ = _HEADER.unpack_from(request)
        if code in _UNANSWERED:
            return
        body, error = request[_HEADER.size : length], 0
        answer = b""
        if code == _INIT:
            major, minor, ahead, _ = struct.unpack_from("<IIII", body)
            flags = (1 << 5) | (1 << 22)  # big writes, and how many pages each has
            answer = struct.pack(
                "<IIIIHHIIHHI28x",
                major,
                min(minor, 31),
                ahead,
                flags,
                8,
                6,
                _MOST_BYTES,
                1,
                _MOST_BYTES // 4096,
                0,
                0,
            )
        elif code in (_GETATTR, _SETATTR):
            answer = struct.pack("<QII", 3600, 0, 0) + self._attributes()
        elif code == _OPEN:
            answer = struct.pack("<QIi", 1, 1, 0)  # past the cache of pages
        elif code == _READ:
            _, offset, size = struct.unpack_from("<QQI", body)
            answer = self._disk.now.bytes[offset : offset + size]
        elif code == _WRITE:
            _, offset, size = struct.unpack_from("<QQI", body)
            self._cut_if_due()
            self._disk.write(offset, body[40 : 40 + size])
            answer = struct.pack("<II", size, 0)
        elif code == _FSYNC:
            self._disk.flush()
        elif code == _STATFS:
            answer = struct.pack("<5Q4I24x", 1, 0, 0, 0, 0, SECTOR, 255, SECTOR, 0)
        elif code not in (_RELEASE, _FLUSH):
            error = -_ENOSYS
        os.write(fuse, _ANSWER.pack(_ANSWER.size + len(answer), error, unique) + answer)

    def _attributes(self) -> bytes:
        size = len(self._disk.now.bytes)
        return _ATTRIBUTES.pack(1, size, size // 512, 0, 0, 0, 0, 0, 0, 0o100600, 1, 0, 0, 0, SECTOR, 0)


def mount(file: Path) -> int:
    """Show the disk at ``file``, an empty one; the descriptor to serve it by."""
    fuse = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={fuse},rootmode=100000,user_id=0,group_id=0,allow_other".encode()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"disk", os.fsencode(file), b"fuse.trainplat-test", ctypes.c_ulong(0), options):
        number = ctypes.get_errno()
        os.close(fuse)
        raise OSError(number, os.strerror(number), str(file))
    return fuse
