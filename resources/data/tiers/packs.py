"""The format of packs: many objects as one file that is written once.

::

    "trainplat pack 1\\n"   then the objects, each as it is or as one zstd frame,
    then the index: JSON, one zstd frame, a list of [name, offset, stored bytes, bytes, codec],
    then 56 bytes: where the index begins and how long it is (8 bytes each, big-endian), its SHA-256,
    "tppack1\\n"

The index is for whoever has nothing but the file: what stands in the database is the same.
"""

import hashlib
import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO, cast

from resources.data.tiers.model import Packed
from resources.data.trees.listing import TREE_SUFFIX

RAW, ZSTD = "raw", "zstd"
PROBE_BYTES = 64 * 1024
"""So much of an object is compressed to see whether it is worth it."""
WORTH = 0.9
"""It is where that much, or less, is left of the probe."""
LEVEL = 3
CHUNK_BYTES = 1024 * 1024
_HEAD = b"trainplat pack 1\n"
_TAIL = struct.Struct(">QQ32s8s")
_END = b"tppack1\n"


class BadPack(ValueError):
    """A file is no pack, or not a whole one."""


class NotItsName(ValueError):
    """An object's content is not what its name says."""


class PackWriter:
    """Writes one pack into a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[Packed] = []
        self._file = path.open("wb")
        self._digest = hashlib.sha256()
        self._place = 0
        self._write(_HEAD)

    @property
    def size_bytes(self) -> int:
        """What was written so far."""
        return self._place

    def add(self, name: str, content: BinaryIO, size: int) -> None:
        """Put an object in, read once. Raises :class:`NotItsName`; then nothing of it is in the index."""
        import zstandard

        codec = ZSTD if is_compressible(content, size) else RAW
        frame = zstandard.ZstdCompressor(level=LEVEL).compressobj(size=size) if codec == ZSTD else None
        begin, seen, digest = self._place, 0, hashlib.md5(usedforsecurity=False)
        while part := content.read(CHUNK_BYTES):
            digest.update(part)
            seen += len(part)
            if seen > size:
                raise NotItsName(name)
            self._write(part if frame is None else frame.compress(part))
        if seen != size or digest.hexdigest() != name.removesuffix(TREE_SUFFIX):
            raise NotItsName(name)
        if frame is not None:
            self._write(frame.flush())
        self.entries.append(Packed(name, "", begin, self._place - begin, size, codec))

    def take(self, entry: Packed, file: BinaryIO, start: int) -> None:
        """Put in what another pack holds from ``start`` on, as it is stored there. Raises NotItsName."""
        for _ in unpacked(entry, file, start):
            pass
        begin, part = self._place, _Part(file, start, entry.stored_bytes)
        while stored := part.read(CHUNK_BYTES):
            self._write(stored)
        self.entries.append(Packed(entry.name, "", begin, self._place - begin, entry.size_bytes, entry.codec))

    def finish(self) -> tuple[str, int, list[Packed]]:
        """Write the index; the pack's name, its size in bytes, and what is in it."""
        import zstandard

        listed = [[one.name, one.offset, one.stored_bytes, one.size_bytes, one.codec] for one in self.entries]
        index = zstandard.ZstdCompressor(level=LEVEL).compress(json.dumps(listed).encode())
        begin = self._place
        self._write(index)
        self._write(_TAIL.pack(begin, len(index), hashlib.sha256(index).digest(), _END))
        self._file.close()
        name = self._digest.hexdigest()
        entries = [Packed(**(vars(one) | {"pack": name})) for one in self.entries]
        return name, self._place, entries

    def close(self) -> None:
        """Give the file back, whole or not."""
        self._file.close()

    def _write(self, part: bytes) -> None:
        self._file.write(part)
        self._digest.update(part)
        self._place += len(part)


def is_compressible(content: BinaryIO, size: int) -> bool:
    """Whether an object is worth compressing, by a probe from its middle; it is left at its start."""
    import zstandard

    content.seek(max(0, (size - PROBE_BYTES) // 2))
    probe = content.read(PROBE_BYTES)
    content.seek(0)
    return len(zstandard.ZstdCompressor(level=1).compress(probe)) <= WORTH * len(probe)


def unpacked(entry: Packed, file: BinaryIO, start: int) -> Iterator[bytes]:
    """The content of an object that is stored in ``file`` from ``start`` on, part by part.

    Raises :class:`NotItsName`, at the latest when all was given.
    """
    import zstandard

    digest, seen = hashlib.md5(usedforsecurity=False), 0
    source = _Part(file, start, entry.stored_bytes)
    parts: _Part | zstandard.ZstdDecompressionReader = source
    if entry.codec == ZSTD:
        parts = zstandard.ZstdDecompressor().stream_reader(cast(IO[bytes], source))
    try:
        while part := parts.read(CHUNK_BYTES):
            digest.update(part)
            seen += len(part)
            yield part
    except zstandard.ZstdError:
        raise NotItsName(entry.name) from None
    if seen != entry.size_bytes or digest.hexdigest() != entry.name.removesuffix(TREE_SUFFIX):
        raise NotItsName(entry.name)


def read_index(read: Callable[[int, int], bytes], size: int, pack: str) -> list[Packed]:
    """What a pack holds, from the file alone. ``read(start, stop)`` gives its bytes. Raises BadPack."""
    import zstandard

    if size < len(_HEAD) + _TAIL.size or read(0, len(_HEAD)) != _HEAD:
        raise BadPack(f"pack {pack} does not begin as one")
    begin, length, digest, end = _TAIL.unpack(read(size - _TAIL.size, size))
    if end != _END or begin + length + _TAIL.size != size:
        raise BadPack(f"pack {pack} is cut short")
    index = read(begin, begin + length)
    if hashlib.sha256(index).digest() != digest:
        raise BadPack(f"the index of pack {pack} is damaged")
    listed = json.loads(zstandard.ZstdDecompressor().decompress(index))
    return [Packed(name, pack, *rest) for name, *rest in listed]


class _Part:
    """Some bytes of a file, to be read from their first to their last."""

    def __init__(self, file: BinaryIO, start: int, length: int) -> None:
        self._file, self._left = file, length
        file.seek(start)

    def read(self, count: int = -1) -> bytes:
        part = self._file.read(self._left if count < 0 else min(count, self._left))
        self._left -= len(part)
        return part
