"""One event loop and one nursery for all tests of a module: torch is loaded once."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from resources.serving.server.nurse import Nurse

_Result = TypeVar("_Result")
Run = Callable[[Coroutine[Any, Any, _Result]], _Result]


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.fixture(scope="module")
def nurse(runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nurse]:
    made = Nurse(tmp_path_factory.mktemp("nursery") / "log")
    yield made
    made.close()


@pytest.fixture
def place(tmp_path: Path) -> Callable[[bytes], Path]:
    """Puts weights where a replica finds them."""

    def put(content: bytes) -> Path:
        path = tmp_path / "weights.pt"
        path.write_bytes(content)
        return path

    return put


async def until(holds: Callable[[], bool], tick: Callable[[], Awaitable[None]] | None = None) -> None:
    """Wait until something holds; the test's own limit ends what never does."""
    while not holds():
        if tick is not None:
            await tick()
        await asyncio.sleep(0.02)
