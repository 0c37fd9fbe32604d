"""How many values one condition of the database names."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

SLICE = 500
"""How many values one condition names; SQLite has a limit."""


_Item = TypeVar("_Item")


def slices(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    """``items`` in lists of at most :data:`SLICE`."""
    every = list(items)
    return (every[start : start + SLICE] for start in range(0, len(every), SLICE))
