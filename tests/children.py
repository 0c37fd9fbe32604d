"""Children that a test forks."""

import faulthandler
import os
import posix
from typing import NoReturn

HUNG_AFTER_S = 200
"""A child that takes longer waits for a lock that another thread held when it was made."""
STDERR = 2
"""Also where a test has put something without a file in its place."""


def fork(hung_after_s: float = HUNG_AFTER_S) -> int:
    """``os.fork`` of a child that cannot hang for ever: it tells where it waits and ends with 1.

    Whoever waits for it sees so by its status, long before a test is ended for its time.
    """
    child = os.fork()
    if child == 0:
        faulthandler.dump_traceback_later(hung_after_s, exit=True, file=STDERR)
    return child


def leave(status: int) -> NoReturn:
    """End a forked child at once.

    ``os._exit`` is coverage's while lines are counted: it would first write down all that the parent has
    counted so far, which takes seconds and changes files.
    """
    posix._exit(status)
