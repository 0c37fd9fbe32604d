"""A tree as the list of its files, in DVC's text and in a form that loads in no time.

The lists are kept apart, and not as an object for each file: a hundred thousand files take 20 MB.
"""

import hashlib
import json
import os
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

TREE_SUFFIX = ".dir"
UNKNOWN = -1
"""A size or a stamp that nobody has looked at yet."""

_MAGIC = b"trainplat tree 1\n"
_AT_ONCE = 1000
"""Files whose text is made at a time: all at once take three times the memory."""
_PLAIN = frozenset(map(chr, range(0x20, 0x7F))) - {'"', "\\"}


@dataclass(frozen=True)
class Stamps:
    """What an object looked like when its content was last known to be right, in the order of the paths."""

    inodes: "array[int]"
    mtimes_ns: "array[int]"

    @classmethod
    def unknown(cls, count: int) -> "Stamps":
        """No object was looked at yet."""
        return cls(array("q", [UNKNOWN]) * count, array("q", [UNKNOWN]) * count)


@dataclass(frozen=True)
class Tree:
    """Files by path, in the order of their paths."""

    paths: Sequence[str]
    """Relative, with ``/``; bytes that are no UTF-8 are lone surrogates, as :func:`os.fsdecode` has them."""
    names: Sequence[str]
    """The name of each file's object: the MD5 of its content, in hexadecimal."""
    sizes: "array[int]"
    """In bytes."""

    @classmethod
    def of(cls, files: Mapping[str, tuple[str, int]]) -> "Tree":
        """The tree of these files: path to object name and size in bytes."""
        paths = sorted(files)
        return cls(paths, [files[path][0] for path in paths], array("q", [files[path][1] for path in paths]))

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[tuple[str, str, int]]:
        return zip(self.paths, self.names, self.sizes, strict=True)

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(self.sizes)

    @property
    def files(self) -> dict[str, str]:
        """Path to object name."""
        return dict(zip(self.paths, self.names, strict=True))

    def position(self, path: str) -> int | None:
        """Where a path stands; None where it is not in the tree."""
        found = bisect_left(self.paths, path)
        return found if found < len(self.paths) and self.paths[found] == path else None

    @cached_property
    def text(self) -> bytes:
        """The tree as DVC writes it, byte for byte."""
        text = bytearray(b"[")
        for start in range(0, len(self), _AT_ONCE):
            text += (", " if start else "").encode()
            text += _listed(self.paths[start : start + _AT_ONCE], self.names[start : start + _AT_ONCE])
        text += b"]"
        return bytes(text)

    @cached_property
    def md5(self) -> str:
        """DVC's name of the tree, ``….dir``."""
        return hashlib.md5(self.text, usedforsecurity=False).hexdigest() + TREE_SUFFIX

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of :attr:`text`."""
        return hashlib.sha256(self.text).hexdigest()


def _listed(paths: Sequence[str], names: Sequence[str]) -> bytes:
    if _PLAIN.issuperset("".join(paths)):
        pairs = zip(paths, names, strict=True)
        return ", ".join([f'{{"md5": "{name}", "relpath": "{path}"}}' for path, name in pairs]).encode()
    listed = [{"md5": name, "relpath": path} for path, name in zip(paths, names, strict=True)]
    return json.dumps(listed)[1:-1].encode()


def tree_of_text(text: bytes) -> Tree:
    """A tree as DVC wrote it; no sizes are told there. Raises ValueError for anything else."""
    try:
        entries = sorted((entry["relpath"], entry["md5"]) for entry in json.loads(text))
    except (KeyError, TypeError) as problem:
        raise ValueError(f"it is no list of md5 and relpath: {problem}") from problem
    sizes = array("q", [UNKNOWN]) * len(entries)
    return Tree([path for path, _ in entries], [name for _, name in entries], sizes)


def to_bytes(tree: Tree, stamps: Stamps) -> bytes:
    """A tree and its stamps in the form that :func:`from_bytes` reads: lists one after the other, a CRC."""
    paths = os.fsencode("\0".join(tree.paths))
    parts = [
        _MAGIC,
        len(tree).to_bytes(8, "little"),
        len(paths).to_bytes(8, "little"),
        paths,
        bytes.fromhex("".join(tree.names)),
        tree.sizes.tobytes(),
        stamps.inodes.tobytes(),
        stamps.mtimes_ns.tobytes(),
    ]
    body = b"".join(parts)
    return body + zlib.crc32(body).to_bytes(4, "little")


def from_bytes(content: bytes) -> tuple[Tree, Stamps]:
    """What :func:`to_bytes` made. Raises ValueError for what is cut short or altered."""
    body = memoryview(content)[:-4]
    if not content.startswith(_MAGIC) or zlib.crc32(body) != int.from_bytes(content[-4:], "little"):
        raise ValueError("it is cut short, or no list of a tree")
    place = len(_MAGIC)
    count = int.from_bytes(body[place : place + 8], "little")
    length = int.from_bytes(body[place + 8 : place + 16], "little")
    place += 16
    paths = os.fsdecode(bytes(body[place : place + length])).split("\0") if count else []
    place += length
    hexed = body[place : place + 16 * count].hex()
    names = [hexed[start : start + 32] for start in range(0, 32 * count, 32)]
    place += 16 * count
    lists = []
    for _ in range(3):
        numbers = array("q")
        numbers.frombytes(body[place : place + 8 * count])
        lists.append(numbers)
        place += 8 * count
    return Tree(paths, names, lists[0]), Stamps(lists[1], lists[2])
