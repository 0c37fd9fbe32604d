"""Disks of each kind, made once for all tests of this folder, and homes on them."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import pytest

from resources.home import Home
from tests.needs import needs
from tests.resources.data.disks import disk
from tests.resources.data.spaces.stage import Stage

Disks = Callable[[str], Path]


@pytest.fixture(scope="module")
def disks() -> Iterator[Disks]:
    """The root of a disk with this file system; mounted when it is asked for, gone at the end."""
    needs("loop mounts")
    # Not below pytest's own folder: every pytest of this user that starts closes that for all others.
    folder, mounted = Path(mkdtemp(prefix="trainplat-disks-")), {}
    folder.chmod(0o755)
    with ExitStack() as until_the_end:

        def mounted_disk(kind: str) -> Path:
            if kind in ("xfs", "btrfs"):
                needs(kind)
            if kind not in mounted:
                mounted[kind] = until_the_end.enter_context(disk(kind, folder))
            return mounted[kind]

        yield mounted_disk
    shutil.rmtree(folder)


@pytest.fixture
def stage_on(disks: Disks) -> Iterator[Callable[[str], Stage]]:
    """A home with two versions on a disk of this kind."""
    numbers, made = count(), []

    def made_on(kind: str) -> Stage:
        root = disks(kind) / f"home-{next(numbers)}"
        made.append(root)
        return Stage(Home(root))

    yield made_on
    for root in made:
        Stage(Home(root)).unmount()
        shutil.rmtree(root, ignore_errors=True)
