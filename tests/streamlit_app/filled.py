"""Homes that are filled once and copied: to fill one takes a hundred transactions, each slow on a disk."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from resources.home import Home

_MADE: dict[str, Path] = {}


def copied(home: Home, name: str, fill: Callable[[Home], None], factory: pytest.TempPathFactory) -> Home:
    """``home`` as ``fill`` makes one; under one ``name`` it is made once in this process."""
    if name not in _MADE:
        made = Home(factory.mktemp("filled") / "home")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TRAINPLAT_HOME", str(made.path))
            fill(made)
        made.database().close()  # what the write-ahead log holds is in the file then
        _MADE[name] = made.path
    shutil.copytree(_MADE[name], home.path, dirs_exist_ok=True)
    return home
