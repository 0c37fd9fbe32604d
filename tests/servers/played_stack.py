"""One supervised stack for the whole session: a second one would take minutes to start."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.home import Home
from tests.end_to_end.stack import Stack, environment_of, stack_on


@pytest.fixture(scope="session")
def real_stack(tmp_path_factory: pytest.TempPathFactory, label_studio_tables: Path) -> Iterator[Stack]:
    """The stack of a home in which nothing is but the tables of Label Studio, started."""
    home = Home(tmp_path_factory.mktemp("stack") / "home")
    home.label_studio.mkdir(parents=True)
    shutil.copy(label_studio_tables, home.label_studio)
    with stack_on(home) as stack:
        yield stack


@pytest.fixture(scope="session")
def played_stack(real_stack: Stack) -> Stack:
    """The same, on which the demo's two rounds have been played."""
    with environment_of(real_stack.home):
        real_stack.play(rounds=2)
    return real_stack
