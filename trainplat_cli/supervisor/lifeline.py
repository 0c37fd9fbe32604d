"""Ending together with another process, however that one ends."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """Get SIGTERM when ``parent``, our parent process, dies; at once when it is dead already.

    Linux only: elsewhere a stack outlives a killed parent, and is found by ``trainplat status`` and ``down``.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
