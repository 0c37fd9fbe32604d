"""How a run's process is asked to make room for others: a signal, after which it may write a checkpoint.

The launcher's worker prepares for it. A step that can stop listens while it trains, and leaves once its
checkpoint is whole; one that does not listen goes on until it is killed, and goes on from an older one.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import NoReturn

SIGNAL = signal.SIGUSR1
MADE_ROOM = 75
"""What a process that left ends with: EX_TEMPFAIL of sysexits.h."""


def prepare() -> None:
    """Ignore the signal until somebody listens, instead of dying of it."""
    signal.signal(SIGNAL, signal.SIG_IGN)


def is_own_process() -> bool:
    """Whether this process is a run's own, which the platform starts again where it dies."""
    return signal.getsignal(SIGNAL) is not signal.SIG_DFL


@contextmanager
def listening() -> Iterator[Callable[[], bool]]:
    """Whether this process was asked since; never in one that is no run's own, or on another thread.

    Only the main thread of Python is given signals.
    """
    prepared = signal.getsignal(SIGNAL) is signal.SIG_IGN
    if not prepared or threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked = Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        asked.set()

    signal.signal(SIGNAL, ask)
    try:
        yield asked.is_set
    finally:
        signal.signal(SIGNAL, signal.SIG_IGN)


def leave() -> NoReturn:
    """End now, without a word on the run: it is put back in the queue, and goes on from its checkpoint."""
    os._exit(MADE_ROOM)
