"""One stack with two rounds behind it, shared by all tests that look at what came of them."""

import pytest

from tests.end_to_end.stack import Stack


@pytest.fixture
def played(played_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The played stack, with the environment of the test pointing at its home."""
    for name in ("TRAINPLAT_HOME", "DAGSTER_HOME"):
        monkeypatch.setenv(name, played_stack.environment[name])
    return played_stack
