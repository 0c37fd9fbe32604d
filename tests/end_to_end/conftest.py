"""One stack with two rounds behind it, shared by all tests that look at what came of them."""

from collections.abc import Iterator

import pytest

from resources.home import Home
from tests.end_to_end.stack import Stack, environment_of, stack_on
from tests.needs import needs


@pytest.fixture(scope="session")
def played_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack on which the demo's two rounds have been played."""
    needs("label studio")
    home = Home(tmp_path_factory.mktemp("played") / "home")
    with stack_on(home) as stack:
        with environment_of(home):
            stack.play(rounds=2)
        yield stack


@pytest.fixture
def played(played_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The same, with the environment of the test pointing at its home."""
    for name in ("TRAINPLAT_HOME", "DAGSTER_HOME"):
        monkeypatch.setenv(name, played_stack.environment[name])
    return played_stack
