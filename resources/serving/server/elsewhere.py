"""Answers that somebody else may be long in giving, such as MLflow: they take threads of their own.

What is known here is looked up in other ones: nobody who asks for it waits behind those who do not.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

MOST_AT_ONCE = 16
_Found = TypeVar("_Found")


class Elsewhere:
    """Threads in which others are asked."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, "elsewhere")

    async def found(self, here: Callable[[], _Found | None], elsewhere: Callable[[], _Found]) -> _Found:
        """What ``here`` finds; where that is None, what ``elsewhere`` finds. Both may block."""
        found = await asyncio.to_thread(here)
        if found is not None:
            return found
        return await asyncio.get_running_loop().run_in_executor(self._threads, elsewhere)

    def close(self) -> None:
        """Ask nobody more; who is being asked is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
