"""One supervised stack for the whole session: a second one would take minutes to start."""

from collections.abc import Iterator

import pytest

from resources.home import Home
from tests.end_to_end.stack import Stack, environment_of, stack_on
from tests.needs import needs


@pytest.fixture(scope="session")
def real_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack of an empty home, started."""
    needs("label studio")
    with stack_on(Home(tmp_path_factory.mktemp("stack") / "home")) as stack:
        yield stack


@pytest.fixture(scope="session")
def played_stack(real_stack: Stack) -> Stack:
    """The same, on which the demo's two rounds have been played."""
    with environment_of(real_stack.home):
        real_stack.play(rounds=2)
    return real_stack
