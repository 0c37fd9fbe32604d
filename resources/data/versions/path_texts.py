"""Paths as rows have them: a database keeps text, and a path may hold any bytes."""

import os
import re
from pathlib import Path

_ESCAPED = re.compile(r"\\(?:\\|x([0-9a-f]{2}))")


def text_of(path: Path) -> str:
    """A path as text that no other path has."""
    return os.fsencode(path).replace(b"\\", b"\\\\").decode(errors="backslashreplace")


def path_of(text: str) -> Path:
    """The path of such a text."""
    return Path(_ESCAPED.sub(lambda found: os.fsdecode(_byte(found[1])), text))


def _byte(number: str | None) -> bytes:
    return b"\\" if number is None else bytes.fromhex(number)
