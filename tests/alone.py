"""A test in a process of its own, with one thread: where children are forked again and again.

A test worker has threads of other tests (of fsspec, of servers), and a child that is forked beside a thread
may wait for a lock that nobody in it holds any more.
"""

import importlib
import multiprocessing
from collections.abc import Callable
from functools import wraps
from typing import Any


def alone(test: Callable[..., None]) -> Callable[..., None]:
    """Decorate a test whose fixtures can be pickled: its body runs in a fresh interpreter."""

    @wraps(test)
    def in_a_process(**fixtures: Any) -> None:
        process = multiprocessing.get_context("spawn").Process(
            target=_run, args=(test.__module__, test.__qualname__, fixtures)
        )
        process.start()
        try:
            process.join()
        finally:
            process.kill()
        # What it said on its way down stands in the captured stderr.
        assert process.exitcode == 0, f"{test.__qualname__} ended with {process.exitcode}"

    return in_a_process


def _run(module: str, name: str, fixtures: dict[str, Any]) -> None:
    getattr(importlib.import_module(module), name).__wrapped__(**fixtures)
