"""Folders for tests: written from values, read back as values, changed behind each other's back."""

import os
from collections.abc import Mapping
from pathlib import Path

LONG_AGO_NS = 1_700_000_000_000_000_000
"""A time at which no file of a test is written."""


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Put these files into a folder; names as :func:`os.fsdecode` has them."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def read(folder: Path) -> dict[str, bytes]:
    """All files of a folder by their relative paths."""
    return {
        os.path.relpath(f"{place}/{name}", folder): Path(place, name).read_bytes()
        for place, _, names in os.walk(folder)
        for name in names
    }


def settle(folder: Path) -> None:
    """Let every file look as if it had lain there for long."""
    for place, _, names in os.walk(folder):
        for name in names:
            os.utime(Path(place, name), ns=(LONG_AGO_NS, LONG_AGO_NS))
