"""The processes that a run has a training done by: what they write, and how they are stopped with it."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from resources.learning.distributed.logs import LogLine

CANCEL_GRACE_S = 12.0
"""How long a cancelled training has for its last checkpoint: the platform kills it after 20 s."""


def pass_on(line: LogLine) -> None:
    """What a process of the training writes goes to the step's own output, which Dagster keeps."""
    stream = sys.stderr if line.stream == "stderr" else sys.stdout
    stream.write(f"[{line.process}] {line.text}\n")
    stream.flush()


@contextmanager
def cancelling() -> Iterator[Callable[[], bool]]:
    """Whether the run was cancelled since: it is not broken off at once, but writes a checkpoint."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: asked.set())
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGTERM, before)
